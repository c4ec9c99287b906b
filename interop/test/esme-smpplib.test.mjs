// PyPI's smpplib as a client of our server session.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';

import { CONCATENATIONS, ENCODINGS, OurSmsc, message } from '../lib/our-smsc.mjs';
import { until } from '../lib/until.mjs';

const PYTHON = new URL('../.venv/bin/python', import.meta.url).pathname;
const SCRIPT = new URL('../lib/smpplib_esme.py', import.meta.url).pathname;

const FROM = '447700900123';
const TO = '441632960001';
const SOURCE = { source_addr_ton: 1, source_addr_npi: 1, source_addr: FROM };
const NUMBERS = { ...SOURCE, dest_addr_ton: 1, dest_addr_npi: 1, destination_addr: TO };

class Esme {
  said = [];

  constructor(smsc, { mode = 'transceiver', password = smsc.password } = {}) {
    this.child = spawn(PYTHON, [SCRIPT, smsc.port, smsc.systemId, password, mode], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.ended = new Promise((done) => {
      this.child.once('close', done);
    });
    createInterface(this.child.stdout).on('line', (line) => this.said.push(JSON.parse(line)));
  }

  tell(command, fields = {}) {
    this.child.stdin.write(`${JSON.stringify({ do: command, ...fields })}\n`);
  }

  of(command) {
    return this.said.filter((one) => one.command === command);
  }

  async until(command, n = 1) {
    await until(`${n} × ${command}; it said ${JSON.stringify(this.said.slice(-3))}`,
      () => this.of(command).length >= n);
    return this.of(command)[n - 1];
  }

  async ask(command, fields, answered = `${command}_resp`) {
    const already = this.of(answered).length;
    this.tell(command, fields);
    return this.until(answered, already + 1);
  }
}

describe('smpplib as a client', { timeout: 300_000 }, () => {
  let smsc;
  let esme;
  before(async () => {
    smsc = await OurSmsc.start();
    esme = new Esme(smsc);
    assert.equal((await esme.until('bind_transceiver_resp')).status, 0);
  });
  after(async () => {
    esme?.child.stdin.end();
    await esme?.ended;
    await smsc?.stop();
  });

  async function submitted(fields) {
    const already = smsc.of('submit_sm').length;
    const answer = await esme.ask('submit_sm', { ...NUMBERS, ...fields });
    const seen = await smsc.untilEvent('submit_sm', already + 1);
    assert.deepEqual([answer.status, answer.message_id], [0, seen.id]);
    return seen;
  }

  async function delivered(fields) {
    const already = esme.of('deliver_sm').length;
    await smsc.ask('deliver_sm', { message: message({ from: TO, to: FROM, ...fields }) });
    return esme.until('deliver_sm', already + 1);
  }

  for (const [name, { dataCoding, octets }] of Object.entries(ENCODINGS)) {
    const hex = octets.toString('hex');
    test(`${name}: submitted, receipted, delivered, and in message_payload`, async () => {
      const seen = await submitted({ short_message: hex, data_coding: dataCoding, registered_delivery: 1 });
      assert.deepEqual([seen.data_coding, seen.text], [dataCoding, hex]);
      const already = esme.of('deliver_sm').length;
      await smsc.receipt(seen.id);
      const receipt = await esme.until('deliver_sm', already + 1);
      assert.deepEqual([receipt.receipted_message_id, receipt.message_state, receipt.esm_class], [seen.id, 2, 4]);
      assert.equal((await delivered({ octets, dataCoding })).short_message, hex);

      const long = Buffer.concat(Array.from({ length: 40 }, () => octets));
      const whole = await submitted({ short_message: '', message_payload: long.toString('hex'), data_coding: dataCoding });
      assert.deepEqual([whole.short_message, whole.text], ['', long.toString('hex')]);
      const came = await delivered({ octets: long, dataCoding, payload: true });
      assert.equal(came.message_payload, long.toString('hex'));
    });

    for (const [by, place] of Object.entries(CONCATENATIONS)) {
      test(`${name} in two parts by ${by}, both ways`, async () => {
        for (const number of [1, 2]) {
          const { header, sar } = place(number);
          const content = Buffer.concat([Buffer.from(header ?? []), octets]).toString('hex');
          const fields = { short_message: content, data_coding: dataCoding, esm_class: header ? 0x40 : 0 };
          if (sar) [fields.sar_msg_ref_num, fields.sar_total_segments, fields.sar_segment_seqnum] = sar;
          const seen = await submitted(fields);
          assert.deepEqual(seen.part, { reference: header?.[0] === 5 ? 0x4d : 0x1234, total: 2, number });
          assert.equal(seen.text, hex);
          const came = await delivered({ octets, dataCoding, header, sar });
          assert.equal(came.short_message, content);
          if (sar) assert.deepEqual([came.sar_msg_ref_num, came.sar_total_segments, came.sar_segment_seqnum], sar);
        }
      });
    }
  }

  // What the library itself makes of a long text.
  for (const [coding, sample, read] of [
    [0, 'Gruß €', (octets) => octets.toString('hex').replaceAll('4772751e201b65', 'Gruß €')],
    [3, 'Gr\u00fc\u00dfe', (octets) => octets.toString('latin1')],
    [8, 'Привет 🙂', (octets) => Buffer.from(octets).swap16().toString('utf16le')],
  ]) {
    for (const udh of [true, false]) {
      const by = udh ? 'UDH' : 'SAR';
      test(`a long text that the library divides, data_coding ${coding}, by ${by}`, async () => {
        const text = sample.repeat(40);
        const already = smsc.of('submit_sm').length;
        const answered = esme.of('submit_sm_resp').length;
        esme.tell('text', { ...NUMBERS, text, coding, udh });
        await smsc.untilEvent('submit_sm', already + 2);
        const total = smsc.of('submit_sm')[already].part.total;
        await smsc.untilEvent('submit_sm', already + total);
        // The next test must not take one of these answers for its own.
        await esme.until('submit_sm_resp', answered + total);
        const parts = smsc.of('submit_sm').slice(already);
        assert.deepEqual(parts.map((one) => one.part.number), Array.from({ length: total }, (_, at) => at + 1));
        const octets = Buffer.from(parts.map((one) => one.text).join(''), 'hex');
        assert.equal(read(octets), text);
      });
    }
  }

  test('a receipt of failure, a query, and a query of what is not there', async () => {
    const seen = await submitted({ short_message: '41', registered_delivery: 1 });
    const already = esme.of('deliver_sm').length;
    await smsc.receipt(seen.id, 'UNDELIV', '00B');
    assert.equal((await esme.until('deliver_sm', already + 1)).message_state, 5);
    const query = { ...SOURCE, message_id: seen.id };
    assert.equal((await esme.ask('query_sm', query)).message_state, 5);
    assert.equal((await esme.ask('query_sm', { ...query, message_id: 'none' })).status, 0x67);
  });

  test('binds: a transmitter, a receiver, a wrong password; and goodbye', async () => {
    for (const mode of ['transmitter', 'receiver']) {
      const one = new Esme(smsc, { mode });
      await one.until(`bind_${mode}_resp`);
      one.tell('unbind');
      await one.until('unbind_resp');
      assert.equal(await one.ended, 0);
    }
    const stranger = new Esme(smsc, { password: 'wrong' });
    assert.match((await stranger.until('failed')).error, /password/i);
    await stranger.ended;
  });
});
