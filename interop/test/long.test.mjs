// Texts of several parts: what arrives is what was sent, and each part is paid for.

import assert from 'node:assert/strict';

import { SEGMENT } from '../lib/money.mjs';
import { gsm7Segments, ucs2Segments } from '../lib/segments.mjs';
import { UCS2, assemble } from '../lib/smsc.mjs';
import { onEachEngine } from '../lib/world.mjs';

/** A text of so many characters, no two parts of it alike. */
function words(length) {
  let text = '';
  for (let n = 0; text.length < length; n += 1) text += `${n} `;
  return text.slice(0, length - 1) + '.';
}

/** Every extension character, and one across the end of the first two parts. */
function withExtensions(length) {
  const text = [...words(length)];
  text.splice(20, 10, ...'^{}\\[~]|€@');
  text[144] = '€';
  text[152 + 152 - 10] = '{';
  return text.join('');
}

const GSM7_TEXTS = [
  ['two parts', words(161)],
  ['exactly two parts', words(306)],
  ['two parts and a character', words(307)],
  ['three parts with extension characters', withExtensions(400)],
  ['a pair at the end of a part', `${'a'.repeat(152)}€${'b'.repeat(152)}€c`],
  ['six parts', words(900)],
  ['eleven parts', words(1600)],
];

const UCS2_TEXTS = [
  ['two parts', `Привет ${words(80)}`],
  ['emoji', '🙂'.repeat(100)],
  ['a surrogate pair at the end of a part', `${'я'.repeat(66)}🙂${'ю'.repeat(66)}🙂!`],
  ['ten parts', `«${words(640)}» 🙂`],
];

onEachEngine('long texts', ({ scenario }) => {
  for (const by of ['udh', 'sar', 'payload']) {
    scenario(`GSM-7 by ${by}`, async (world) => {
      const line = await world.line({ concatenation: by });
      for (const [name, text] of GSM7_TEXTS) {
        await arrives(line, by, name, text, 'gsm7', gsm7Segments(text));
      }
    });

    scenario(`UCS-2 by ${by}`, async (world) => {
      const line = await world.line({ concatenation: by });
      for (const [name, text] of UCS2_TEXTS) {
        await arrives(line, by, name, text, 'ucs2', ucs2Segments(text));
      }
      for (const { dataCoding } of line.smsc.submits) assert.equal(dataCoding, UCS2);
    });
  }

  scenario('a message is delivered when all of its parts are', async (world) => {
    const { customer, number, smsc, to } = await world.line();
    const { id } = await customer.send(number, to, words(400));
    const submits = await smsc.untilSubmits(3);
    await customer.untilStatus(id, 'sent');
    await smsc.receipt(submits[2]);
    await smsc.receipt(submits[0]);
    assert.equal((await customer.message(id)).status, 'sent');
    await smsc.receipt(submits[1]);
    await customer.untilStatus(id, 'delivered');
  });

  scenario('a message has failed when one of its parts has, and stays charged', async (world) => {
    const { customer, number, smsc, to } = await world.line();
    const before = await customer.balance();
    const { id } = await customer.send(number, to, words(400));
    const submits = await smsc.untilSubmits(3);
    await customer.untilStatus(id, 'sent');
    await smsc.receipt(submits[0]);
    await smsc.receipt(submits[1], { stat: 'UNDELIV', err: '0AB' });
    await smsc.receipt(submits[2]);
    const failed = await customer.untilStatus(id, 'failed');
    assert.ok(failed.error.message);
    assert.equal(before - (await customer.balance()), SEGMENT * 3n);
  });

  async function arrives({ customer, number, smsc, to }, by, name, text, encoding, segments) {
    const [before, already] = [await customer.balance(), smsc.submits.length];
    const sent = await customer.send(number, to, text);
    assert.deepEqual([sent.segments, sent.encoding], [segments, encoding], name);

    const wanted = by === 'payload' ? 1 : segments;
    await smsc.untilSubmits(already + wanted);
    const submits = smsc.submits.slice(already);
    assert.equal(submits.length, wanted, name);
    for (const submit of submits) {
      assert.ok(submit.text.isWellFormed(), `${name}: no pair is split`);
      if (by === 'payload') assert.ok(submit.payload, `${name}: in message_payload`);
      else assert.equal(submit.concat.by.replace('16', ''), by, name);
    }
    assert.equal(assemble(submits), text, name);

    for (const submit of submits) await smsc.receipt(submit);
    await customer.untilStatus(sent.id, 'delivered');
    assert.equal(before - (await customer.balance()), SEGMENT * BigInt(segments), name);
  }
});
