// A carrier that speaks SMPP only as far as a test lets it: octets over a socket.

import { createServer } from 'node:net';

const BIND_TRANSCEIVER = 0x00000009;
const SUBMIT_SM = 0x00000004;
const ENQUIRE_LINK = 0x00000015;
const RESPONSE = 0x80000000;

export function pdu(command, sequence, body = Buffer.alloc(0), status = 0) {
  const header = Buffer.alloc(16);
  header.writeUInt32BE(16 + body.length, 0);
  header.writeUInt32BE(command >>> 0, 4);
  header.writeUInt32BE(status, 8);
  header.writeUInt32BE(sequence, 12);
  return Buffer.concat([header, body]);
}

/** The PDUs that lie whole in `bytes`, and the rest. */
function* split(bytes) {
  let at = 0;
  while (bytes.length - at >= 16) {
    const length = bytes.readUInt32BE(at);
    if (bytes.length - at < length) break;
    yield { command: bytes.readUInt32BE(at + 4), sequence: bytes.readUInt32BE(at + 12), end: at + length };
    at += length;
  }
}

export class RawSmsc {
  connections = 0;
  submits = 0;

  #server;
  #sockets = new Set();

  /** `onBound(socket, n)` is called when the n-th connection has bound, from 1; `bind` false answers no bind. */
  static async start(onBound = () => {}, { bind = true, answer = true } = {}) {
    const smsc = new RawSmsc();
    smsc.#server = createServer((socket) => smsc.#serve(socket, onBound, { bind, answer }));
    await new Promise((done) => smsc.#server.listen(0, '127.0.0.1', done));
    smsc.port = smsc.#server.address().port;
    return smsc;
  }

  #serve(socket, onBound, { bind, answer }) {
    this.connections += 1;
    const number = this.connections;
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
    let rest = Buffer.alloc(0);
    socket.on('data', (bytes) => {
      rest = Buffer.concat([rest, bytes]);
      let end = 0;
      for (const asked of split(rest)) {
        end = asked.end;
        if (asked.command === BIND_TRANSCEIVER && bind) {
          socket.write(pdu((RESPONSE | BIND_TRANSCEIVER) >>> 0, asked.sequence, Buffer.from('raw\0')));
          onBound(socket, number);
        } else if (asked.command === SUBMIT_SM) {
          this.submits += 1;
          if (answer) socket.write(pdu((RESPONSE | SUBMIT_SM) >>> 0, asked.sequence, Buffer.from(`raw${this.submits}\0`)));
        } else if (asked.command === ENQUIRE_LINK && answer) {
          socket.write(pdu((RESPONSE | ENQUIRE_LINK) >>> 0, asked.sequence));
        }
      }
      rest = rest.subarray(end);
    });
  }

  async close() {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((done) => this.#server.close(done));
  }
}
