// The carrier drops connections in the middle of a window.

import { until } from '../../interop/lib/until.mjs';
import { generator } from './load.mjs';
import { LONG, SEED, faults } from './site.mjs';

const DROPS = LONG ? 1_000 : 200;
const SESSIONS = 10;

/** Half of the messages at which a connection drops were taken by the carrier, half were not. */
export function drops(engine) {
  faults(`connections dropped ${DROPS} times in the middle of a window (${engine})`, async ({ open }) => {
    const site = await open(engine, { settings: { sessions: SESSIONS, window: 10 } });
    const { load, smsc } = site;
    const random = generator(SEED);
    const dropped = { taken: 0, notTaken: 0 };
    const seen = new Set();
    smsc.decide = ({ to, concat }) => {
      const part = `${to} ${concat?.number}`;
      // A second copy that is lost too would wait for evidence until its validity ends.
      const second = seen.has(part);
      seen.add(part);
      if (second || dropped.taken + dropped.notTaken >= DROPS || random() > 0.15) {
        return { status: 0, delayMs: Math.floor(random() * 30) };
      }
      if (random() < 0.5) {
        dropped.taken += 1;
        return { lost: true };
      }
      dropped.notTaken += 1;
      return { drop: true };
    };
    load.start({ keyed: 2, plain: 1, batches: 0 });
    await until('all drops', () => dropped.taken + dropped.notTaken >= DROPS, { seconds: LONG ? 1_800 : 240 });
    const found = await site.conclude({ seconds: 240 });
    return { ...dropped, ...found };
  });
}
