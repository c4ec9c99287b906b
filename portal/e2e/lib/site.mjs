// Stands before a server: passes calls on, can cut event streams, and serves the built
// portal where the server does not carry it.
import { readFile } from "node:fs/promises";
import http from "node:http";
import path from "node:path";

const dist = new URL("../../dist/", import.meta.url).pathname;

const POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".json": "application/json",
};

/**
 * Starts a site in front of a server, and gives its address. `upstream()` is asked at
 * each call, so that the site may stand before the server does.
 */
export async function startSite(upstream, { carriesPortal = () => false, port = 0 } = {}) {
  const streams = new Set();
  const server = http.createServer(async (request, response) => {
    if (carriesPortal() || /^\/(api|docs|checkout)\//.test(request.url)) {
      pass(request, response);
    } else {
      await file(request, response);
    }
  });

  function pass(request, response) {
    const target = new URL(upstream());
    // The browser's own Host and Origin stay: the server checks them against each other.
    const options = {
      host: target.hostname,
      port: target.port,
      method: request.method,
      path: request.url,
      headers: request.headers,
    };
    const onward = http.request(options, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
      if (answer.headers["content-type"]?.startsWith("text/event-stream")) {
        streams.add(response.socket);
        response.on("close", () => streams.delete(response.socket));
      }
    });
    onward.on("error", () => response.destroy());
    response.on("close", () => onward.destroy());
    request.pipe(onward);
  }

  async function file(request, response) {
    const { pathname } = new URL(request.url, "http://site");
    const wanted = path.normalize(path.join(dist, pathname));
    const inside = wanted.startsWith(dist);
    const name = inside && path.extname(wanted) !== "" ? wanted : path.join(dist, "index.html");
    let bytes;
    try {
      bytes = await readFile(name);
    } catch {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      "content-type": TYPES[path.extname(name)] ?? "application/octet-stream",
      "content-security-policy": POLICY,
      "cache-control": pathname.startsWith("/assets/")
        ? "public, max-age=31536000, immutable"
        : "no-cache",
    });
    response.end(bytes);
  }

  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    /** Cuts every event stream, as a bad network would. */
    cutStreams() {
      const cut = streams.size;
      for (const socket of streams) {
        socket.destroy();
      }
      return cut;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
