// The disk is full: nothing is accepted or acknowledged, and all goes on when there is room.

import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { ENGINES } from '../../interop/lib/server.mjs';
import { until } from '../../interop/lib/until.mjs';
import { Postgres } from '../lib/postgres.mjs';
import { LONG, faults } from '../lib/site.mjs';
import { smallDisk } from '../lib/small-disk.mjs';

/** SQLite's log is tidied from 64 MiB on, and grows meanwhile. */
const LOG_MAX = 128 * 1024 * 1024;

const ROUNDS = LONG ? 20 : 3;

/** Fills and frees the disk under load; `revive` is called when there is room again. */
async function fillAndFree(site, disk, rounds, revive = () => {}) {
  const { server, load, customer, number, smsc } = site;
  const counts = { rounds, putOff: 0, notAcknowledged: 0 };
  const send = () => {
    const { to, body } = load.note('No room for this');
    return customer.call('POST', 'portal/sms/send', { from_number_id: number.id, to, body });
  };
  const deliver = async (what, once) => {
    // One that still found its place was stored, and may say so.
    await until(`${what} is not acknowledged as stored`, async () => {
      disk.fill();
      return (await once()) !== 0;
    });
    counts.notAcknowledged += 1;
  };
  let texts = 0;
  const text = async () => {
    texts += 1;
    const body = `Full ${texts}`;
    load.inbound.set(body, false);
    const { command_status: status } = await smsc.deliver(
      smsc.inboundFields({ from: '+441632960998', to: number.number, text: body }),
    );
    load.inbound.set(body, status === 0);
    return status;
  };
  const receipt = async () => (await smsc.deliver(smsc.receiptFields(smsc.submits[0]))).command_status;
  load.start({ keyed: 3, plain: 2, batches: 1 });
  for (let n = 0; n < rounds; n += 1) {
    await load.more(200, { seconds: 120 });
    // What has its place already may still take a few; filling goes on until nothing does.
    const answer = await until('a send is put off', async () => {
      disk.fill();
      const tried = await send();
      return tried.status === 201 ? undefined : tried;
    }, { seconds: 120 });
    assert.equal(answer.status, 503, answer.text);
    assert.ok(Number(answer.headers.get('retry-after')) >= 1);
    counts.putOff += 1;
    await deliver('an inbound text', text);
    await deliver('a receipt', receipt);
    assert.ok(server.running, 'the server goes on');
    await disk.free();
    await revive();
    await until('it takes messages again', async () => (await send()).status === 201, { seconds: 120 });
    await server.audit();
  }
  await load.more(200, { seconds: 120 });
  return { ...counts, ...(await site.conclude()) };
}

const LOAD = { mayRefuse: [503] };

faults(`the disk is full ${ROUNDS} times (sqlite)`, ({ open }) =>
  smallDisk(160, async (disk) => {
    const dataDir = join(disk.path, 'data');
    const site = await open('sqlite', { dataDir, load: LOAD });
    try {
      const found = await fillAndFree(site, disk, ROUNDS);
      const log = await stat(join(dataDir, 'didfarm.db-wal'));
      assert.ok(log.size < LOG_MAX, `the log is tidied: ${log.size} octets`);
      return found;
    } finally {
      await site.close();
    }
  }));

if (ENGINES.includes('postgres')) {
  faults('the disk is full under PostgreSQL', ({ open }) =>
    smallDisk(256, async (disk) => {
      const postgres = await Postgres.start(['min_wal_size = 32MB', 'max_wal_size = 64MB'], disk.path);
      let site;
      try {
        site = await open('postgres', { databaseUrl: postgres.url(), load: LOAD });
        // It may have given up over its log.
        return await fillAndFree(site, disk, LONG ? 10 : 1, () => postgres.open());
      } finally {
        await site?.close();
        await postgres.dispose();
      }
    }));
}
