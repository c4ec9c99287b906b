// The disk is full: nothing is accepted or acknowledged, and all goes on when there is room.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, open as openFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { until } from '../../interop/lib/until.mjs';
import { LONG, faults } from '../lib/site.mjs';

const run = promisify(execFile);

/** It is tidied from 64 MiB on, and grows meanwhile. */
const LOG_MAX = 128 * 1024 * 1024;

const ROUNDS = LONG ? 20 : 3;

const asRoot = (...command) => {
  const [program, ...rest] = process.getuid() === 0 ? command : ['sudo', '-n', ...command];
  return run(program, rest);
};

/**
 * A small file system in memory, which `fill` fills to the last octet. The
 * log alone grows to 64 MiB before it is tidied.
 */
async function smallDisk(body) {
  const mount = await mkdtemp(join(tmpdir(), 'didfarm-disk-'));
  await asRoot('mount', '-t', 'tmpfs', '-o', 'size=160m,mode=0777', 'tmpfs', mount).catch((error) => {
    throw new Error(`a small file system cannot be mounted, and this test needs one (root, or sudo): ${error.stderr}`);
  });
  const ballast = join(mount, 'ballast');
  const disk = {
    dataDir: join(mount, 'data'),
    async fill() {
      const file = await openFile(ballast, 'a');
      try {
        const block = Buffer.alloc(64 * 1024);
        const write = (octets) => file.write(octets).then(({ bytesWritten }) => bytesWritten);
        for (let octets = block.length; octets >= 512; octets /= 2) {
          try {
            while (await write(block.subarray(0, octets)));
          } catch (error) {
            assert.equal(error.code, 'ENOSPC');
          }
        }
      } finally {
        await file.close();
      }
    },
    free: () => rm(ballast),
  };
  try {
    await mkdir(disk.dataDir);
    return await body(disk);
  } finally {
    await asRoot('umount', '--lazy', mount);
    await rm(mount, { recursive: true, force: true });
  }
}

faults(`the disk is full ${ROUNDS} times (sqlite)`, ({ open }) =>
  smallDisk(async (disk) => {
    const site = await open('sqlite', { dataDir: disk.dataDir, load: { mayRefuse: [503] } });
    const { server, load, customer, number, smsc } = site;
    load.start({ keyed: 3, plain: 2, batches: 1 });
    const counts = { putOff: 0, notAcknowledged: 0 };
    for (let n = 0; n < ROUNDS; n += 1) {
      await load.more(200);
      await disk.fill();
      // What is there may still take a few; filling goes on until nothing does.
      const sent = { from_number_id: number.id, to: `+44163296200${n}`, body: 'No room for this' };
      const send = () => customer.call('POST', 'portal/sms/send', sent);
      const answer = await until('a send is put off', async () => {
        await disk.fill();
        const tried = await customer.call('POST', 'portal/sms/send', {
          ...sent, to: load.note(sent.body).to,
        });
        return tried.status === 201 ? undefined : tried;
      });
      assert.equal(answer.status, 503, answer.text);
      assert.ok(Number(answer.headers.get('retry-after')) >= 1);
      assert.equal((await send()).status, 503);
      counts.putOff += 2;
      const before = load.refusedDeliveries ?? 0;
      const text = smsc.inboundFields({ from: '+441632960998', to: number.number, text: `Full ${n}` });
      const refused = await smsc.deliver(text);
      assert.notEqual(refused.command_status, 0, 'an inbound text is not acknowledged as stored');
      const [submit] = smsc.submits;
      const again = await smsc.deliver(smsc.receiptFields(submit));
      assert.notEqual(again.command_status, 0, 'a receipt is not acknowledged as stored');
      counts.notAcknowledged += 2 + (load.refusedDeliveries ?? 0) - before;
      assert.ok(server.running);
      await disk.free();
      await until('it takes messages again', async () => (await customer.call('GET', 'portal/wallet')).status === 200
        && (await customer.call('POST', 'portal/sms/send', { ...sent, to: load.note(sent.body).to })).status === 201);
      await server.audit();
    }
    await load.more(200);
    const found = await site.conclude();
    const log = await stat(join(disk.dataDir, 'didfarm.db-wal'));
    assert.ok(log.size < LOG_MAX, `the log is tidied: ${log.size} octets`);
    await site.close();
    return { rounds: ROUNDS, ...counts, ...found };
  }));
