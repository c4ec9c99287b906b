// Traffic in every direction that survives the server's death, and a record of
// what each side was told.

import assert from 'node:assert/strict';

import { until } from '../../interop/lib/until.mjs';

const BATCH = 5;

/** Receipts and inbound texts that wait for their answer at once. */
const DELIVERIES = 6;

/**
 * One customer's requests, and what the carrier says.
 *
 * Every message has a destination of its own, which names it in the customer's
 * record, in the store and in the SMSC's log.
 */
export class Load {
  /** By destination: what was asked and what was answered. */
  asked = new Map();
  /** Answers of any kind, submits, receipts and texts so far. */
  progress = 0;
  /** Inbound texts by body: how often acknowledged. */
  inbound = new Map();
  /** Answers other than 2xx, by status. */
  refused = new Map();
  /** What must never happen, as sentences. */
  broken = [];

  #running = true;
  #delivering = true;
  #tasks = [];
  #carrierTask;
  #aborted = false;
  #settled = new Map();
  #held = new Set();
  #receipted = 0;

  constructor({ server, customer, number, smsc, prefix, mayRefuse = [], seed = 1 }) {
    Object.assign(this, { server, customer, number, smsc, prefix, mayRefuse });
    this.random = generator(seed);
  }

  /** Starts the senders, and the carrier's side. */
  start({ keyed = 4, plain = 3, batches = 2, inbound = true, receipts = true, watch = true } = {}) {
    const go = (count, body) => {
      for (let n = 0; n < count; n += 1) this.#tasks.push(this.#repeat(body));
    };
    go(keyed, () => this.#sendOne(true));
    go(plain, () => this.#sendOne(false));
    go(batches, () => this.#sendBatch(this.random() < 0.5));
    if (receipts) this.#carrierTask = this.#receipts();
    if (inbound) go(2, () => this.#text());
    if (watch) go(1, () => this.#watch());
  }

  async #repeat(body) {
    while (this.#running) await body();
  }

  /** No new requests; those that are under way, and may be repeated, end in an answer. */
  async stop() {
    this.#running = false;
    await Promise.all(this.#tasks);
  }

  /** Gives everything up: the test is over. */
  abort() {
    this.#running = false;
    this.#delivering = false;
    this.#aborted = true;
    for (const task of [...this.#tasks, this.#carrierTask]) task?.catch(() => {});
  }

  /** No more receipts either, once those for the submits so far are acknowledged. */
  async finish() {
    this.#delivering = false;
    await this.#carrierTask;
  }

  /** Waits until so much more has happened. */
  async more(count, options) {
    const goal = this.progress + count;
    await until(`${count} more answers, submits or texts`, () => this.progress >= goal, options);
  }

  #message({ kind, key }) {
    const n = this.asked.size;
    const to = `${this.prefix}${String(n).padStart(5, '0')}`;
    const long = n % 11 === 3;
    const asked = {
      to,
      body: long ? `Message ${n} ${'and on '.repeat(25)}` : `Message ${n}`,
      segments: long ? 2 : 1,
      delivery: n % 5 === 4 ? 'at_most_once' : 'at_least_once',
      kind,
      key,
      answered: false,
      ids: new Set(),
    };
    this.asked.set(to, asked);
    return asked;
  }

  /** Counts in a message that the test itself asks for, once and without a key. */
  note(body) {
    const asked = this.#message({ kind: 'test' });
    return Object.assign(asked, { body, segments: 1, delivery: 'at_least_once' });
  }

  #wire({ to, body, delivery }) {
    return { from_number_id: this.number.id, to, body, delivery };
  }

  async #sendOne(keyed) {
    const key = keyed ? `send-${this.asked.size}` : undefined;
    const asked = this.#message({ kind: 'send', key });
    await this.#ask('portal/sms/send', this.#wire(asked), key, [asked], ({ message }) => [message]);
  }

  async #sendBatch(keyed) {
    const key = keyed ? `batch-${this.asked.size}` : undefined;
    const all = Array.from({ length: BATCH }, () => this.#message({ kind: 'batch', key }));
    const body = { messages: all.map((asked) => this.#wire(asked)) };
    await this.#ask('portal/sms/batch', body, key, all, ({ results }) => results.map(({ message }) => message));
  }

  /** Asks once without a key, and with one until there is a 2xx. */
  async #ask(path, body, key, all, messages) {
    const headers = { authorization: `Bearer ${this.customer.key}`, 'content-type': 'application/json' };
    if (key) headers['idempotency-key'] = key;
    for (;;) {
      let response;
      let text;
      try {
        response = await fetch(new URL(`/api/v1/${path}`, this.server.baseUrl), {
          method: 'POST',
          headers,
          body: JSON.stringify(body),
          signal: AbortSignal.timeout(30_000),
        });
        // From here on the customer was told, whatever becomes of the body.
        if (response.status === 201) for (const asked of all) asked.answered = true;
        text = await response.text();
      } catch {
        text = undefined;
      }
      if (response?.status === 201 && text !== undefined) {
        this.progress += 1;
        messages(JSON.parse(text)).forEach((message, index) => {
          if (message) all[index].ids.add(message.id);
          else this.broken.push(`part of a batch was refused: ${text}`);
        });
        return;
      }
      if (response && response.status !== 201) this.#refusal(path, response, text ?? '');
      if (!key) {
        await this.#back();
        return;
      }
      await this.#back();
    }
  }

  #refusal(path, response, text) {
    const { status } = response;
    this.refused.set(status, (this.refused.get(status) ?? 0) + 1);
    if (!this.mayRefuse.includes(status)) this.broken.push(`${path} answered ${status}: ${text}`);
    if (status === 503 && !(Number(response.headers.get('retry-after')) >= 1)) {
      this.broken.push(`${path} answered 503 without Retry-After`);
    }
  }

  /** `until`, ended by `abort`. */
  async #until(what, condition, seconds) {
    await until(what, () => this.#aborted || condition(), { seconds });
    if (this.#aborted) throw new Error('the traffic was given up');
  }

  /** Waits until a server is there again. */
  async #back() {
    await this.#until('the server is back', async () => {
      if (!this.server.running) return false;
      const answer = await fetch(new URL('/readyz', this.server.baseUrl), { signal: AbortSignal.timeout(5_000) });
      await answer.text();
      return answer.status === 200;
    }, 120);
  }

  /** A receipt for each submit that the carrier took, again until it is acknowledged. */
  async #receipts() {
    const deliver = async () => {
      while (this.#delivering || this.#receipted < this.smsc.submits.length) {
        const submit = this.smsc.submits[this.#receipted];
        if (!submit) {
          await this.#until('a submit', () => !this.#delivering || this.smsc.submits.length > this.#receipted, 900);
          continue;
        }
        this.#receipted += 1;
        this.progress += 1;
        if (submit.messageId === undefined) continue;
        const reference = this.#receipted % 4 !== 0;
        await this.#deliver(this.smsc.receiptFields(submit, { reference }));
        submit.receipted = true;
      }
    };
    await Promise.all(Array.from({ length: DELIVERIES }, deliver));
  }

  /** Delivers the same again until it is acknowledged with 0. */
  async #deliver(fields) {
    for (;;) {
      try {
        const response = await this.smsc.deliver(fields);
        this.progress += 1;
        if (response.command_status === 0) return;
        this.refusedDeliveries = (this.refusedDeliveries ?? 0) + 1;
      } catch {
        // The connection went away: the next one takes it.
      }
      await this.#until('a session to deliver to', () => this.smsc.bound().length > 0, 120);
    }
  }

  async #text() {
    const body = `In ${this.inbound.size}`;
    this.inbound.set(body, false);
    await this.#deliver(this.smsc.inboundFields({ from: '+441632960999', to: this.number.number, text: body }));
    this.inbound.set(body, true);
    // One at a time beside what goes out, not a flood.
    const goal = this.progress + 10;
    await this.#until('some progress', () => !this.#running || this.progress >= goal, 120);
  }

  /** Notes messages that the customer saw as sent: from then on no copy may leave. */
  async #watch() {
    const goal = this.progress + 50;
    await this.#until('some progress', () => !this.#running || this.progress >= goal, 120);
    try {
      const seen = await this.customer.messages('direction=outbound&limit=200');
      const copies = this.#copies();
      for (const { to, status } of seen) {
        if (['sent', 'delivered', 'failed'].includes(status) && !this.#settled.has(to)) {
          this.#settled.set(to, copies.get(to)?.length ?? 0);
        }
      }
    } catch {
      await this.#back();
    }
  }

