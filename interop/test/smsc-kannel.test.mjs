// Kannel's drive_smpp as an SMSC: two links, no message ids, no receipts.

import assert from 'node:assert/strict';

import { DriveSmpp } from '../lib/drive-smpp.mjs';
import { success } from '../lib/http.mjs';
import { SEGMENT } from '../lib/money.mjs';
import { onEachEngine } from '../lib/world.mjs';

const MESSAGES = 20;

onEachEngine('drive_smpp', ({ scenario }) => {
  scenario('texts go out by one link, and come in by the other', async (world) => {
    const smsc = await DriveSmpp.start({ messages: MESSAGES });
    let carrier;
    try {
      const settings = { host: '127.0.0.1', port: smsc.port, system_id: 'foo', password: 'bar', bind_mode: 'pair' };
      const asked = { name: 'drive_smpp', kind: 'smpp', enabled: true, settings };
      ({ carrier } = success(await world.server.operator('POST', 'operator/carriers', asked), 201));
      await smsc.untilLogged(/PDU of type bind_transmitter$/, 1);
      await smsc.untilLogged(/PDU of type bind_receiver$/, 1);

      // What comes in is for a number that nobody has: it is answered all the same, and not kept.
      await smsc.untilLogged(/PDU of type deliver_sm_resp/, MESSAGES);

      const customer = await world.customer();
      const number = await world.number(customer);
      const to = await world.route(carrier);
      const before = await customer.balance();
      const sent = [];
      for (let at = 1; at <= MESSAGES; at += 1) sent.push(await customer.send(number, to, `Text no. ${at}.`));
      const submits = await smsc.untilLogged(/submit_sm: short_message = <(.*)>/, MESSAGES);
      assert.deepEqual(submits.map((line) => line[1]).sort(), sent.map((message) => message.body).sort());
      // It was taken, and no receipt will come for it: there is no id to give one for.
      for (const { id } of sent) await customer.untilStatus(id, 'sent');
      assert.equal(before - (await customer.balance()), SEGMENT * BigInt(MESSAGES));
      const { attempts } = await world.operatorView(sent[0].id);
      assert.equal(attempts.length, 1);
      assert.ok(!attempts[0].carrier_message_id, JSON.stringify(attempts));
    } finally {
      if (carrier) await world.server.operator('PATCH', `operator/carriers/${carrier.id}`, { enabled: false });
      await smsc.close();
    }
  });
});
