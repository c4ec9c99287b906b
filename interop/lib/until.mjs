// Waiting for a condition, never for a time.

import { setTimeout as pause } from 'node:timers/promises';

/**
 * Calls `condition` until it answers something truthy, and answers that.
 * What it throws counts as "not yet" and is shown if the deadline passes.
 */
export async function until(what, condition, { seconds = 120 } = {}) {
  const deadline = Date.now() + seconds * 1000;
  let last;
  for (;;) {
    try {
      last = await condition();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      const seen = last instanceof Error ? last.message : JSON.stringify(last);
      throw new Error(`${what}: not within ${seconds} s; last seen: ${seen}`);
    }
    await pause(20);
  }
}