  /** The SMSC's log by destination. */
  #copies() {
    const copies = new Map();
    for (const submit of this.smsc.submits) {
      const to = `+${submit.to}`;
      if (!copies.has(to)) copies.set(to, []);
      copies.get(to).push(submit);
    }
    return copies;
  }

  async #all(query) {
    const found = [];
    let cursor = '';
    do {
      const { status, json } = await this.customer.call('GET', `portal/sms?${query}&limit=200${cursor}`);
      assert.equal(status, 200);
      found.push(...json.messages);
      cursor = json.next_cursor ? `&cursor=${encodeURIComponent(json.next_cursor)}` : undefined;
    } while (cursor);
    return found;
  }

  /**
   * Waits until nothing of what may settle is still on its way. Without
   * `resends`, what was handed over and not answered may be: it is sent again
   * after two minutes only.
   */
  async untilSettled({ seconds = 170, resends = true } = {}) {
    const open = async (status) => {
      const messages = await this.#all(`direction=outbound&status=${status}`);
      // Asked to leave at most once and without evidence: it waits for its validity.
      return messages.filter(({ to }) =>
        this.asked.get(to)?.delivery !== 'at_most_once' && !this.#held.has(to));
    };
    if (this.#carrierTask) {
      // After many kills it may be far behind.
      const caughtUp = () => this.#receipted >= this.smsc.submits.length;
      await until('the carrier catches up with its receipts', caughtUp, { seconds: 900 });
    }
    await until('everything settles', async () => {
      for (const status of resends ? ['queued', 'sending', 'sent'] : ['queued', 'sent']) {
        for (const message of await open(status)) {
          const { json } = await this.server.operator('GET', `operator/messages/${message.id}`);
          if (!this.#waitsForEvidence(json.message)) {
            const submits = this.smsc.submits.filter(({ to }) => `+${to}` === message.to);
            const receipted = submits.map((submit) => `${submit.messageId}: ${submit.receipted ? 'receipt stored' : 'no receipt'}`);
            throw new Error(`${message.to} is ${status}: ${receipted.join(', ')}; ${JSON.stringify(json.message)}`);
          }
        }
      }
      return true;
    }, { seconds });
  }

  /** Whether both copies of a part were lost: no third is sent, it waits to the end of its validity. */
  #waitsForEvidence({ to, attempts }) {
    const lost = new Map();
    for (const { part, state } of attempts) {
      if (['uncertain', 'expired'].includes(state)) lost.set(part, (lost.get(part) ?? 0) + 1);
      if (state === 'accepted') lost.set(part, -Infinity);
    }
    const held = [...lost.values()].some((count) => count >= 2);
    if (held) this.#held.add(to);
    return held;
  }

  /**
   * Everything that each side knows, compared. `terminal`: all messages have come
   * to their end, those apart that wait for a resend if there were no `resends`.
   */
  async verify({ balanceBefore, terminal = true, resends = true } = {}) {
    const stored = await this.#all('direction=outbound');
    const wrong = [...this.broken];
    const byTo = new Map();
    for (const message of stored) {
      if (byTo.has(message.to)) wrong.push(`${message.to} is stored twice`);
      byTo.set(message.to, message);
      if (!this.asked.has(message.to)) wrong.push(`${message.to} was never asked for`);
    }
    let answered = 0;
    let lost = 0;
    for (const asked of this.asked.values()) {
      const message = byTo.get(asked.to);
      if (asked.answered) answered += 1;
      if (asked.answered && !message) {
        lost += 1;
        wrong.push(`${asked.to} was answered 201 and is lost`);
      }
      if (asked.key && !message) wrong.push(`${asked.to} was repeated until 201 and is not there`);
      if (asked.ids.size > 1) wrong.push(`${asked.to} was answered with ids ${[...asked.ids]}`);
      for (const id of asked.ids) {
        if (message && message.id !== id) wrong.push(`${asked.to} is ${message.id}, answered was ${id}`);
      }
      if (message && message.body !== asked.body) wrong.push(`${asked.to} has another body`);
      if (message && message.segments !== asked.segments) wrong.push(`${asked.to} has ${message.segments} segments`);
    }
    let charged = 0n;
    for (const message of stored) {
      const asked = this.asked.get(message.to);
      if (message.status !== 'failed') charged += BigInt(message.segments) * 8_000n;
      const mayWait = !terminal || asked?.delivery === 'at_most_once' || this.#held.has(message.to);
      const open = resends ? [] : ['sending'];
      const legal = mayWait ? ['queued', 'sending', 'sent', 'delivered', 'failed'] : [...open, 'delivered'];
      if (!legal.includes(message.status)) wrong.push(`${message.to} ends ${message.status}`);
    }
    if (balanceBefore !== undefined) {
      const paid = balanceBefore - (await this.customer.balance());
      if (paid !== charged) wrong.push(`paid ${paid}, the messages cost ${charged}`);
    }
    const twice = this.#verifyCopies(byTo, wrong);
    const texts = await this.#verifyInbound(wrong);
    assert.deepEqual(wrong.slice(0, 20), [], `${wrong.length} wrong`);
    return {
      answered, lost, stored: stored.length, submits: this.smsc.submits.length, secondCopies: twice, ...texts,
    };
  }

  #verifyCopies(byTo, wrong) {
    let twice = 0;
    for (const [to, submits] of this.#copies()) {
      const asked = this.asked.get(to);
      if (!asked || !byTo.has(to)) {
        wrong.push(`the SMSC got a message to ${to} that is not stored`);
        continue;
      }
      const parts = new Map();
      for (const { concat } of submits) parts.set(concat?.number ?? 1, (parts.get(concat?.number ?? 1) ?? 0) + 1);
      const most = asked.delivery === 'at_most_once' ? 1 : 2;
      for (const [part, count] of parts) {
        if (count > most) wrong.push(`part ${part} to ${to} (${asked.delivery}) was sent ${count} times`);
        if (count > 1) twice += 1;
      }
      const known = this.#settled.get(to);
      if (known !== undefined && submits.length > known) {
        wrong.push(`${to} was sent again after the customer saw it settled`);
      }
    }
    return twice;
  }

  async #verifyInbound(wrong) {
    const counts = new Map();
    for (const { body } of await this.#all('direction=inbound')) counts.set(body, (counts.get(body) ?? 0) + 1);
    let texts = 0;
    for (const [body, acknowledged] of this.inbound) {
      const count = counts.get(body) ?? 0;
      if (acknowledged) texts += 1;
      if (acknowledged && count === 0) wrong.push(`the text ${body} was acknowledged and is lost`);
      if (count > 1) wrong.push(`the text ${body} is there ${count} times`);
    }
    for (const body of counts.keys()) if (!this.inbound.has(body)) wrong.push(`nobody sent the text ${body}`);
    return { texts };
  }
}

/** Random numbers from 0 to 1 that a seed repeats (mulberry32). */
export function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
