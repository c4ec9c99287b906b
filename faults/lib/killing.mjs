// `kill -9` at random moments, under load.

import { setTimeout as pause } from 'node:timers/promises';

import { LONG, SEED, faults } from './site.mjs';
import { generator } from './load.mjs';

const KILLS = LONG ? 250 : 25;

/** Audits between kills; the last one follows in any case. */
const AUDIT_EVERY = 5;

export function killings(engine) {
  faults(`${KILLS} random kill -9 under load (${engine})`, async ({ open }) => {
    const site = await open(engine);
    const { server, load } = site;
    const random = generator(SEED);
    load.start();
    let early = 0;
    for (let n = 1; n <= KILLS; n += 1) {
      await load.more(1 + Math.floor(random() * 150), { seconds: 120 });
      await server.kill();
      if (n % AUDIT_EVERY === 0) await server.audit();
      if (n % 8 === 0) {
        // Once more while it starts.
        early += 1;
        const starting = server.launch().catch(() => {});
        await pause(random() * 400);
        await server.kill();
        await starting;
      }
      await site.takeLeases();
      await server.launch();
      if (LONG && n % 10 === 0) console.error(`    ${engine}: ${n} of ${KILLS} kills, ${load.asked.size} messages asked for`);
    }
    const found = await site.conclude();
    return { kills: KILLS + early, ...found, engine };
  });
}
