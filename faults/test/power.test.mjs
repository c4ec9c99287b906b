// The power goes: what was not synced is lost in part, in whole, or torn.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

import { Disk, readRecords } from '../lib/disk.mjs';
import { generator } from '../lib/load.mjs';
import { LONG, SEED, faults } from '../lib/site.mjs';
import { Server } from '../../interop/lib/server.mjs';

const run = promisify(execFile);
const here = (name) => new URL(`../lib/${name}`, import.meta.url).pathname;

const LOSSES = LONG ? 2_000 : 200;

/** Of the databases that are left, those that the whole audit reads, and a server goes on with. */
const AUDITED_EVERY = LONG ? 5 : 20;
const SERVED_EVERY = LONG ? 100 : 100;

/** Enough commits that the log is tidied into the database, and begins again. */
const PROGRESS = 9_000;

const absent = (error) => {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
};

async function record(open, folder, options) {
  const library = join(folder, 'record.so');
  await run('cc', ['-O2', '-shared', '-fPIC', '-o', library, here('record.c'), '-ldl', '-pthread']);
  const site = await open('sqlite', options);
  const { server, load } = site;
  await server.terminate();
  const database = join(server.dataDir, 'didfarm.db');
  const before = {
    database: await readFile(database),
    log: await readFile(`${database}-wal`).catch(absent),
  };
  const records = join(folder, 'records');
  await server.launch({ env: { LD_PRELOAD: library, FAULTS_RECORD: records, FAULTS_DATABASE: database } });
  load.start({ keyed: 2, plain: 2, batches: 1, watch: false });
  await load.more(PROGRESS, { seconds: 300 });
  await server.kill();
  await server.launch();
  await site.conclude({ terminal: false });
  return { site, before, records: await readRecords(records) };
}

/** Python's SQLite, one process for all: `look(database, ids)`. */
async function withPython(body) {
  const python = spawn('/usr/bin/python3', [here('found.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
  try {
    return await body(async (database, ids) => {
      python.stdin.write(`${database} ${ids}\n`);
      const { value, done } = await lines.next();
      assert.ok(!done, 'python answers');
      return JSON.parse(value);
    });
  } finally {
    python.stdin.end();
  }
}

/** Loses the power at random moments; answers what was missing and what was broken. */
async function lose({ site, before, records, folder, losses }, look) {
  const random = generator(SEED);
  // Half of them right after an answer was given.
  const answers = records.flatMap(({ kind }, index) => (kind === 'R' ? [index + 1] : []));
  const moments = Array.from({ length: losses }, (_, n) =>
    n % 2 ? answers[Math.floor(random() * answers.length)] : Math.floor(random() * records.length),
  ).sort((one, other) => one - other);
  const disk = new Disk(records, before);
  const found = { losses, unsynced: 0, answered: 0, stored: 0, missing: 0, broken: 0, audited: 0, served: 0 };
  const left = join(folder, 'didfarm.db');
  for (const [n, moment] of moments.entries()) {
    disk.advance(moment);
    const { database, log } = disk.lost(random);
    await rm(`${left}-shm`, { force: true });
    await rm(`${left}-wal`, { force: true });
    await writeFile(left, database);
    if (log) await writeFile(`${left}-wal`, log);
    await writeFile(join(folder, 'ids.json'), JSON.stringify([...disk.answered]));
    let audit = '';
    if (n % AUDITED_EVERY === 0) {
      audit = await run(site.server.binary, ['audit', '--data-dir', folder]).then(() => '', ({ stdout }) => stdout);
      found.audited += 1;
    }
    const { integrity, missing, stored } = await look(left, join(folder, 'ids.json'));
    found.unsynced += disk.unsynced;
    found.stored = stored;
    found.missing += missing.length;
    if (missing.length || integrity.join() !== 'ok' || audit) {
      found.broken += 1;
      found.first ??= { moment, integrity: integrity.slice(0, 3), missing: missing.slice(0, 5), audit };
    }
    if (n % SERVED_EVERY === SERVED_EVERY - 1) {
      const dataDir = await mkdtemp(join(folder, 'served-'));
      await copyFile(left, join(dataDir, 'didfarm.db'));
      await copyFile(`${left}-wal`, join(dataDir, 'didfarm.db-wal')).catch(absent);
      await copyFile(join(site.server.dataDir, 'demo.json'), join(dataDir, 'demo.json'));
      const server = await Server.start('sqlite', { dataDir });
      await server.audit();
      await server.dispose();
      found.served += 1;
    }
  }
  found.answered = disk.answered.size;
  return found;
}

/** In memory when there is room: 200 times up to 100 MiB are written. */
async function parent() {
  const memory = await statfs('/dev/shm').catch(absent);
  return memory && memory.bavail * memory.bsize > 2 ** 31 ? '/dev/shm' : tmpdir();
}

async function inFolder(body) {
  const folder = await mkdtemp(join(await parent(), 'didfarm-power-'));
  try {
    return await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

faults(`the power goes ${LOSSES} times (sqlite)`, ({ open }) =>
  inFolder(async (folder) => {
    const recorded = await record(open, folder);
    const tidied = recorded.records.filter(({ kind, file }) => kind === 'E' && file === 'd').length;
    assert.ok(tidied > 0, 'the log was tidied into the database at least once');
    const found = await withPython((look) => lose({ ...recorded, folder, losses: LOSSES }, look));
    assert.equal(found.broken, 0, JSON.stringify(found));
    return { ...found, tidied };
  }));

faults('the same test finds losses where nothing is synced (--unsafe)', ({ open }) =>
  inFolder(async (folder) => {
    const recorded = await record(open, folder, { serve: ['--unsafe'] });
    const found = await withPython((look) => lose({ ...recorded, folder, losses: 10 }, look));
    assert.ok(found.broken > 0, JSON.stringify(found));
    return found;
  }));
