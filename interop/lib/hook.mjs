// A customer's endpoint. The path of its URL says how it behaves.

import { createServer } from 'node:http';

import { until } from './until.mjs';

const CHUNK = Buffer.alloc(64 * 1024, 'x');

/** What an endpoint does under each path. */
const WAYS = {
  good: (response) => response.writeHead(204).end(),
  hang: () => {},
  drip: (response) => {
    const { socket } = response;
    socket.write('HTTP/1.1 200 OK\r\nx-slow: ');
    const drop = setInterval(() => socket.write('x'), 1000);
    socket.once('close', () => clearInterval(drop));
  },
  huge: (response) => {
    response.writeHead(500);
    const more = () => {
      while (response.write(CHUNK));
    };
    response.on('drain', more);
    more();
  },
  redirect: (response) => response.writeHead(302, { location: '/good' }).end(),
  broken: (response) => response.writeHead(500).end('broken'),
  close: (response) => response.socket.destroy(),
};

export class Hook {
  #server;
  requests = [];

  static async start() {
    const hook = new Hook();
    hook.#server = createServer((request, response) => {
      const way = request.url.split('/')[1];
      let body = '';
      request.setEncoding('utf8').on('data', (text) => {
        body += text;
      });
      request.on('end', () => {
        const { url, headers } = request;
        hook.requests.push({ path: url, headers, body, at: Date.now() });
        WAYS[way](response);
      });
      response.on('error', () => {});
    });
    // A server that was killed leaves its connections in the midst of anything.
    hook.#server.on('clientError', (_, socket) => socket.destroy());
    // One that a failed test leaves open holds up nobody.
    hook.#server.unref();
    await new Promise((done) => hook.#server.listen(0, '127.0.0.1', done));
    return hook;
  }

  url(path) {
    return `http://127.0.0.1:${this.#server.address().port}/${path}`;
  }

  /** The requests to a path, oldest first. */
  to(path) {
    return this.requests.filter((request) => request.path === `/${path}`);
  }

  /** Waits until there are so many requests to a path, and answers them. */
  async until(path, count, options) {
    await until(`${count} requests to ${path}`, () => this.to(path).length >= count, options);
    return this.to(path);
  }

  async close() {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
}
