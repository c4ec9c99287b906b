// PostgreSQL dies, loses its connections, or is cut off in the middle of a commit.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ENGINES, Server } from '../../interop/lib/server.mjs';
import { generator } from '../lib/load.mjs';
import { Postgres } from '../lib/postgres.mjs';
import { CommitCutter } from '../lib/proxy.mjs';
import { LONG, SEED, faults } from '../lib/site.mjs';

const RESTARTS = LONG ? 50 : 5;
const TERMINATIONS = LONG ? 300 : 30;
const CUTS = LONG ? 600 : 60;

async function withPostgres(settings, body) {
  const postgres = await Postgres.start(settings);
  try {
    return await body(postgres);
  } finally {
    await postgres.dispose();
  }
}

async function withCutter(postgres, body) {
  const proxy = await CommitCutter.start(postgres.port);
  try {
    return await body(proxy);
  } finally {
    await proxy.close();
  }
}

/** While the database is gone, a send may be put off, never accepted or broken. */
const LOAD = { mayRefuse: [503] };

if (ENGINES.includes('postgres')) {
  faults(`PostgreSQL killed and restarted ${RESTARTS} times under load`, ({ open }) =>
    withPostgres([], async (postgres) => {
      const site = await open('postgres', { databaseUrl: postgres.url(), load: LOAD });
      const { server, load, customer, number } = site;
      const random = generator(SEED);
      load.start();
      let putOff = 0;
      for (let n = 0; n < RESTARTS; n += 1) {
        await load.more(50 + Math.floor(random() * 300), { seconds: 120 });
        await postgres.kill();
        const sent = { from_number_id: number.id, to: '+441632961000', body: 'Nobody stores this' };
        const answer = await customer.call('POST', 'portal/sms/send', sent);
        assert.equal(answer.status, 503, answer.text);
        assert.equal(answer.json.error.code, 'unavailable');
        assert.ok(Number(answer.headers.get('retry-after')) >= 1, 'Retry-After');
        putOff += 1;
        await postgres.open();
      }
      await load.more(200, { seconds: 120 });
      assert.ok(server.running, 'the server went on');
      const found = await site.conclude({ seconds: 300 });
      return { restarts: RESTARTS, putOff, ...found };
    }));

  faults(`backends terminated ${TERMINATIONS} times, and ${CUTS} connections cut inside COMMIT`, ({ open }) =>
    withPostgres([], (postgres) => withCutter(postgres, async (proxy) => {
      const site = await open('postgres', { databaseUrl: postgres.url(proxy.port), load: LOAD });
      const { load } = site;
      const random = generator(SEED);
      load.start();
      let terminated = 0;
      for (let n = 0; n < TERMINATIONS; n += 1) {
        await load.more(1 + Math.floor(random() * 60), { seconds: 120 });
        terminated += Number(await postgres.sql(
          `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
           WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND query = 'COMMIT'`,
        ));
      }
      let armed = 0;
      proxy.cutWhen(() => {
        if (armed === 0) return undefined;
        armed -= 1;
        return random() < 0.7 ? 'after' : 'before';
      });
      for (let n = 0; n < CUTS; n += 1) {
        armed = 1;
        await load.more(1 + Math.floor(random() * 60), { seconds: 120 });
      }
      proxy.cutWhen(() => undefined);
      await load.more(200, { seconds: 120 });
      const found = await site.conclude({ seconds: 300 });
      assert.ok(terminated > 0 && proxy.cuts.after > 0 && proxy.cuts.before > 0);
      return { terminated, cuts: proxy.cuts, ...found };
    })));

  for (const setting of ['fsync', 'synchronous_commit']) {
    test(`PostgreSQL with ${setting} = off is refused, and taken with --unsafe`, () =>
      withPostgres([`${setting} = off`], async (postgres) => {
        const server = await Server.prepare('postgres', { databaseUrl: postgres.url() });
        try {
          await assert.rejects(server.launch(), /didfarm does not start: it ended with 1\n/);
          const lines = server.log().split('\n').filter((line) => line.startsWith('didfarm: '));
          assert.equal(lines.length, 1, server.log());
          assert.match(lines[0], new RegExp(`${setting} = off.*--unsafe`));
          server.options = ['--unsafe'];
          await server.launch();
          await server.terminate();
        } finally {
          await server.dispose();
        }
      }));
  }
}
