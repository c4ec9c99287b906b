// A server per engine, and for each scenario people, numbers and carriers of its own.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { call, success } from './http.mjs';
import { micros } from './money.mjs';
import { ENGINES, Server } from './server.mjs';
import { Smsc } from './smsc.mjs';
import { until } from './until.mjs';

const SCENARIO_MS = 300_000;

/**
 * Declares scenarios once for each storage engine. `define` gets `scenario`,
 * which takes a name and a body that gets a `World`; the audit follows each.
 * `serve` are further options of the server.
 */
export function onEachEngine(title, define, { serve } = {}) {
  for (const engine of ENGINES) {
    describe(`${title} (${engine})`, () => {
      let server;
      before(async () => {
        server = await Server.start(engine, { serve });
      }, { timeout: SCENARIO_MS });
      after(async () => {
        await server?.dispose();
      }, { timeout: SCENARIO_MS });
      const scenario = (name, body) =>
        test(name, { timeout: SCENARIO_MS }, async () => {
          const world = new World(server);
          try {
            await body(world);
            await server.audit();
          } catch (error) {
            console.error(`--- the server's last lines (${engine}: ${name})\n${server.log()}\n---`);
            throw error;
          } finally {
            await world.end();
          }
        });
      define({ scenario });
    });
  }
}

/** Makes names and numbers differ from scenario to scenario. */
let count = 0;

export class World {
  #smscs = [];
  #carriers = [];

  constructor(server) {
    this.server = server;
  }

  /** A number to send to that no other scenario uses, from a range reserved for fiction. */
  destination() {
    count += 1;
    return `+441632960${String(count).padStart(3, '0')}`;
  }

  /** A customer with money, who may send as fast as the tests like; `currency` is one that has prices. */
  async customer({ name, currency, balance = '10.00', rateLimit = 1000 } = {}) {
    count += 1;
    const { server } = this;
    const made = success(
      await server.operator('POST', 'operator/accounts', {
        name: name ?? `Customer ${count}`,
        email: `customer-${process.pid}-${count}@example.com`,
        currency,
      }),
      201,
    );
    const { account, api_key: key } = made;
    if (balance) {
      success(
        await server.operator('POST', `operator/accounts/${account.id}/credits`, {
          amount: balance,
          note: 'for a test',
        }),
        201,
      );
    }
    if (rateLimit) {
      success(await server.operator('PATCH', `operator/accounts/${account.id}`, { rate_limit: rateLimit }));
    }
    return new Customer(server, account.id, key);
  }

  /** A number that really reaches carriers: not one of the demo's. */
  async number(customer, fields = {}) {
    count += 1;
    const made = success(
      await this.server.operator('POST', 'operator/numbers', {
        number: `+447700900${String(200 + count).padStart(3, '0')}`,
        country: 'GB',
        type: 'mobile',
        status: 'active',
        account_id: customer.id,
        sms_enabled: true,
        ...fields,
      }),
      201,
    );
    return made.number;
  }

  /** An SMSC and the carrier that connects to it, bound unless `up` is false. */
  async carrier(settings = {}, { up = true, makeId } = {}) {
    count += 1;
    const smsc = await Smsc.start({ makeId });
    this.#smscs.push(smsc);
    if (!up) await smsc.close();
    const { carrier } = success(
      await this.server.operator('POST', 'operator/carriers', {
        name: `Carrier ${count}`,
        kind: 'smpp',
        enabled: true,
        settings: {
          host: '127.0.0.1',
          port: smsc.port,
          system_id: smsc.systemId,
          password: smsc.password,
          ...settings,
        },
      }),
      201,
    );
    this.#carriers.push(carrier);
    if (up) await smsc.untilBound();
    return { smsc, carrier };
  }

  /** A destination that goes through this carrier, whatever other routes there are. */
  async route(carrier, { prefix = this.destination(), priority = 1, weight = 1 } = {}) {
    const { route } = success(
      await this.server.operator('POST', 'operator/routes', {
        prefix,
        carrier_id: carrier.id,
        priority,
        weight,
      }),
      201,
    );
    return route.prefix;
  }

  /** What most scenarios need: a customer's number, and a destination behind an SMSC. */
  async line(settings, options) {
    const customer = await this.customer();
    const number = await this.number(customer);
    const { smsc, carrier } = await this.carrier(settings, options);
    const to = await this.route(carrier);
    return { customer, number, smsc, carrier, to };
  }

  /** The message as operators see it. */
  async operatorView(id) {
    return success(await this.server.operator('GET', `operator/messages/${id}`)).message;
  }

  async end() {
    // A carrier whose SMSC is gone would be dialled until the server stops.
    for (const { id } of this.#carriers) {
      await this.server.operator('PATCH', `operator/carriers/${id}`, { enabled: false }).catch(() => {});
    }
    for (const smsc of this.#smscs) await smsc.close();
  }
}

export class Customer {
  constructor(server, id, key) {
    Object.assign(this, { server, id, key });
  }

  call(method, path, body, options = {}) {
    return call(this.server.baseUrl, method, path, { key: this.key, body, ...options });
  }

  /** What can be spent, in millionths of a euro. */
  async balance() {
    const { wallet } = success(await this.call('GET', 'portal/wallet'));
    return micros(wallet.balance);
  }

  /** Sends; answers the message as it was accepted. */
  async send(number, to, body, options) {
    const sent = { from_number_id: number.id, to, body };
    return success(await this.call('POST', 'portal/sms/send', sent, options), 201).message;
  }

  async message(id) {
    return success(await this.call('GET', `portal/sms/${id}`)).message;
  }

  async messages(query = '') {
    return success(await this.call('GET', `portal/sms?${query}`)).messages;
  }

  /** Waits for a status; fails at once where it can no longer come. */
  async untilStatus(id, wanted, options) {
    const ended = (status) => ['delivered', 'failed'].includes(status);
    const message = await until(
      `message ${id} is ${wanted}`,
      async () => {
        const seen = await this.message(id);
        return seen.status === wanted || ended(seen.status) ? seen : undefined;
      },
      options,
    );
    assert.equal(message.status, wanted, JSON.stringify(message));
    return message;
  }

  /** Waits for so many inbound messages of a number, and answers them oldest first. */
  async untilInbound(number, wanted) {
    const query = `direction=inbound&number_id=${number.id}`;
    const found = await until(`${wanted} inbound`, async () => {
      const messages = await this.messages(query);
      return messages.length >= wanted ? messages : undefined;
    });
    assert.equal(found.length, wanted, JSON.stringify(found));
    return found.reverse();
  }
}
