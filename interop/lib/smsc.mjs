// A carrier's SMSC: npm `smpp`'s server, with a memory and answers that a test sets.

import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

import smpp from 'smpp';

import { until } from './until.mjs';

/** `data_coding` of the two alphabets that the tests use. */
export const GSM7 = 0;
export const UCS2 = 8;

export const THROTTLED = 0x58;
export const INVALID_DESTINATION = 0x0b;

/** `message_state` of SMPP 3.4, section 5.2.28. */
const STATES = {
  ENROUTE: 1,
  DELIVRD: 2,
  EXPIRED: 3,
  DELETED: 4,
  UNDELIV: 5,
  ACCEPTD: 6,
  UNKNOWN: 7,
  REJECTD: 8,
};

/** How one submit is answered. */
const ACCEPT = { status: 0 };

export class Smsc {
  /** Every submit_sm, in the order of arrival. */
  submits = [];
  /** Every bind that was asked for: `{mode, systemId, password, status}`. */
  binds = [];
  /** Answers submits for which `answerNext` left nothing: `decide(submit)`, as there. */
  decide = () => ACCEPT;

  #server;
  #sessions = new Map();
  #answers = [];
  #ids = 1000;

  /** `makeId(n)` makes the n-th message id; decimal numbers if not given. */
  static async start({ systemId = 'didfarm', password = 'secret', makeId = String } = {}) {
    const smsc = new Smsc();
    Object.assign(smsc, { systemId, password, makeId, port: 0 });
    await smsc.open();
    return smsc;
  }

  /** Listens, on the port of the last time if there was one. */
  async open() {
    this.#server = smpp.createServer((session) => this.#serve(session));
    await new Promise((done, failed) => {
      this.#server.once('error', failed);
      this.#server.listen(this.port, '127.0.0.1', done);
    });
    this.port = this.#server.address().port;
  }

  /** Goes away: no listener, every connection cut without an unbind. */
  async close() {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    const closed = new Promise((done) => server.close(done));
    for (const session of [...server.sessions]) session.destroy();
    this.#sessions.clear();
    await closed;
  }

