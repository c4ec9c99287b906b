// One-part texts: what reaches the carrier, what each side sees, what it costs.

import assert from 'node:assert/strict';

import smpp from 'smpp';

import { TIME } from '../lib/http.mjs';
import { SEGMENT, micros } from '../lib/money.mjs';
import { GSM7, UCS2 } from '../lib/smsc.mjs';
import { until } from '../lib/until.mjs';
import { onEachEngine } from '../lib/world.mjs';

onEachEngine('submit', ({ scenario }) => {
  scenario('a text goes out, is paid for once, and is delivered by its receipt', async (world) => {
    const { customer, number, smsc, to } = await world.line();
    const before = await customer.balance();
    const sent = await customer.send(number, to, 'Ünè tést: @ € { [ ~ ] } \\ | ^ £ ¥ Ω');

    assert.equal(sent.direction, 'outbound');
    assert.equal(sent.status, 'queued');
    assert.equal(sent.segments, 1);
    assert.equal(sent.carrier, 'didfarm');
    assert.equal(sent.from, number.number);
    assert.equal(sent.to, to);
    assert.match(sent.created_at, TIME);

    const [submit] = await smsc.untilSubmits(1);
    assert.equal(submit.dataCoding, GSM7);
    assert.equal(submit.text, sent.body);
    assert.equal(submit.from, number.number.slice(1));
    assert.equal(submit.to, to.slice(1));
    assert.deepEqual(
      [submit.pdu.source_addr_ton, submit.pdu.source_addr_npi],
      [1, 1],
      'an international number',
    );
    assert.deepEqual([submit.pdu.dest_addr_ton, submit.pdu.dest_addr_npi], [1, 1]);
    assert.ok(submit.pdu.registered_delivery & 1, 'a receipt is asked for');
    assert.ok(submit.pdu.validity_period, 'the carrier is told how long to try');

    await customer.untilStatus(sent.id, 'sent');
    await smsc.receipt(submit);
    const delivered = await customer.untilStatus(sent.id, 'delivered');
    assert.deepEqual(
      delivered.events.map((event) => event.status),
      ['queued', 'sending', 'sent', 'delivered'],
    );
    for (const { at } of delivered.events) assert.match(at, TIME);
    assert.match(delivered.sent_at, TIME);
    assert.match(delivered.delivered_at, TIME);
    assert.equal(await customer.balance(), before - SEGMENT);
    assert.equal(smsc.submits.length, 1);
  });

  scenario('operators see who carried it, customers see the brand', async (world) => {
    const { customer, number, smsc, carrier, to } = await world.line({}, { makeId: (n) => `npm-${n}` });
    const { id } = await customer.send(number, to, 'Hello');
    const [submit] = await smsc.untilSubmits(1);
    await customer.untilStatus(id, 'sent');

    const seen = await world.operatorView(id);
    assert.equal(seen.carrier_id, carrier.id);
    assert.deepEqual(
      seen.attempts.map((attempt) => [attempt.carrier_id, attempt.carrier_message_id]),
      [[carrier.id, submit.messageId]],
    );

    const shown = await customer.message(id);
    assert.equal(shown.carrier, 'didfarm');
    const text = JSON.stringify(shown);
    assert.ok(!text.includes(submit.messageId) && !text.includes(carrier.name), text);
  });

  scenario('emoji go as UCS-2 in one part', async (world) => {
    const { customer, number, smsc, to } = await world.line();
    const sent = await customer.send(number, to, 'Olé 🙂👩‍👩‍👧 “quoted”');
    assert.deepEqual([sent.segments, sent.encoding], [1, 'ucs2']);
    const [submit] = await smsc.untilSubmits(1);
    assert.equal(submit.dataCoding, UCS2);
    assert.equal(submit.text, sent.body);
  });

  scenario('a carrier whose default alphabet is Latin-1 gets the same text', async (world) => {
    const { customer, number, smsc, to } = await world.line({ default_alphabet: 'latin1' });
    // Both sides must read data_coding 0 the same way.
    smpp.encodings.default = 'LATIN1';
    try {
      const sent = await customer.send(number, to, 'Grüße @ 10 £');
      const [submit] = await smsc.untilSubmits(1);
      assert.equal(submit.text, sent.body);
    } finally {
      smpp.encodings.default = 'ASCII';
    }
  });

  for (const mode of ['transceiver', 'transmitter', 'pair']) {
    scenario(`bound as ${mode}`, async (world) => {
      const customer = await world.customer();
      const number = await world.number(customer);
      const { smsc, carrier } = await world.carrier({ bind_mode: mode });
      if (mode === 'pair') await smsc.untilBound(2);
      const modes = smsc.binds.map((bind) => bind.mode).sort();
      assert.deepEqual(modes, mode === 'pair' ? ['receiver', 'transmitter'] : [mode]);

      const sent = await customer.send(number, await world.route(carrier), 'Hello');
      const [submit] = await smsc.untilSubmits(1);
      await customer.untilStatus(sent.id, 'sent');
      if (mode === 'transmitter') return;
      await smsc.receipt(submit);
      await customer.untilStatus(sent.id, 'delivered');
    });
  }

  scenario('a number of the demo never reaches a carrier', async (world) => {
    const { server } = world;
    const { smsc, carrier } = await world.carrier();
    const to = await world.route(carrier);
    const sent = await server.customer('POST', 'portal/sms/send', {
      from_number_id: server.demo.numbers[0].id,
      to,
      body: 'Simulated',
    });
    assert.equal(sent.status, 201, sent.text);
    const { id } = sent.json.message;
    await until('the simulator delivers it', async () => {
      const { json } = await server.customer('GET', `portal/sms/${id}`);
      return ['delivered', 'failed'].includes(json.message.status);
    });
    assert.equal(smsc.submits.length, 0);
  });

  scenario('many texts at once all arrive, each once, and cost exactly what they should', async (world) => {
    const { customer, number, smsc, to } = await world.line({ window: 50 });
    const before = await customer.balance();
    const texts = Array.from({ length: 100 }, (_, index) => `Text ${index}`);
    const sent = await Promise.all(texts.map((text) => customer.send(number, to, text)));
    assert.equal(new Set(sent.map((message) => message.id)).size, texts.length);

    await smsc.untilSubmits(texts.length);
    assert.deepEqual(smsc.submits.map((submit) => submit.text).sort(), [...texts].sort());
    await Promise.all(smsc.submits.map((submit) => smsc.receipt(submit)));
    for (const { id } of sent) await customer.untilStatus(id, 'delivered');
    assert.equal(smsc.submits.length, texts.length);
    assert.equal(before - (await customer.balance()), SEGMENT * BigInt(texts.length));
    assert.equal(micros(sent[0].price), SEGMENT);
  });
});
