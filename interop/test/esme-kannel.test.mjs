// Kannel's bearerbox and smsbox as a client of our server session.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Kannel } from '../lib/kannel.mjs';
import { CONCATENATIONS, ENCODINGS, OurSmsc, message } from '../lib/our-smsc.mjs';

const FROM = '447700900123';
const TO = '441632960001';

describe('Kannel as a client', { timeout: 300_000 }, () => {
  let smsc;
  let kannel;
  let delivered = 0;
  before(async () => {
    smsc = await OurSmsc.start();
    kannel = await Kannel.start(smsc);
    const bind = await smsc.untilEvent('bind');
    assert.deepEqual([bind.mode, bind.status], ['transceiver', 0]);
  });
  after(async () => {
    await kannel?.stop();
    await smsc?.stop();
  });

  /** Sends, and answers the submits that came. */
  async function submits(fields, count = 1, options) {
    const already = smsc.of('submit_sm').length;
    await kannel.send({ from: FROM, to: TO, ...fields }, options);
    await smsc.untilEvent('submit_sm', already + count);
    return smsc.of('submit_sm').slice(already);
  }

  const hex = (text) => Buffer.from(text, 'latin1').toString('hex');
  const join = (parts) => parts.map((one) => one.text).join('');

  test('GSM-7 with its extension table; receipts of every kind come to the dlr-url', async () => {
    const { text, octets } = ENCODINGS['GSM-7'];
    const fields = { text, charset: 'UTF-8', coding: '0' };
    let told = 0;
    // Kannel's kinds: 8 taken by the SMSC, 1 delivered, 2 not delivered, 4 buffered.
    for (const [stat, kind] of [['DELIVRD', '1'], ['UNDELIV', '2'], ['ENROUTE', '4']]) {
      const [submit] = await submits(fields, 1, { receipts: true });
      assert.deepEqual([submit.data_coding, submit.text], [0, octets.toString('hex')]);
      assert.equal(submit.registered_delivery & 1, 1);
      const taken = await kannel.untilRequest('/dlr', told + 1);
      await smsc.receipt(submit.id, stat);
      const ended = await kannel.untilRequest('/dlr', told + 2);
      told += 2;
      assert.deepEqual([taken.type, taken.id, ended.type, ended.id], ['8', submit.id, kind, submit.id]);
    }
  });

  test('UCS-2', async () => {
    const { text, octets } = ENCODINGS['UCS-2'];
    const [submit] = await submits({ text, charset: 'UTF-8', coding: '2' });
    assert.deepEqual([submit.data_coding, submit.text], [8, octets.toString('hex')]);
  });

  test('octets', async () => {
    const [submit] = await submits({ rawText: '%00%01%1b%7f%80%ff%00', coding: '1' });
    assert.deepEqual([submit.data_coding, submit.text], [4, ENCODINGS.binary.octets.toString('hex')]);
  });

  test('texts of several parts, which Kannel divides by UDH with an 8-bit reference', async () => {
    for (const [sample, coding, count, read] of [
      ['Gruß €', '0', 2, (octets) => octets.replaceAll('4772751e201b65', hex('*'))],
      ['Привет 🙂', '2', 6, (octets) => octets.replaceAll(ENCODINGS['UCS-2'].octets.toString('hex'), hex('*'))],
    ]) {
      const parts = await submits({ text: sample.repeat(40), charset: 'UTF-8', coding }, count);
      const places = parts.map((one) => [one.part.number, one.part.total]);
      assert.deepEqual(places, places.map((_, at) => [at + 1, count]));
      assert.equal(parts[0].short_message.slice(0, 6), '050003');
      assert.equal(read(join(parts)), hex('*'.repeat(40)));
    }
  });

  test('a header of the sender, with a 16-bit reference', async () => {
    const udh = String.fromCharCode(...CONCATENATIONS['UDH 16-bit'](1).header);
    const [submit] = await submits({ text: 'part', udh, coding: '0' });
    assert.deepEqual(submit.part, { reference: 0x1234, total: 2, number: 1 });
    assert.equal(submit.text, hex('part'));
  });

  test('a refusal is told as a receipt', async () => {
    const already = kannel.requests.filter((one) => one.path === '/dlr').length;
    smsc.tell('answer_next', { status: 0x0b });
    // What is said and what is sent come by different ways: an answer to this orders them.
    await smsc.ask('deliver_sm', { message: message({ from: TO, to: FROM, octets: Buffer.from('order') }) });
    delivered += 1;
    await submits({ text: 'refused', coding: '0' }, 1, { receipts: true });
    assert.equal((await kannel.untilRequest('/dlr', already + 1)).type, '16');
  });

  // Kannel hands texts on as UTF-8, UCS-2 and octets as they are.
  for (const [name, { dataCoding, text, octets, unread }] of Object.entries(ENCODINGS)) {
    const wanted = text && dataCoding !== 8 ? Buffer.from(text) : octets;
    test(`${name}: texts in one part, in two by every mode, and in message_payload reach the get-url`, async () => {
      const come = async (messages, times) => {
        for (const fields of messages) {
          await smsc.ask('deliver_sm', { message: message({ from: TO, to: FROM, octets, dataCoding, ...fields }) });
        }
        delivered += 1;
        const { text: escaped, from, to } = await kannel.untilRequest('/mo', delivered);
        assert.deepEqual([decodeURIComponent(from), decodeURIComponent(to)], [`+${TO}`, `+${FROM}`]);
        if (unread) return;
        assert.equal(unescaped(escaped), wanted.toString('hex').repeat(times));
      };
      await come([{}], 1);
      await come([{ payload: true }], 1);
      for (const place of Object.values(CONCATENATIONS)) await come([place(2), place(1)], 2);
    });
  }

  test('Latin-1 where both sides agree that data_coding 0 is that', async () => {
    const other = await OurSmsc.start();
    const latin = await Kannel.start(other, { altCharset: 'ISO-8859-1' });
    try {
      await other.untilEvent('bind');
      await latin.send({ from: FROM, to: TO, text: 'Grüße @', charset: 'UTF-8', coding: '0' });
      const submit = await other.untilEvent('submit_sm');
      assert.deepEqual([submit.data_coding, submit.text], [0, hex('Grüße @')]);
    } finally {
      await latin.stop();
      await other.stop();
    }
  });

  test('a lost link comes back, and Kannel sends what waited', async () => {
    const binds = smsc.of('bind').length;
    smsc.tell('close');
    await smsc.untilEvent('bind', binds + 1);
    const [submit] = await submits({ text: 'again', coding: '0' });
    assert.equal(submit.text, hex('again'));
    assert.equal(smsc.of('warning').length, 0, 'nothing that Kannel wrote was odd');
  });
});

/** Octets of a query's value, in hexadecimal. */
function unescaped(value) {
  return value.replace(/%(..)|\+|./gs, (one, octet) => {
    if (octet) return octet.toLowerCase();
    return one === '+' ? '20' : one.charCodeAt(0).toString(16).padStart(2, '0');
  });
}
