// A reader of Server-Sent Events, as the HTML standard divides them.

import assert from 'node:assert/strict';

import { until } from './until.mjs';

export class EventStream {
  /** Every event that came: `{id, type, data}`, data read as JSON. */
  events = [];

  static async open(baseUrl, key, lastEventId) {
    const stream = new EventStream();
    stream.stop = new AbortController();
    const headers = { authorization: `Bearer ${key}`, accept: 'text/event-stream' };
    if (lastEventId !== undefined) headers['last-event-id'] = lastEventId;
    const response = await fetch(new URL('/api/v1/portal/events', baseUrl), {
      headers,
      signal: stream.stop.signal,
    });
    assert.equal(response.status, 200);
    assert.match(response.headers.get('content-type'), /^text\/event-stream/);
    assert.ok(response.headers.get('x-request-id'));
    stream.ended = stream.#read(response.body).catch((error) => {
      if (error.name !== 'AbortError') stream.error = error;
    });
    return stream;
  }

  async #read(body) {
    let rest = '';
    const decoder = new TextDecoder();
    for await (const chunk of body) {
      rest += decoder.decode(chunk, { stream: true });
      const blocks = rest.split('\n\n');
      rest = blocks.pop();
      for (const block of blocks) this.#event(block);
    }
  }

  #event(block) {
    const fields = { data: [] };
    for (const line of block.split('\n')) {
      const [, name, value] = /^([^:]*):? ?(.*)$/s.exec(line);
      if (name === 'data') fields.data.push(value);
      else if (name) fields[name] = value;
    }
    if (fields.data.length === 0) return;
    this.events.push({ id: fields.id, type: fields.event, data: JSON.parse(fields.data.join('\n')) });
  }

  /** The statuses of a message that the stream told, in their order. */
  statuses(messageId) {
    return this.events
      .filter(({ type, data }) => type === 'sms.status' && (data.message ?? data).id === messageId)
      .map(({ data }) => data.status ?? data.message.status);
  }

  until(what, condition) {
    return until(what, () => {
      if (this.error) throw this.error;
      return condition(this);
    });
  }

  async close() {
    this.stop.abort();
    await this.ended;
  }
}