  /** Cuts every connection, and keeps listening. */
  cut() {
    for (const session of [...this.#server.sessions]) session.destroy();
  }

  /** How the next submits are answered, one by one; later ones are accepted.
   *
   * `status` (0 accepts), `messageId`, `before(submit)` (awaited before the
   * answer), `delayMs`, `drop` (cuts the connection instead of answering),
   * `lost` (takes the message, and cuts the connection instead of saying so).
   */
  answerNext(...answers) {
    this.#answers.push(...answers);
  }

  bound() {
    return [...this.#sessions.keys()].filter((session) => session.socket.writable);
  }

  untilBound(count = 1) {
    return until(`${count} bound`, () => this.bound().length >= count);
  }

  /** Waits until so many submits have come, and answers all. */
  async untilSubmits(count, options) {
    await until(`${count} submits, of which ${this.submits.length} came`,
      () => this.submits.length >= count, options);
    return this.submits;
  }

  #serve(session) {
    // A cut connection is what a test wanted.
    session.on('error', () => {});
    session.on('close', () => this.#sessions.delete(session));
    for (const mode of ['transceiver', 'transmitter', 'receiver']) {
      session.on(`bind_${mode}`, (pdu) => this.#bind(session, mode, pdu));
    }
    session.on('enquire_link', (pdu) => session.send(pdu.response()));
    session.on('unbind', (pdu) => session.send(pdu.response(), () => session.close()));
    session.on('submit_sm', (pdu) => this.#submit(session, pdu));
  }

  #bind(session, mode, pdu) {
    const known = pdu.system_id === this.systemId && pdu.password === this.password;
    const status = known ? 0 : smpp.ESME_RINVPASWD;
    this.binds.push({ mode, systemId: pdu.system_id, password: pdu.password, status });
    session.send(pdu.response({ command_status: status, system_id: 'npm-smpp' }));
    if (known) this.#sessions.set(session, mode);
    else session.close();
  }

  async #submit(session, pdu) {
    const submit = {
      pdu,
      at: Date.now(),
      from: pdu.source_addr,
      to: pdu.destination_addr,
      text: textOf(pdu),
      dataCoding: pdu.data_coding,
      payload: pdu.message_payload !== undefined,
      concat: concatOf(pdu),
      status: undefined,
      messageId: undefined,
    };
    const answer = this.#answers.shift() ?? this.decide(submit);
    const accepted = !answer.drop && !answer.status;
    if (accepted) {
      this.#ids += 1;
      submit.messageId = answer.messageId ?? this.makeId(this.#ids);
    }
    this.submits.push(submit);
    if (answer.before) await answer.before(submit);
    if (answer.delayMs) await pause(answer.delayMs);
    submit.status = answer.status ?? 0;
    if (answer.drop || answer.lost) {
      session.destroy();
    } else {
      const fields = { command_status: submit.status };
      if (accepted) fields.message_id = submit.messageId;
      session.send(pdu.response(fields));
    }
  }

  /** Sends a deliver_sm and waits until it is acknowledged. */
  async deliver(fields, { session } = {}) {
    const over = session ?? this.bound().find((one) => this.#sessions.get(one) !== 'transmitter');
    assert.ok(over, 'a session is bound that can receive');
    let late;
    let closed;
    const response = await new Promise((done, failed) => {
      late = setTimeout(() => failed(new Error('no deliver_sm_resp in 120 s')), 120_000);
      closed = () => failed(new Error('the connection closed before deliver_sm_resp'));
      over.once('close', closed);
      over.deliver_sm(fields, done);
    }).finally(() => {
      clearTimeout(late);
      over.off('close', closed);
    });
    assert.equal(response.command, 'deliver_sm_resp');
    return response;
  }

  /** A delivery receipt for a submit; it must be acknowledged with status 0.
   *
   * `form` is `both`, `text` (no TLVs) or `tlv` (no text). `id` replaces the
   * id that the answer gave. `reference` gives the submit's own mark back.
   */
  async receipt(submit, options = {}) {
    const response = await this.deliver(this.receiptFields(submit, options));
    assert.equal(response.command_status, 0, 'a receipt is acknowledged');
    return response;
  }

  /** The deliver_sm of such a receipt. */
  receiptFields(
    submit,
    { stat = 'DELIVRD', id = submit.messageId, form = 'both', err = '000', reference = false } = {},
  ) {
    const text =
      `id:${id} sub:001 dlvrd:${stat === 'DELIVRD' ? '001' : '000'} submit date:2604031015 ` +
      `done date:2604031016 stat:${stat} err:${err} text:${submit.text.slice(0, 20)}`;
    const fields = {
      esm_class: 0x04,
      source_addr_ton: 1,
      source_addr_npi: 1,
      source_addr: submit.to,
      dest_addr_ton: submit.pdu.source_addr_ton,
      dest_addr_npi: submit.pdu.source_addr_npi,
      destination_addr: submit.from,
      data_coding: GSM7,
      short_message: form === 'tlv' ? Buffer.alloc(0) : Buffer.from(text, 'latin1'),
    };
    if (form !== 'text') {
      fields.receipted_message_id = String(id);
      fields.message_state = STATES[stat];
    }
    if (reference) fields.user_message_reference = submit.pdu.user_message_reference;
    return fields;
  }

  /** An inbound text; it must be acknowledged with status 0.
   *
   * `part` is `{reference, total, number, by}`, `by` being `udh`, `udh16` or
   * `sar`. `payload` puts the text into `message_payload`.
   */
  async inbound(text) {
    const response = await this.deliver(this.inboundFields(text));
    assert.equal(response.command_status, 0, 'an inbound text is acknowledged');
    return response;
  }

  /** The deliver_sm of such a text. */
  inboundFields({ from, to, text, dataCoding = GSM7, part, payload = false }) {
    const fields = {
      source_addr_ton: 1,
      source_addr_npi: 1,
      source_addr: from.replace('+', ''),
      dest_addr_ton: 1,
      dest_addr_npi: 1,
      destination_addr: to.replace('+', ''),
      data_coding: dataCoding,
    };
    const udh = part && headerOf(part);
    if (payload) {
      fields.short_message = Buffer.alloc(0);
      fields.message_payload = text;
    } else {
      fields.short_message = udh ? { udh, message: text } : text;
    }
    if (part?.by === 'sar') {
      fields.sar_msg_ref_num = part.reference;
      fields.sar_total_segments = part.total;
      fields.sar_segment_seqnum = part.number;
    }
    return fields;
  }
}

function textOf(pdu) {
  const content = pdu.message_payload ?? pdu.short_message;
  return typeof content.message === 'string' ? content.message : content.message.toString('latin1');
}

/** Where a part belongs, by header or by TLVs; undefined for a text in one part. */
function concatOf(pdu) {
  if (pdu.sar_total_segments !== undefined) {
    return {
      by: 'sar',
      reference: pdu.sar_msg_ref_num,
      total: pdu.sar_total_segments,
      number: pdu.sar_segment_seqnum,
    };
  }
  for (const element of pdu.short_message?.udh ?? []) {
    // 3GPP TS 23.040, sections 9.2.3.24.1 and 9.2.3.24.8.
    if (element[0] === 0x00) {
      return { by: 'udh', reference: element[2], total: element[3], number: element[4] };
    }
    if (element[0] === 0x08) {
      const reference = element.readUInt16BE(2);
      return { by: 'udh16', reference, total: element[4], number: element[5] };
    }
  }
  return undefined;
}

function headerOf({ by, reference, total, number }) {
  if (by === 'udh') return Buffer.from([5, 0x00, 3, reference, total, number]);
  if (by === 'udh16') {
    return Buffer.from([6, 0x08, 4, reference >> 8, reference & 0xff, total, number]);
  }
  return undefined;
}

/** The text that a handset would show for these submits of one message. */
export function assemble(submits) {
  if (submits.length === 1 && !submits[0].concat) return submits[0].text;
  const [first] = submits;
  const parts = new Map();
  for (const { concat, from, to } of submits) {
    assert.ok(concat, 'every part says where it belongs');
    assert.deepEqual(
      [concat.by, concat.reference, concat.total, from, to],
      [first.concat.by, first.concat.reference, submits.length, first.from, first.to],
    );
  }
  for (const { concat, text } of submits) parts.set(concat.number, text);
  return submits.map((_, index) => {
    assert.ok(parts.has(index + 1), `part ${index + 1} is there`);
    return parts.get(index + 1);
  }).join('');
}
