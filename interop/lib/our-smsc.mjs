// Our server session: the `smsc` example of the smpp crate, for peers that are clients.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

import { until } from './until.mjs';

const DIDFARM = process.env.DIDFARM_BIN ?? new URL('../../target/debug/didfarm', import.meta.url).pathname;
const BINARY = resolve(process.env.SMSC_BIN ?? join(dirname(DIDFARM), 'examples', 'smsc'));

/** Tags of optional parameters. SMPP 3.4, section 5.3.2. */
export const TLV = { reference: 0x020c, total: 0x020e, number: 0x020f, payload: 0x0424 };

export class OurSmsc {
  /** Everything that it said, as in `examples/smsc/json.rs`. */
  events = [];
  systemId = 'peer';
  password = 'secret';
  #tokens = 0;

  /** `enquireLinkMs`: how long a client may be quiet. */
  static async start({ enquireLinkMs = 30_000 } = {}) {
    assert.ok(existsSync(BINARY), `${BINARY} does not exist: cargo build -p smpp --example smsc`);
    const smsc = new OurSmsc();
    smsc.child = spawn(BINARY, [smsc.systemId, smsc.password, String(enquireLinkMs)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    smsc.ended = new Promise((done) => {
      smsc.child.once('close', done);
    });
    createInterface(smsc.child.stdout).on('line', (line) => smsc.events.push(JSON.parse(line)));
    smsc.port = (await smsc.untilEvent('listening')).port;
    return smsc;
  }

  of(kind) {
    return this.events.filter((one) => one.event === kind);
  }

  /** Waits for the n-th event of a kind. */
  async untilEvent(kind, n = 1) {
    await until(`${n} × ${kind}; it said ${JSON.stringify(this.events.slice(-3))}`,
      () => this.of(kind).length >= n);
    return this.of(kind)[n - 1];
  }

  tell(command, fields = {}) {
    this.child.stdin.write(`${JSON.stringify({ command, ...fields })}\n`);
  }

  /** Sends something, and waits until the client has answered it with that status. */
  async ask(command, fields, { status = 0 } = {}) {
    this.#tokens += 1;
    const token = this.#tokens;
    this.tell(command, { token, ...fields });
    const answer = await until(`an answer to ${command}`, () => {
      const errors = this.of('error');
      assert.equal(errors.length, 0, JSON.stringify(errors));
      return this.of('answer').find((one) => one.token === token);
    });
    assert.equal(answer.status, status);
    return answer;
  }

  receipt(id, stat = 'DELIVRD', err = '000') {
    return this.ask('receipt', { id, stat, err });
  }

  async stop() {
    this.child.stdin.end();
    await this.ended;
  }
}

/** A message for `deliver_sm` and `data_sm`; `octets` go in `payload`, or else in `short_message`. */
export function message({ from, to, octets, dataCoding = 0, header, sar, payload = false }) {
  const tlv = (tag, value) => ({ tag, value: Buffer.from(value).toString('hex') });
  const content = Buffer.concat([Buffer.from(header ?? []), octets]);
  const tlvs = [];
  if (sar) {
    const [reference, total, number] = sar;
    tlvs.push(tlv(TLV.reference, [reference >> 8, reference & 0xff]));
    tlvs.push(tlv(TLV.total, [total]), tlv(TLV.number, [number]));
  }
  if (payload) tlvs.push(tlv(TLV.payload, content));
  return {
    source: { address: from },
    destination: { address: to },
    esm_class: header ? 0x40 : 0,
    data_coding: dataCoding,
    short_message: payload ? '' : content.toString('hex'),
    tlvs,
  };
}

/** The ways in which a part says where it belongs: its header and TLVs for part `number` of two. */
export const CONCATENATIONS = {
  'UDH 8-bit': (number) => ({ header: [5, 0, 3, 0x4d, 2, number] }),
  'UDH 16-bit': (number) => ({ header: [6, 8, 4, 0x12, 0x34, 2, number] }),
  'SAR': (number) => ({ sar: [0x1234, 2, number] }),
};

/** One text in every encoding: its octets as they must be on the wire. */
export const ENCODINGS = {
  'GSM-7': { dataCoding: 0, text: 'Gr\u00fc\u00dfe @ \u20ac{}', octets: Buffer.from('47727e1e65200020' + '1b65' + '1b28' + '1b29', 'hex') },
  'Latin-1': { dataCoding: 3, text: 'Gr\u00fc\u00dfe @ \u00e7', octets: Buffer.from('Gr\u00fc\u00dfe @ \u00e7', 'latin1') },
  'UCS-2': { dataCoding: 8, text: 'Привет 🙂', octets: Buffer.from('Привет 🙂', 'utf16le').swap16() },
  // Eight septets in seven octets. No peer packs or reads it: what they are given must arrive as it is.
  'GSM-7 packed': { dataCoding: 0xf0, octets: Buffer.from('e8329bfd4697d9ec37', 'hex'), unread: true },
  'binary': { dataCoding: 4, octets: Buffer.from([0, 1, 0x1b, 0x7f, 0x80, 0xff, 0]) },
};
