// A TCP proxy before PostgreSQL that cuts a connection when a COMMIT goes by.

import { connect, createServer } from 'node:net';

/** A simple query of the protocol, section "Message Formats": Q, length, text, NUL. */
const COMMIT = Buffer.from('Q\0\0\0\x0bCOMMIT\0', 'latin1');

export class CommitCutter {
  /** Connections cut so far, by whether the COMMIT still reached the server. */
  cuts = { before: 0, after: 0 };

  #server;
  #sockets = new Set();
  #due = () => undefined;

  static async start(port) {
    const proxy = new CommitCutter();
    proxy.#server = createServer((client) => proxy.#join(client, port));
    await new Promise((done) => proxy.#server.listen(0, '127.0.0.1', done));
    proxy.port = proxy.#server.address().port;
    return proxy;
  }

  /**
   * Asks `due()` at every COMMIT: `after` lets it through and keeps the answer,
   * `before` cuts without passing it on, anything else leaves the connection be.
   */
  cutWhen(due) {
    this.#due = due;
  }

  #join(client, port) {
    const server = connect(port, '127.0.0.1');
    let keeping = false;
    const cut = () => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      this.#sockets.add(socket);
      socket.on('error', cut);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        cut();
      });
    }
    client.on('data', (bytes) => {
      const how = bytes.includes(COMMIT) ? this.#due() : undefined;
      if (how === 'before') {
        this.cuts.before += 1;
        cut();
        return;
      }
      if (how === 'after') {
        this.cuts.after += 1;
        keeping = true;
      }
      server.write(bytes);
    });
    server.on('data', (bytes) => {
      // It answers when the commit is stored: the client is never to know.
      if (keeping) cut();
      else client.write(bytes);
    });
  }

  async close() {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((done) => this.#server.close(done));
  }
}
