// The harness itself, against npm `smpp`'s client: a test that passes here and
// fails elsewhere has found something in didfarm.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import smpp from 'smpp';

import { micros } from '../lib/money.mjs';
import { GSM7, Smsc, UCS2, assemble } from '../lib/smsc.mjs';

async function connected(body) {
  const smsc = await Smsc.start();
  const client = smpp.connect({ host: '127.0.0.1', port: smsc.port });
  client.on('error', () => {});
  const ask = (command, fields) => new Promise((done) => client[command](fields, done));
  try {
    await new Promise((done) => client.once('connect', done));
    const bound = await ask('bind_transceiver', { system_id: 'didfarm', password: 'secret' });
    assert.equal(bound.command_status, 0);
    await body({ smsc, client, ask });
  } finally {
    client.destroy();
    await smsc.close();
  }
}

test('the SMSC refuses a wrong password', async () => {
  const smsc = await Smsc.start();
  const client = smpp.connect({ host: '127.0.0.1', port: smsc.port });
  await new Promise((done) => client.once('connect', done));
  const answer = await new Promise((done) => {
    client.bind_transceiver({ system_id: 'didfarm', password: 'wrong' }, done);
  });
  assert.equal(answer.command_status, smpp.ESME_RINVPASWD);
  client.destroy();
  await smsc.close();
});

test('the SMSC reads GSM-7, UCS-2, headers, sar and payload', () =>
  connected(async ({ smsc, ask }) => {
    const to = { source_addr: '1', destination_addr: '2' };
    await ask('submit_sm', { ...to, short_message: '@ € { [ ~ \\ |' });
    await ask('submit_sm', { ...to, data_coding: UCS2, short_message: 'Grüße 🙂' });
    await ask('submit_sm', { ...to, message_payload: 'paid '.repeat(200) });
    for (const number of [2, 1]) {
      const udh = Buffer.from([5, 0, 3, 7, 2, number]);
      await ask('submit_sm', { ...to, short_message: { udh, message: `part${number}` } });
    }
    for (const number of [2, 1]) {
      await ask('submit_sm', {
        ...to,
        sar_msg_ref_num: 8,
        sar_total_segments: 2,
        sar_segment_seqnum: number,
        short_message: `piece${number}`,
      });
    }
    const { submits } = smsc;
    assert.equal(submits[0].text, '@ € { [ ~ \\ |');
    assert.equal(submits[1].text, 'Grüße 🙂');
    assert.equal(submits[2].text, 'paid '.repeat(200));
    assert.ok(submits[2].payload && !submits[1].payload);
    assert.deepEqual(submits[3].concat, { by: 'udh', reference: 7, total: 2, number: 2 });
    assert.equal(assemble(submits.slice(3, 5)), 'part1part2');
    assert.equal(assemble(submits.slice(5, 7)), 'piece1piece2');
  }));

test('the SMSC refuses, delays and drops as it is told', () =>
  connected(async ({ smsc, client, ask }) => {
    smsc.answerNext({ status: 0x58 }, { messageId: 'abc' }, { drop: true });
    const refused = await ask('submit_sm', { short_message: 'a' });
    assert.equal(refused.command_status, 0x58);
    const accepted = await ask('submit_sm', { short_message: 'b' });
    assert.equal(accepted.message_id, 'abc');
    const closed = new Promise((done) => client.once('close', done));
    client.submit_sm({ short_message: 'c' });
    await closed;
    assert.equal(smsc.submits.length, 3);
  }));

test('the SMSC sends receipts and inbound texts that can be read', () =>
  connected(async ({ smsc, client, ask }) => {
    const delivered = [];
    client.on('deliver_sm', (pdu) => {
      delivered.push(pdu);
      client.send(pdu.response());
    });
    await ask('submit_sm', { source_addr: '1', destination_addr: '2', short_message: 'hello' });
    const [submit] = smsc.submits;
    await smsc.receipt(submit);
    await smsc.receipt(submit, { form: 'text', stat: 'UNDELIV' });
    await smsc.receipt(submit, { form: 'tlv' });
    await smsc.inbound({ from: '+44', to: '+33', text: 'café €', dataCoding: GSM7 });
    const part = { by: 'udh16', reference: 300, total: 2, number: 1 };
    await smsc.inbound({ from: '+44', to: '+33', text: 'été 🙂', dataCoding: UCS2, part });
    await smsc.inbound({ from: '+44', to: '+33', text: 'x'.repeat(500), payload: true });

    const [both, text, tlv, single, ucs2, payload] = delivered;
    assert.equal(both.receipted_message_id, submit.messageId);
    assert.match(text.short_message.message, /^id:1001 .* stat:UNDELIV err:000 text:hello$/);
    assert.equal(text.receipted_message_id, undefined);
    assert.equal(tlv.message_state, 2);
    assert.equal(single.short_message.message, 'café €');
    assert.equal(ucs2.esm_class & 0x40, 0x40);
    assert.equal(ucs2.short_message.message, 'été 🙂');
    assert.equal(payload.message_payload.message, 'x'.repeat(500));
  }));

test('money is read exactly', () => {
  const eur = (amount) => ({ amount, currency: 'EUR' });
  assert.equal(micros(eur('0.008')), 8_000n);
  assert.equal(micros(eur('-12.5')), -12_500_000n);
  assert.throws(() => micros(eur(0.008)));
  assert.throws(() => micros(eur('1e-3')));
});
