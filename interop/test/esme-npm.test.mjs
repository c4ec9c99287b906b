// npm `smpp` as a client of our server session.

import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';

import smpp from 'smpp';

import { CONCATENATIONS, ENCODINGS, OurSmsc, message } from '../lib/our-smsc.mjs';
import { until } from '../lib/until.mjs';

const FROM = '447700900123';
const TO = '441632960001';
const NUMBERS = {
  source_addr_ton: 1,
  source_addr_npi: 1,
  source_addr: FROM,
  dest_addr_ton: 1,
  dest_addr_npi: 1,
  destination_addr: TO,
};

describe('npm smpp as a client', { timeout: 300_000 }, () => {
  let smsc;
  let session;
  const delivered = [];
  before(async () => {
    smsc = await OurSmsc.start();
    session = await open();
    session.on('deliver_sm', (pdu) => {
      delivered.push(pdu);
      session.send(pdu.response());
    });
    assert.equal((await bind(session, 'transceiver')).command_status, 0);
  });
  after(async () => {
    session?.destroy();
    await smsc?.stop();
  });

  async function open() {
    const made = smpp.connect({ host: '127.0.0.1', port: smsc.port });
    made.on('error', () => {});
    await new Promise((done) => {
      made.once('connect', done);
    });
    return made;
  }

  function ask(over, command, fields = {}) {
    let closed;
    return new Promise((done, failed) => {
      closed = () => failed(new Error(`the connection closed before ${command} was answered`));
      over.once('close', closed);
      over[command](fields, done);
    }).finally(() => over.off('close', closed));
  }

  function bind(over, mode, { password = smsc.password } = {}) {
    return ask(over, `bind_${mode}`, { system_id: smsc.systemId, password });
  }

  /** Submits, and answers what the server read. */
  async function submit(fields, command = 'submit_sm') {
    const already = smsc.of(command).length;
    const answer = await ask(session, command, { ...NUMBERS, ...fields });
    const seen = await smsc.untilEvent(command, already + 1);
    assert.equal(answer.command_status, 0);
    assert.equal(answer.message_id, seen.id);
    assert.deepEqual([seen.source, seen.destination],
      [{ ton: 1, npi: 1, address: FROM }, { ton: 1, npi: 1, address: TO }]);
    return seen;
  }

  for (const [name, { dataCoding, text, octets, unread }] of Object.entries(ENCODINGS)) {
    const written = text ?? octets;
    test(`${name}: submitted, receipted, and delivered`, async () => {
      const seen = await submit({ data_coding: dataCoding, short_message: written, registered_delivery: 1 });
      assert.equal(seen.data_coding, dataCoding);
      assert.equal(seen.text, octets.toString('hex'));

      const already = delivered.length;
      await smsc.receipt(seen.id);
      const receipt = delivered[already];
      assert.equal(receipt.esm_class, 4);
      assert.equal(receipt.receipted_message_id, seen.id);
      assert.equal(receipt.message_state, 2);
      assert.match(receipt.short_message.message, new RegExp(`^id:${seen.id} .*stat:DELIVRD err:000`));

      await smsc.ask('deliver_sm', { message: message({ from: TO, to: FROM, octets, dataCoding }) });
      const got = delivered[already + 1].short_message.message;
      if (!unread) assert.deepEqual(got, text ?? octets);
    });

    test(`${name} in message_payload, both ways, by submit_sm and data_sm`, async () => {
      const long = Buffer.concat(Array.from({ length: 40 }, () => octets));
      const given = text ? text.repeat(40) : long;
      for (const command of ['submit_sm', 'data_sm']) {
        const fields = { data_coding: dataCoding, message_payload: given };
        const seen = await submit(fields, command);
        assert.equal(seen.short_message, '');
        assert.equal(seen.text, long.toString('hex'), command);
      }
      const already = delivered.length;
      await smsc.ask('deliver_sm', { message: message({ from: TO, to: FROM, octets: long, dataCoding, payload: true }) });
      if (!unread) assert.deepEqual(delivered[already].message_payload.message, given);
    });

    for (const [by, place] of Object.entries(CONCATENATIONS)) {
      test(`${name} in two parts by ${by}, both ways`, async () => {
        for (const number of [1, 2]) {
          const { header, sar } = place(number);
          const reference = header?.[0] === 5 ? 0x4d : 0x1234;
          const fields = { data_coding: dataCoding };
          // The library encodes a text itself only where no header stands before it.
          fields.short_message = header ? Buffer.concat([Buffer.from(header), octets]) : written;
          if (header) fields.esm_class = 0x40;
          if (sar) {
            [fields.sar_msg_ref_num, fields.sar_total_segments, fields.sar_segment_seqnum] = sar;
          }
          const seen = await submit(fields);
          assert.deepEqual(seen.part, { reference, total: 2, number });
          assert.equal(seen.text, octets.toString('hex'));

          const already = delivered.length;
          await smsc.ask('deliver_sm', {
            message: message({ from: TO, to: FROM, octets, dataCoding, header, sar }),
          });
          const pdu = delivered[already];
          if (!unread) assert.deepEqual(pdu.short_message.message, text ?? octets);
          if (header) assert.deepEqual(Buffer.concat(pdu.short_message.udh), Buffer.from(header.slice(1)));
          else assert.deepEqual([pdu.sar_msg_ref_num, pdu.sar_total_segments, pdu.sar_segment_seqnum], sar);
        }
      });
    }
  }

  test('a receipt of failure, a data_sm and an alert arrive', async () => {
    const seen = await submit({ short_message: 'x', registered_delivery: 1 });
    const already = delivered.length;
    await smsc.receipt(seen.id, 'UNDELIV', '00B');
    assert.equal(delivered[already].message_state, 5);

    const others = [];
    session.on('data_sm', (pdu) => {
      others.push(pdu);
      session.send(pdu.response());
    });
    session.on('alert_notification', (pdu) => others.push(pdu));
    const octets = Buffer.from('by other means');
    await smsc.ask('data_sm', { message: message({ from: TO, to: FROM, octets, payload: true }) });
    smsc.tell('alert_notification', { source: { address: TO }, esme: { address: FROM } });
    await until('both came', () => others.length === 2);
    assert.equal(others[0].message_payload.message, 'by other means');
    assert.deepEqual([others[1].source_addr, others[1].esme_addr], [TO, FROM]);
  });

  test('query, replace and cancel', async () => {
    const { id } = await submit({ short_message: 'first' });
    const source = { source_addr_ton: 1, source_addr_npi: 1, source_addr: FROM };
    const query = () => ask(session, 'query_sm', { ...source, message_id: id });
    assert.equal((await query()).message_state, 1);
    const replaced = await ask(session, 'replace_sm', { ...source, message_id: id, short_message: 'second' });
    assert.equal(replaced.command_status, 0);
    assert.equal(smsc.of('replace_sm').at(-1).short_message, Buffer.from('second').toString('hex'));
    assert.equal((await ask(session, 'cancel_sm', { ...NUMBERS, message_id: id })).command_status, 0);
    assert.equal((await query()).message_state, 4);
    for (const [command, status] of [['query_sm', 0x67], ['replace_sm', 0x13], ['cancel_sm', 0x11]]) {
      const answer = await ask(session, command, { ...NUMBERS, ...source, message_id: 'none' });
      assert.equal(answer.command_status, status, command);
      assert.equal(answer.command, `${command}_resp`);
    }
  });

  test('a refused submit says why, and the next one is taken', async () => {
    smsc.tell('answer_next', { status: 0x58 });
    // A command and a PDU come by different ways: the question after it has the order.
    const refused = await until('it is refused', async () => {
      const answer = await ask(session, 'submit_sm', { ...NUMBERS, short_message: 'x' });
      return answer.command_status ? answer : undefined;
    });
    assert.deepEqual([refused.command, refused.command_status], ['submit_sm_resp', 0x58]);
    await submit({ short_message: 'y' });
  });

  test('enquire_link; an operation that nobody knows; a second bind', async () => {
    assert.equal((await ask(session, 'enquire_link')).command_status, 0);
    const unknown = await ask(session, 'broadcast_sm', {});
    assert.deepEqual([unknown.command, unknown.command_status], ['generic_nack', 0x03]);
    const again = await bind(session, 'transceiver');
    assert.deepEqual([again.command, again.command_status], ['bind_transceiver_resp', 0x05]);
  });

  test('a transmitter sends, a receiver receives, and neither does the other', async () => {
    const [transmitter, receiver] = [await open(), await open()];
    assert.equal((await bind(transmitter, 'transmitter')).command_status, 0);
    assert.equal((await bind(receiver, 'receiver')).command_status, 0);
    const text = { ...NUMBERS, short_message: 'x' };
    assert.equal((await ask(transmitter, 'submit_sm', text)).command_status, 0);
    const wrong = await ask(receiver, 'submit_sm', text);
    assert.deepEqual([wrong.command, wrong.command_status], ['submit_sm_resp', 0x04]);
    const came = new Promise((done) => {
      receiver.once('deliver_sm', (pdu) => {
        receiver.send(pdu.response());
        done(pdu);
      });
    });
    await smsc.ask('deliver_sm', { message: message({ from: TO, to: FROM, octets: Buffer.from('to the receiver') }) });
    assert.equal((await came).short_message.message, 'to the receiver');
    for (const one of [transmitter, receiver]) {
      const closed = new Promise((done) => {
        one.once('close', done);
      });
      assert.equal((await new Promise((done) => one.unbind(done))).command, 'unbind_resp');
      await closed;
    }
  });

  test('a wrong password is refused, and a request before the bind', async () => {
    const stranger = await open();
    const early = await ask(stranger, 'submit_sm', { ...NUMBERS, short_message: 'x' });
    assert.deepEqual([early.command, early.command_status], ['submit_sm_resp', 0x04]);
    const answer = await bind(stranger, 'transceiver', { password: 'wrong' });
    assert.equal(answer.command_status, smpp.ESME_RINVPASWD);
    await new Promise((done) => {
      stranger.once('close', done);
    });
  });

  test('a PDU that is too long ends its own session and no other', async () => {
    const one = await open();
    assert.equal((await bind(one, 'transceiver')).command_status, 0);
    const closed = new Promise((done) => {
      one.once('close', done);
    });
    const nack = new Promise((done) => {
      one.once('generic_nack', done);
    });
    const header = Buffer.alloc(16);
    header.writeUInt32BE(65_537, 0);
    header.writeUInt32BE(4, 4);
    one.socket.write(header);
    assert.equal((await nack).command_status, 0x02);
    await closed;
    await submit({ short_message: 'still here' });
  });

  test('outbind: the server calls, the client binds on that connection', async () => {
    const listener = smpp.createServer();
    await new Promise((done) => {
      listener.listen(0, '127.0.0.1', done);
    });
    const called = new Promise((done) => {
      listener.once('session', (one) => {
        one.on('error', () => {});
        one.once('outbind', (pdu) => done([one, pdu]));
      });
    });
    smsc.tell('outbind', { port: listener.address().port });
    const [one, outbind] = await called;
    assert.deepEqual([outbind.system_id, outbind.password], [smsc.systemId, smsc.password]);
    assert.equal((await bind(one, 'receiver')).command_status, 0);
    one.destroy();
    await new Promise((done) => {
      listener.close(done);
    });
  });

  test('a quiet client is asked whether it is there, and told goodbye', async () => {
    const strict = await OurSmsc.start({ enquireLinkMs: 100 });
    const one = smpp.connect({ host: '127.0.0.1', port: strict.port });
    one.on('error', () => {});
    let asked = 0;
    one.on('enquire_link', (pdu) => {
      asked += 1;
      one.send(pdu.response());
    });
    await new Promise((done) => {
      one.once('connect', done);
    });
    await ask(one, 'bind_transceiver', { system_id: strict.systemId, password: strict.password });
    await until('it was asked three times', () => asked >= 3);
    assert.equal(strict.of('down').length, 0);
    strict.tell('unbind');
    const goodbye = new Promise((done) => {
      one.once('unbind', (pdu) => {
        one.send(pdu.response());
        done();
      });
    });
    await goodbye;
    await strict.untilEvent('down');
    await strict.stop();
  });

  test('garbage on a new connection is answered, and hurts nobody', async () => {
    const socket = net.connect(smsc.port, '127.0.0.1');
    const read = new Promise((done) => {
      socket.once('data', done);
    });
    socket.write('GET / HTTP/1.1\r\n');
    assert.equal((await read).toString('hex'), '00000010800000000000000200000000');
    socket.destroy();
    await submit({ short_message: 'fine' });
  });
});
