// Many at once want the same money, or the same message.

import assert from 'node:assert/strict';

import { ENGINES } from '../../interop/lib/server.mjs';
import { until } from '../../interop/lib/until.mjs';
import { generator } from '../lib/load.mjs';
import { LONG, PREFIX, SEED, faults } from '../lib/site.mjs';

const ROUNDS = LONG ? 50 : 5;
const SENDERS = 200;
const AFFORDED = 100;

/** Money for so many messages of one segment. */
const BALANCE = '0.80';

const REPEATS = 50;

const destination = (n) => `${PREFIX}${String(n).padStart(5, '0')}`;

for (const engine of ENGINES) {
  faults(`${SENDERS} senders at once with money for ${AFFORDED}, ${ROUNDS} rounds (${engine})`, async ({ open }) => {
    const site = await open(engine);
    const found = { rounds: ROUNDS, accepted: 0, refused: 0 };
    for (let round = 0; round < ROUNDS; round += 1) {
      const customer = await site.world.customer({ balance: BALANCE, rateLimit: 1_000_000 });
      const number = await site.world.number(customer);
      const answers = await Promise.all(Array.from({ length: SENDERS }, (_, n) =>
        customer.call('POST', 'portal/sms/send', { from_number_id: number.id, to: destination(n), body: `Of ${SENDERS}` })));
      const count = (status) => answers.filter((answer) => answer.status === status).length;
      assert.deepEqual([count(201), count(402)], [AFFORDED, SENDERS - AFFORDED]);
      assert.equal(await customer.balance(), 0n);
      const ids = new Set(answers.filter(({ status }) => status === 201).map(({ json }) => json.message.id));
      assert.equal(ids.size, AFFORDED);
      const stored = (await customer.messages('direction=outbound&limit=200')).map(({ id }) => id);
      assert.deepEqual(new Set(stored), ids);
      found.accepted += count(201);
      found.refused += count(402);
      await site.server.audit();
    }
    return found;
  });

  faults(`${REPEATS} identical requests with one key and kills between, ${ROUNDS} rounds (${engine})`, async ({ open }) => {
    const site = await open(engine);
    const { server, customer, number, smsc } = site;
    const random = generator(SEED);
    let kills = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const body = { from_number_id: number.id, to: destination(round), body: `Only once ${round}` };
      const headers = { 'idempotency-key': `once-${round}` };
      const ids = new Set();
      let answered = 0;
      const ask = async () => {
        for (;;) {
          try {
            const answer = await customer.call('POST', 'portal/sms/send', body, { headers });
            assert.equal(answer.status, 201, answer.text);
            ids.add(answer.json.message.id);
            answered += 1;
            return;
          } catch (error) {
            if (error.code === 'ERR_ASSERTION') throw error;
            await until('the server is back', () => server.running && !server.dying, { seconds: 60 });
          }
        }
      };
      const asking = Array.from({ length: REPEATS }, ask);
      for (let kill = 0; kill < 2; kill += 1) {
        const goal = Math.floor(random() * REPEATS * 0.4) + kill * 20;
        await until('some answers', () => answered >= goal);
        server.dying = true;
        await server.kill();
        kills += 1;
        await site.takeLeases();
        await server.launch();
        server.dying = false;
      }
      await Promise.all(asking);
      assert.equal(ids.size, 1, [...ids].join());
    }
    // One that was claimed when the server was killed waits 120 s for evidence.
    await smsc.untilSubmits(ROUNDS, { seconds: 180 });
    const stored = await customer.messages('direction=outbound&limit=200');
    assert.equal(stored.length, ROUNDS);
    assert.equal(site.balance - (await customer.balance()), 8_000n * BigInt(ROUNDS));
    await server.audit();
    return { rounds: ROUNDS, requests: ROUNDS * REPEATS, kills, messages: stored.length };
  });
}
