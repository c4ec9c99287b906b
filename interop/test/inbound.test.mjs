// Texts from handsets: each makes one message, whatever way it comes.

import assert from 'node:assert/strict';

import { TIME, failure, success } from '../lib/http.mjs';
import { UCS2 } from '../lib/smsc.mjs';
import { onEachEngine } from '../lib/world.mjs';

onEachEngine('inbound', ({ scenario }) => {
  async function open(world, settings) {
    const customer = await world.customer();
    const number = await world.number(customer);
    const { smsc } = await world.carrier(settings);
    return { customer, number, smsc, from: world.destination() };
  }

  scenario('a text in one part is in the inbox, free of charge', async (world) => {
    const { customer, number, smsc, from } = await open(world);
    const before = await customer.balance();
    await smsc.inbound({ from, to: number.number, text: 'Thanks, got it! @ € {}' });
    const [message] = await customer.untilInbound(number, 1);
    assert.equal(message.direction, 'inbound');
    assert.equal(message.status, 'received');
    assert.equal(message.from, from);
    assert.equal(message.to, number.number);
    assert.equal(message.body, 'Thanks, got it! @ € {}');
    assert.equal(message.segments, 1);
    assert.match(message.received_at, TIME);
    assert.equal(await customer.balance(), before);

    const one = await customer.message(message.id);
    assert.deepEqual(one.events.map((event) => event.status), ['received']);
  });

  scenario('STOP stops a number, START undoes it, and both reach the inbox', async (world) => {
    const { customer, number, smsc, to } = await world.line();
    const other = await world.number(customer);
    const send = (from) =>
      customer.call('POST', 'portal/sms/send', { from_number_id: from.id, to, body: 'Hello' });
    success(await send(number), 201);
    await smsc.inbound({ from: to, to: number.number, text: ' Stop ' });
    await customer.untilInbound(number, 1);
    const before = await customer.balance();
    failure(await send(number), 422, 'recipient_opted_out', 'to');
    assert.equal(await customer.balance(), before, 'nothing is charged');
    success(await send(other), 201);

    await smsc.inbound({ from: to, to: number.number, text: 'START' });
    await customer.untilInbound(number, 2);
    success(await send(number), 201);
  });

  scenario('a text with NUL arrives, marked, and holds up nothing', async (world) => {
    const { customer, number, smsc, from } = await open(world);
    const odd = Buffer.from('0041000000420043', 'hex');
    await smsc.inbound({ from, to: number.number, text: odd, dataCoding: UCS2 });
    await smsc.inbound({ from, to: number.number, text: 'after it' });
    const bodies = (await customer.untilInbound(number, 2)).map((message) => message.body);
    assert.deepEqual(bodies, ['A\ufffdBC', 'after it']);
  });

  scenario('UCS-2', async (world) => {
    const { customer, number, smsc, from } = await open(world);
    await smsc.inbound({ from, to: number.number, text: 'Спасибо 🙂', dataCoding: UCS2 });
    const [message] = await customer.untilInbound(number, 1);
    assert.equal(message.body, 'Спасибо 🙂');
  });

  for (const by of ['udh', 'udh16', 'sar']) {
    scenario(`three parts out of order, by ${by}`, async (world) => {
      const { customer, number, smsc, from } = await open(world);
      const parts = ['The first part, ', 'the second 🙂, ', 'and the third.'];
      for (const index of [2, 0, 1]) {
        const part = { by, reference: 77, total: 3, number: index + 1 };
        const text = parts[index];
        assert.equal((await customer.messages(`direction=inbound`)).length, 0);
        await smsc.inbound({ from, to: number.number, text, dataCoding: UCS2, part });
      }
      const [message] = await customer.untilInbound(number, 1);
      assert.equal(message.body, parts.join(''));
      assert.equal(message.segments, 3);
    });
  }

  scenario('parts of two senders with the same reference do not mix', async (world) => {
    const { customer, number, smsc, from } = await open(world);
    const other = world.destination();
    for (const index of [1, 0]) {
      for (const [sender, text] of [[from, ['a1', 'a2']], [other, ['b1', 'b2']]]) {
        const part = { by: 'udh', reference: 5, total: 2, number: index + 1 };
        await smsc.inbound({ from: sender, to: number.number, text: text[index], part });
      }
    }
    const messages = await customer.untilInbound(number, 2);
    const bodies = Object.fromEntries(messages.map((message) => [message.from, message.body]));
    assert.deepEqual(bodies, { [from]: 'a1a2', [other]: 'b1b2' });
  });

  scenario('a text in message_payload', async (world) => {
    const { customer, number, smsc, from } = await open(world);
    const text = 'A long one. '.repeat(60).trim();
    await smsc.inbound({ from, to: number.number, text, payload: true });
    const [message] = await customer.untilInbound(number, 1);
    assert.equal(message.body, text);
  });

  scenario('a text that is delivered again after a reconnect makes one message', async (world) => {
    const { customer, number, smsc, from } = await open(world);
    const text = { from, to: number.number, text: 'Only once, please' };
    for (let again = 0; again < 3; again += 1) {
      await smsc.untilBound();
      await smsc.inbound(text);
      // The carrier never saw the answer, so it delivers the same text once more.
      smsc.cut();
    }
    await smsc.untilBound();
    await smsc.inbound({ ...text, text: 'The end' });
    const messages = await customer.untilInbound(number, 2);
    assert.deepEqual(messages.map((message) => message.body), ['Only once, please', 'The end']);
  });

  scenario('a person who says the same thing twice makes two messages', async (world) => {
    const { customer, number, smsc, from } = await open(world);
    const text = { from, to: number.number, text: 'Hello?' };
    await smsc.inbound(text);
    await smsc.inbound(text);
    await customer.untilInbound(number, 2);
  });

  scenario('a part that is delivered again does not end or double the text', async (world) => {
    const { customer, number, smsc, from } = await open(world);
    const part = (number) => ({ by: 'udh', reference: 9, total: 2, number });
    const first = { from, to: number.number, text: 'one ', part: part(1) };
    await smsc.inbound(first);
    smsc.cut();
    await smsc.untilBound();
    await smsc.inbound(first);
    assert.equal((await customer.messages('direction=inbound')).length, 0);
    await smsc.inbound({ ...first, text: 'two', part: part(2) });
    const [message] = await customer.untilInbound(number, 1);
    assert.equal(message.body, 'one two');
  });

  scenario('a text to a number that nobody has is taken, and shown to nobody', async (world) => {
    const { customer, number, smsc, from } = await open(world);
    await smsc.inbound({ from, to: world.destination(), text: 'Wrong number' });
    await smsc.inbound({ from, to: number.number, text: 'Right number' });
    const messages = await customer.untilInbound(number, 1);
    assert.equal(messages[0].body, 'Right number');
    assert.equal((await customer.messages('direction=inbound')).length, 1);
  });

  scenario('a sender that is a name or a short code is shown as it is', async (world) => {
    const { customer, number, smsc } = await open(world);
    const to = number.number.slice(1);
    const common = { dest_addr_ton: 1, dest_addr_npi: 1, destination_addr: to, data_coding: 0 };
    for (const [ton, name] of [[5, 'Parcels'], [3, '60606']]) {
      const answer = await smsc.deliver({
        ...common,
        source_addr_ton: ton,
        source_addr_npi: 0,
        source_addr: name,
        short_message: `From ${name}`,
      });
      assert.equal(answer.command_status, 0);
    }
    const messages = await customer.untilInbound(number, 2);
    assert.deepEqual(messages.map((message) => message.from).sort(), ['60606', 'Parcels']);
  });
});
