// The inbox: conversations, the other side, and the virtual phone.

import assert from 'node:assert/strict';

import { failure, success } from '../lib/http.mjs';
import { onEachEngine } from '../lib/world.mjs';

const ADA = '+447700900123';
const BOB = '+447700900124';

/** A customer with a number that stays in the simulator. */
async function line(world) {
  const customer = await world.customer();
  const number = await world.number(customer, { simulated: true });
  return { customer, number };
}

const phone = (customer, from, number, body, options) =>
  customer.call('POST', 'portal/simulator/inbound', { from, to_number_id: number.id, body }, options);

onEachEngine('inbox', ({ scenario }) => {
  scenario('a text from the virtual phone arrives', async (world) => {
    const { customer, number } = await line(world);
    success(await phone(customer, ADA, number, 'Hello from a handset'), 201);
    const [message] = await customer.untilInbound(number, 1);
    assert.deepEqual([message.from, message.to, message.body], [ADA, number.number, 'Hello from a handset']);
    for (const [param, body] of [
      ['from', { to_number_id: number.id, body: 'x' }],
      ['to_number_id', { from: ADA, body: 'x' }],
      ['body', { from: ADA, to_number_id: number.id }],
      ['from', { from: 'x'.repeat(21), to_number_id: number.id, body: 'x' }],
    ]) {
      failure(await customer.call('POST', 'portal/simulator/inbound', body), 400, 'invalid_request', param);
    }
    const options = { headers: { 'idempotency-key': 'phone' } };
    success(await phone(customer, ADA, number, 'Once', options), 201);
    const again = await phone(customer, ADA, number, 'Once', options);
    assert.equal(again.headers.get('idempotent-replayed'), 'true');
    await customer.untilInbound(number, 2);
  });

  scenario("the virtual phone writes to one's own simulated numbers only", async (world) => {
    const { customer } = await line(world);
    const real = await world.number(customer);
    failure(await phone(customer, ADA, real, 'Hello'), 403, 'forbidden');
    const other = await line(world);
    failure(await phone(customer, ADA, other.number, 'Hello'), 404, 'not_found');
    failure(await phone(customer, ADA, { id: 999_999_999 }, 'Hello'), 404, 'not_found');
    assert.deepEqual(await other.customer.messages(), []);
  });

  scenario('conversations gather both ways, the latest first', async (world) => {
    const { customer, number } = await line(world);
    const second = await world.number(customer, { simulated: true });
    await customer.send(number, ADA, 'one');
    success(await phone(customer, ADA, number, 'two'), 201);
    await customer.send(number, BOB, 'three');
    await customer.send(second, ADA, 'four');
    success(await phone(customer, 'PARCELS', number, 'five'), 201);
    success(await phone(customer, ADA, number, 'six'), 201);

    const list = async (query = '') => success(await customer.call('GET', `portal/conversations?${query}`));
    const shown = ({ conversations }) =>
      conversations.map((talk) => [talk.number_id, talk.with, talk.messages, talk.last_message.body]);
    const all = [
      [number.id, ADA, 3, 'six'],
      [number.id, 'PARCELS', 1, 'five'],
      [second.id, ADA, 1, 'four'],
      [number.id, BOB, 1, 'three'],
    ];
    assert.deepEqual(shown(await list()), all);
    assert.deepEqual(shown(await list(`number_id=${number.id}`)), all.filter(([id]) => id === number.id));
    const pages = [];
    let cursor;
    do {
      const page = await list(cursor ? `limit=1&cursor=${cursor}` : 'limit=1');
      pages.push(...shown(page));
      cursor = page.next_cursor;
    } while (cursor);
    assert.deepEqual(pages, all);

    const bodies = async (query) => (await customer.messages(query)).map(({ body }) => body);
    const ada = encodeURIComponent(ADA);
    assert.deepEqual(await bodies(`with=${ada}`), ['six', 'four', 'two', 'one']);
    assert.deepEqual(await bodies(`number_id=${number.id}&with=${ADA}`), ['six', 'two', 'one']);
    assert.deepEqual(await bodies(`with=${ada}&direction=inbound`), ['six', 'two']);

    const other = await line(world);
    assert.deepEqual(success(await other.customer.call('GET', `portal/conversations?number_id=${number.id}`)).conversations, []);
    for (const bad of ['number_id=x', 'limit=0', 'cursor=x']) {
      failure(await customer.call('GET', `portal/conversations?${bad}`), 400, 'invalid_request');
    }
  });
});
