// The server is killed by, or fails, the N-th system call of a thread.

import assert from 'node:assert/strict';

import { ENGINES } from '../../interop/lib/server.mjs';
import { until } from '../../interop/lib/until.mjs';
import { LONG, faults } from '../lib/site.mjs';
import { injecting, needStrace } from '../lib/strace.mjs';

/** The N-th call of a thread; small ones fall into the start. */
const NTH = LONG
  ? Array.from({ length: 24 }, (_, step) => Math.ceil(1.28 ** step))
  : [1, 2, 5, 12, 30, 75];

/** Calls by engine: where PostgreSQL keeps the data, the server itself syncs nothing. */
const CALLS = {
  sqlite: ['pwrite64', 'fsync,fdatasync', 'sendto', 'write', 'writev'],
  postgres: ['sendto', 'write', 'writev'],
};

/** A call that does not come under load is given up after this. */
const GIVEN_UP_SECONDS = LONG ? 20 : 4;

for (const engine of ENGINES) {
  faults(`killed at the N-th system call (${engine})`, async ({ open }) => {
    await needStrace();
    const site = await open(engine);
    const { server, load } = site;
    load.start({ keyed: 3, plain: 2, batches: 1 });
    const kills = {};
    for (const calls of CALLS[engine]) {
      kills[calls] = 0;
      for (const nth of NTH) {
        await server.kill();
        await site.takeLeases();
        // It may be killed before it listens.
        await server.launch({ under: injecting(calls, `signal=KILL:when=${nth}`) }).catch((error) => {
          assert.match(error.message, /it ended with SIGKILL/);
        });
        await until('the call', () => !server.running, { seconds: GIVEN_UP_SECONDS }).catch(() => {});
        if (!server.running) {
          assert.equal((await server.ended()).signal, 'SIGKILL');
          kills[calls] += 1;
        }
      }
      await server.audit();
      assert.ok(kills[calls] > 1, `${calls} killed the server more than once`);
    }
    await server.kill();
    await site.takeLeases();
    await server.launch();
    const found = await site.conclude({ resends: false });
    return { kills, ...found };
  });
}

faults('a sync that fails ends the process at once, and the next start has everything', async ({ open }) => {
  await needStrace();
  const site = await open('sqlite');
  const { server, load } = site;
  load.start({ keyed: 3, plain: 2, batches: 1 });
  let aborted = 0;
  for (const nth of LONG ? NTH : [3, 10, 40]) {
    await load.more(50);
    await server.kill();
    // Once only: a second try would be told that all is well.
    await server.launch({ under: injecting('fsync,fdatasync', `error=EIO:when=${nth}`) }).catch((error) => {
      assert.match(error.message, /it ended with SIGABRT/);
    });
    await until('the server stops', () => !server.running, { seconds: 30 });
    assert.equal((await server.ended()).signal, 'SIGABRT', server.log());
    assert.match(server.log(), /could not be synced; stopping at once/);
    aborted += 1;
    await server.audit();
    await server.launch();
  }
  const found = await site.conclude({ resends: false });
  return { aborted, ...found };
});
