// A server with one customer, one number and one carrier, and traffic over all of them.

import { test } from 'node:test';

import { Server } from '../../interop/lib/server.mjs';
import { World } from '../../interop/lib/world.mjs';
import { Load } from './load.mjs';

/** `make crash` sets it: far more of everything. */
export const LONG = Boolean(process.env.DIDFARM_FAULTS_LONG);

/** Repeats a run; printed with every failure. */
export const SEED = Number(process.env.DIDFARM_FAULTS_SEED ?? Date.now() % 1_000_000);

const TEST_MS = LONG ? 7_200_000 : 600_000;

/** All messages go to numbers that begin like this, a range reserved for fiction. */
export const PREFIX = '+441632960';

/** Declares a test that prints what it found, or the seed and the server's last lines. */
export function faults(name, body) {
  test(name, { timeout: TEST_MS }, async (context) => {
    const sites = [];
    const open = async (engine, options) => {
      const site = await Site.open(engine, options);
      sites.push(site);
      return site;
    };
    try {
      const found = await body({ open, context });
      if (found) context.diagnostic(`${name}: ${JSON.stringify(found)}`);
    } catch (error) {
      const logs = sites.map(({ server }) => server.log()).join('\n---\n');
      console.error(`--- seed ${SEED}; the servers' last lines (${name})\n${logs}\n---`);
      throw error;
    } finally {
      for (const site of sites) await site.close();
    }
  });
}

export class Site {
  /** `balance` in euros; the other options as for `Server.start` and the carrier. */
  static async open(engine, { balance = '10000.00', settings = {}, load = {}, up = true, ...options } = {}) {
    const site = new Site();
    site.server = await Server.start(engine, options);
    site.world = new World(site.server);
    try {
      site.customer = await site.world.customer({ balance, rateLimit: 1_000_000 });
      site.number = await site.world.number(site.customer);
      const { smsc, carrier } = await site.world.carrier({ window: 50, ...settings }, { up });
      Object.assign(site, { smsc, carrier });
      await site.world.route(carrier, { prefix: PREFIX });
      site.balance = await site.customer.balance();
      const { server, customer, number } = site;
      site.load = new Load({ server, customer, number, smsc, prefix: PREFIX, seed: SEED, ...load });
    } catch (error) {
      await site.close();
      throw error;
    }
    return site;
  }

  /**
   * Lets the next server have the carriers at once. A node that died is waited
   * for on PostgreSQL, where others could be at work; here it is known to be dead.
   */
  async takeLeases() {
    if (this.server.engine === 'postgres') await this.server.sql('UPDATE leases SET until = 0');
  }

  /** Ends the traffic; everything settles, and all sides agree: see `Load`. */
  async conclude({ seconds, terminal = true, resends = true } = {}) {
    await this.load.stop();
    if (terminal) await this.load.untilSettled({ seconds, resends });
    await this.load.finish();
    const found = await this.load.verify({ balanceBefore: this.balance, terminal, resends });
    await this.server.audit();
    return found;
  }

  async close() {
    this.load?.abort();
    try {
      await this.world.end();
    } finally {
      await this.server.dispose();
    }
  }
}
