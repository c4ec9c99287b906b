// Connections that break, and carriers that are down.

import assert from 'node:assert/strict';

import { success } from '../lib/http.mjs';
import { until } from '../lib/until.mjs';
import { onEachEngine } from '../lib/world.mjs';

/** A carrier that is down is dialled with growing pauses, up to half a minute. */
const RECONNECT = { seconds: 90 };

onEachEngine('links', ({ scenario }) => {
  scenario('the SMSC goes away and comes back: what waited goes out, each once', async (world) => {
    const { customer, number, smsc, to } = await world.line();
    const first = await customer.send(number, to, 'Before');
    await customer.untilStatus(first.id, 'sent');

    await smsc.close();
    const waiting = [];
    for (const text of ['one', 'two', 'three']) waiting.push(await customer.send(number, to, text));
    await smsc.open();

    for (const { id } of waiting) await customer.untilStatus(id, 'sent', RECONNECT);
    const texts = smsc.submits.map((submit) => submit.text);
    assert.deepEqual(texts.sort(), ['Before', 'one', 'three', 'two']);
    // A receipt for what was sent over the old connection counts all the same.
    await smsc.receipt(smsc.submits.find((submit) => submit.text === 'Before'));
    await customer.untilStatus(first.id, 'delivered');
  });

  scenario('a cut connection is dialled again', async (world) => {
    const { customer, number, smsc, to } = await world.line();
    for (let round = 1; round <= 3; round += 1) {
      smsc.cut();
      await until('bound again', () => smsc.bound().length > 0, RECONNECT);
      const { id } = await customer.send(number, to, `Round ${round}`);
      await customer.untilStatus(id, 'sent', RECONNECT);
    }
    assert.equal(smsc.binds.length, 4);
  });

  scenario('a carrier that is down is passed by: the next by priority takes the text', async (world) => {
    const customer = await world.customer();
    const number = await world.number(customer);
    const down = await world.carrier({}, { up: false });
    const next = await world.carrier();
    const prefix = await world.route(down.carrier, { priority: 1 });
    await world.route(next.carrier, { prefix, priority: 2 });

    const { id } = await customer.send(number, prefix, 'Which way?');
    const [submit] = await next.smsc.untilSubmits(1);
    await customer.untilStatus(id, 'sent');
    await next.smsc.receipt(submit);
    await customer.untilStatus(id, 'delivered');
    assert.equal((await world.operatorView(id)).carrier_id, next.carrier.id);
    assert.equal(down.smsc.submits.length, 0);
  });

  scenario('both are up: the lower priority number carries everything', async (world) => {
    const customer = await world.customer();
    const number = await world.number(customer);
    const [first, second] = [await world.carrier(), await world.carrier()];
    const prefix = await world.route(second.carrier, { priority: 9 });
    await world.route(first.carrier, { prefix, priority: 3 });
    for (let n = 0; n < 5; n += 1) await customer.send(number, prefix, `Text ${n}`);
    await first.smsc.untilSubmits(5);
    assert.equal(second.smsc.submits.length, 0);
  });

  scenario('the carrier goes down with texts waiting: the other takes them', async (world) => {
    const customer = await world.customer();
    const number = await world.number(customer);
    const [first, second] = [await world.carrier(), await world.carrier()];
    const prefix = await world.route(first.carrier, { priority: 1 });
    await world.route(second.carrier, { prefix, priority: 2 });
    await first.smsc.close();
    const sent = [];
    for (let n = 0; n < 5; n += 1) sent.push(await customer.send(number, prefix, `Text ${n}`));
    await second.smsc.untilSubmits(5, RECONNECT);
    for (const { id } of sent) await customer.untilStatus(id, 'sent');
  });

  scenario('a wrong password is shown to the operator, and not hammered', async (world) => {
    const { smsc, carrier } = await world.carrier({ password: 'wrong' }, { up: false });
    await smsc.open();
    await until('a bind was refused', () => smsc.binds.length > 0, RECONNECT);
    const shown = await until('the error is shown', async () => {
      const answer = await world.server.operator('GET', `operator/carriers/${carrier.id}`);
      const link = success(answer).carrier.link;
      return link?.last_error ? link : undefined;
    });
    assert.equal(typeof shown.last_error, 'string');
    assert.equal(smsc.binds.length, 1);
  });

  scenario('the password is never shown', async (world) => {
    const { carrier } = await world.carrier();
    for (const path of ['operator/carriers', `operator/carriers/${carrier.id}`]) {
      const answer = await world.server.operator('GET', path);
      assert.equal(answer.status, 200);
      assert.ok(!answer.text.includes('"secret"'), path);
    }
    assert.equal(carrier.settings.password, undefined);
  });

  scenario('a carrier that is switched off unbinds, and binds when switched on', async (world) => {
    const { customer, number, smsc, carrier, to } = await world.line();
    const set = async (enabled) =>
      success(await world.server.operator('PATCH', `operator/carriers/${carrier.id}`, { enabled }));
    await set(false);
    await until('unbound', () => smsc.bound().length === 0);
    await set(true);
    await smsc.untilBound();
    const { id } = await customer.send(number, to, 'On again');
    await customer.untilStatus(id, 'sent');
  });

  scenario('several sessions share the work', async (world) => {
    const { customer, number, smsc, to } = await world.line({ sessions: 3, window: 1 });
    await smsc.untilBound(3);
    // Each answer waits until three are asked for, which takes three connections.
    const together = { before: () => smsc.untilSubmits(3) };
    smsc.answerNext(together, together, together);
    const sent = [];
    for (const text of ['a', 'b', 'c']) sent.push(await customer.send(number, to, text));
    for (const { id } of sent) await customer.untilStatus(id, 'sent');
  });
});
