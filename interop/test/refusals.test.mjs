// Carriers that say no, not now, or nothing.

import assert from 'node:assert/strict';

import { SEGMENT } from '../lib/money.mjs';
import { INVALID_DESTINATION, THROTTLED } from '../lib/smsc.mjs';
import { until } from '../lib/until.mjs';
import { onEachEngine } from '../lib/world.mjs';

const QUEUE_FULL = 0x14;

onEachEngine('refusals', ({ scenario }) => {
  scenario('refused for good: failed, with a cure, and free', async (world) => {
    const { customer, number, smsc, to } = await world.line();
    const before = await customer.balance();
    smsc.answerNext({ status: INVALID_DESTINATION });
    const { id } = await customer.send(number, to, 'Nobody there');
    const failed = await customer.untilStatus(id, 'failed');
    assert.ok(failed.error.code && failed.error.message.length > 10, JSON.stringify(failed.error));
    assert.equal(await customer.balance(), before);
    assert.equal(smsc.submits.length, 1, 'it is not tried again');
  });

  scenario('some parts refused: what was taken is charged, the rest is given back', async (world) => {
    const { customer, number, smsc, to } = await world.line({ window: 1 });
    const before = await customer.balance();
    smsc.answerNext({}, { status: INVALID_DESTINATION }, { status: INVALID_DESTINATION });
    const { id, segments } = await customer.send(number, to, 'long '.repeat(90));
    assert.equal(segments, 3);
    await customer.untilStatus(id, 'failed');
    const taken = await until('every part is settled', async () => {
      const spent = before - (await customer.balance());
      const accepted = smsc.submits.filter((submit) => submit.status === 0).length;
      return spent === SEGMENT * BigInt(accepted) ? accepted : undefined;
    });
    assert.equal(taken, 1);
  });

  for (const [name, status] of [['throttled', THROTTLED], ['queue full', QUEUE_FULL]]) {
    scenario(`${name}: it waits, goes again, and arrives once`, async (world) => {
      const { customer, number, smsc, to } = await world.line();
      const before = await customer.balance();
      smsc.answerNext({ status }, { status });
      const { id } = await customer.send(number, to, 'Patience');
      await customer.untilStatus(id, 'sent', { seconds: 60 });
      const accepted = smsc.submits.filter((submit) => submit.status === 0);
      assert.equal(accepted.length, 1);
      await smsc.receipt(accepted[0]);
      await customer.untilStatus(id, 'delivered');
      assert.equal(before - (await customer.balance()), SEGMENT);
    });
  }

  scenario('a slow carrier is waited for, and gets no second copy', async (world) => {
    const { customer, number, smsc, to } = await world.line();
    smsc.answerNext({ delayMs: 3_000 });
    const { id } = await customer.send(number, to, 'Slow');
    await smsc.untilSubmits(1);
    assert.equal((await customer.message(id)).status, 'sending');
    await customer.untilStatus(id, 'sent');
    assert.equal(smsc.submits.length, 1);
  });

  scenario('answers come in another order than submits', async (world) => {
    const { customer, number, smsc, to } = await world.line({ window: 10 });
    smsc.answerNext({ delayMs: 900 }, { delayMs: 600 }, { delayMs: 300 });
    const sent = [];
    for (const text of ['one', 'two', 'three', 'four']) sent.push(await customer.send(number, to, text));
    for (const { id } of sent) await customer.untilStatus(id, 'sent');
    for (const { id, body } of sent) {
      const submit = smsc.submits.find((one) => one.text === body);
      const [attempt] = (await world.operatorView(id)).attempts;
      assert.equal(attempt.carrier_message_id, submit.messageId, body);
    }
  });

  scenario('lost before its answer: no second copy goes at once', async (world) => {
    const { customer, number, smsc, to } = await world.line();
    smsc.answerNext({ drop: true });
    const { id } = await customer.send(number, to, 'Did it arrive?');
    const [submit] = await smsc.untilSubmits(1);
    await smsc.untilBound();
    // The bytes were written: it may have been sent, so it must not go at once.
    await customer.send(number, to, 'A later one');
    await smsc.untilSubmits(2);
    assert.equal(smsc.submits.filter((one) => one.text === submit.text).length, 1);
    assert.equal((await customer.message(id)).status, 'sending');
  });
});
