// kill -9 at the worst moments: nothing that was answered 2xx is lost.

import assert from 'node:assert/strict';

import { SEGMENT } from '../lib/money.mjs';
import { onEachEngine } from '../lib/world.mjs';

/** A server that died holds its carriers' leases for a while. */
const AFTER_RESTART = { seconds: 90 };

onEachEngine('restart', ({ scenario }) => {
  scenario('after kill -9 everything is there, and goes on', async (world) => {
    const { server } = world;
    const { customer, number, smsc, to } = await world.line();
    const from = world.destination();
    const start = await customer.balance();

    const delivered = await customer.send(number, to, 'Delivered before');
    await smsc.untilSubmits(1);
    await customer.untilStatus(delivered.id, 'sent');
    await smsc.receipt(smsc.submits[0]);
    await customer.untilStatus(delivered.id, 'delivered');

    const sent = await customer.send(number, to, 'Sent before');
    await customer.untilStatus(sent.id, 'sent');

    const part = (index) => ({ by: 'udh', reference: 3, total: 2, number: index });
    await smsc.inbound({ from, to: number.number, text: 'In before' });
    await smsc.inbound({ from, to: number.number, text: 'Half before, ', part: part(1) });
    await customer.untilInbound(number, 1);

    // Nothing of these can have left: the carrier is away.
    await smsc.close();
    const waiting = [];
    for (let n = 0; n < 5; n += 1) waiting.push(await customer.send(number, to, `Waiting ${n}`));
    const balance = await customer.balance();

    await server.kill();
    await server.audit();
    await server.launch();

    assert.equal(await customer.balance(), balance);
    assert.equal((await customer.message(delivered.id)).status, 'delivered');
    assert.equal((await customer.message(sent.id)).status, 'sent');
    assert.equal((await customer.messages('direction=inbound')).length, 1);
    assert.equal((await customer.messages('direction=outbound')).length, 7);

    await smsc.open();
    await smsc.untilSubmits(7, AFTER_RESTART);
    for (const { id } of waiting) await customer.untilStatus(id, 'sent', AFTER_RESTART);
    for (const submit of smsc.submits.slice(1)) await smsc.receipt(submit);
    for (const { id } of [sent, ...waiting]) await customer.untilStatus(id, 'delivered');
    assert.equal(smsc.submits.length, 7, 'each went once');

    await smsc.inbound({ from, to: number.number, text: 'half after', part: part(2) });
    const inbox = await customer.untilInbound(number, 2);
    assert.deepEqual(inbox.map(({ body }) => body), ['In before', 'Half before, half after']);
    assert.equal(start - (await customer.balance()), SEGMENT * 7n);
  });

  scenario('killed under load: what was answered is there, what was not is there whole or not at all', async (world) => {
    const { server } = world;
    const { customer, number, smsc, to } = await world.line();
    await smsc.close();
    const start = await customer.balance();
    const answered = [];
    let asked = 0;
    const sender = async () => {
      for (;;) {
        asked += 1;
        const body = `Load ${asked}`;
        try {
          answered.push(await customer.send(number, to, body, { headers: { 'idempotency-key': body } }));
        } catch (error) {
          // Only the connection may break; any answer must be a success.
          if (error.code === 'ERR_ASSERTION') throw error;
          return;
        }
        if (answered.length === 60) return server.kill();
      }
    };
    await Promise.all(Array.from({ length: 8 }, sender));
    await server.kill();
    await server.audit();
    await server.launch();

    for (const { id, body } of answered) assert.equal((await customer.message(id)).body, body);
    const stored = await customer.messages('direction=outbound&limit=200');
    assert.equal(start - (await customer.balance()), SEGMENT * BigInt(stored.length));

    // Asking again under the same keys adds what is missing, and nothing else.
    for (let n = 1; n <= asked; n += 1) {
      const body = `Load ${n}`;
      const again = await customer.send(number, to, body, { headers: { 'idempotency-key': body } });
      const known = answered.find((message) => message.body === body);
      if (known) assert.equal(again.id, known.id);
    }
    await smsc.open();
    await smsc.untilSubmits(asked, AFTER_RESTART);
    const texts = smsc.submits.map((submit) => submit.text);
    assert.equal(new Set(texts).size, asked);
    assert.equal(texts.length, asked);
    assert.equal(start - (await customer.balance()), SEGMENT * BigInt(asked));
  });

  scenario('SIGTERM: stops with 0, unbinds, and goes on at the next start', async (world) => {
    const { server } = world;
    const { customer, number, smsc, to } = await world.line();
    const { id } = await customer.send(number, to, 'Before the stop');
    await customer.untilStatus(id, 'sent');
    await server.terminate();
    assert.equal(smsc.bound().length, 0);
    await server.audit();
    await server.launch();
    await smsc.untilBound();
    await smsc.receipt(smsc.submits[0]);
    await customer.untilStatus(id, 'delivered');
  });
});
