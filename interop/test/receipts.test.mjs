// Delivery receipts in the spellings that carriers use, at the times they choose.

import assert from 'node:assert/strict';

import { SEGMENT } from '../lib/money.mjs';
import { onEachEngine } from '../lib/world.mjs';

onEachEngine('receipts', ({ scenario }) => {
  /** Sends one text and waits until the carrier has it. */
  async function sent(line, text = 'Hello') {
    const already = line.smsc.submits.length;
    const { id } = await line.customer.send(line.number, line.to, text);
    await line.smsc.untilSubmits(already + 1);
    await line.customer.untilStatus(id, 'sent');
    return { id, submit: line.smsc.submits[already] };
  }

  for (const form of ['both', 'text', 'tlv']) {
    scenario(`delivered, told by ${form === 'both' ? 'text and TLVs' : form}`, async (world) => {
      const line = await world.line();
      const { id, submit } = await sent(line);
      await line.smsc.receipt(submit, { form });
      await line.customer.untilStatus(id, 'delivered');
    });
  }

  for (const stat of ['UNDELIV', 'EXPIRED', 'DELETED', 'REJECTD']) {
    scenario(`${stat}: failed, with a cure, and still charged`, async (world) => {
      const line = await world.line();
      const before = await line.customer.balance();
      const { id, submit } = await sent(line);
      await line.smsc.receipt(submit, { stat, err: '00B' });
      const failed = await line.customer.untilStatus(id, 'failed');
      assert.ok(failed.error.code && failed.error.message.length > 10, JSON.stringify(failed.error));
      assert.equal(before - (await line.customer.balance()), SEGMENT);
    });
  }

  scenario('a receipt on the way settles nothing', async (world) => {
    const line = await world.line();
    const { id, submit } = await sent(line);
    for (const stat of ['ENROUTE', 'ACCEPTD', 'UNKNOWN']) await line.smsc.receipt(submit, { stat });
    assert.equal((await line.customer.message(id)).status, 'sent');
    await line.smsc.receipt(submit);
    await line.customer.untilStatus(id, 'delivered');
  });

  // The answer writes its id one way, the receipt another.
  for (const [format, answered, receipted] of [
    ['as_is', '3f2504e0-4f89-11d3-9a0c-0305e82c3301', '3F2504E0-4F89-11D3-9A0C-0305E82C3301'],
    ['as_is', '0000004711', '4711'],
    ['hex_to_dec', '1A2B3C4D', String(0x1a2b3c4d)],
    ['hex_to_dec', '0000FFFF', '0000065535'],
    ['dec_to_hex', '439041101', '1a2b3c4d'],
    ['dec_to_hex', '65535', '0000FFFF'],
  ]) {
    scenario(`id ${answered} receipted as ${receipted} (${format})`, async (world) => {
      const line = await world.line({ message_id_format: format });
      line.smsc.answerNext({ messageId: answered });
      const { id, submit } = await sent(line);
      await line.smsc.receipt(submit, { id: receipted });
      await line.customer.untilStatus(id, 'delivered');
    });
  }

  scenario('a receipt that overtakes the answer to its submit counts', async (world) => {
    const line = await world.line();
    const { customer, smsc } = line;
    smsc.answerNext({ before: (submit) => smsc.receipt(submit) });
    const { id } = await customer.send(line.number, line.to, 'Quick');
    const message = await customer.untilStatus(id, 'delivered');
    assert.equal(smsc.submits.length, 1);
    assert.equal(message.events[0].status, 'queued');
    assert.equal(message.events.at(-1).status, 'delivered');
  });

  scenario('a receipt that comes twice counts once, and the first end stays', async (world) => {
    const line = await world.line();
    const { id, submit } = await sent(line);
    await line.smsc.receipt(submit);
    await line.customer.untilStatus(id, 'delivered');
    await line.smsc.receipt(submit);
    await line.smsc.receipt(submit, { stat: 'UNDELIV' });
    const message = await line.customer.message(id);
    assert.equal(message.status, 'delivered');
    assert.equal(message.events.filter((event) => event.status === 'delivered').length, 1);
  });

  scenario('a receipt that fits nothing is taken, and hurts nothing', async (world) => {
    const line = await world.line();
    const { id, submit } = await sent(line);
    await line.smsc.receipt(submit, { id: '999999999999' });
    assert.equal((await line.customer.message(id)).status, 'sent');
    await line.smsc.receipt(submit);
    await line.customer.untilStatus(id, 'delivered');
  });

  scenario('two carriers that hand out the same id do not cross', async (world) => {
    const one = await world.line();
    const other = await world.line();
    for (const { smsc } of [one, other]) smsc.answerNext({ messageId: '77' });
    const first = await sent(one);
    const second = await sent(other);
    await other.smsc.receipt(second.submit, { stat: 'UNDELIV' });
    await other.customer.untilStatus(second.id, 'failed');
    assert.equal((await one.customer.message(first.id)).status, 'sent');
    await one.smsc.receipt(first.submit);
    await one.customer.untilStatus(first.id, 'delivered');
  });
});
