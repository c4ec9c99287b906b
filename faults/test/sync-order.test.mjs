// The log is synced before the first octet of a 201 leaves.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { LONG, PREFIX, faults } from '../lib/site.mjs';
import { needStrace } from '../lib/strace.mjs';
import { readOrder, tracing } from '../lib/sync-order.mjs';

const REQUESTS = LONG ? 50_000 : 10_000;
const CONTROL = 1_000;

/** One request after the other on one connection. */
async function sendAll({ server, customer, number }, count) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const url = new URL('/api/v1/portal/sms/send', server.baseUrl);
  const send = (n) => new Promise((done, failed) => {
    const body = JSON.stringify({ from_number_id: number.id, to: `${PREFIX}${String(n).padStart(5, '0')}`, body: `One ${n}` });
    const headers = {
      authorization: `Bearer ${customer.key}`, 'content-type': 'application/json',
      'content-length': Buffer.byteLength(body), 'idempotency-key': `one-${n}`,
    };
    const asked = request(url, { method: 'POST', agent, headers }, (response) => {
      response.resume().once('end', () => done(response.statusCode));
    });
    asked.once('error', failed).end(body);
  });
  for (let n = 0; n < count; n += 1) assert.equal(await send(n), 201);
  agent.destroy();
}

async function traced(open, options, count) {
  await needStrace();
  const folder = await mkdtemp(join(tmpdir(), 'didfarm-trace-'));
  try {
    // Without an SMSC nothing else is stored meanwhile but the renewal of leases.
    const site = await open('sqlite', { ...options, up: false });
    await site.server.terminate();
    const output = join(folder, 'trace');
    await site.server.launch({ under: tracing(output) });
    await sendAll(site, count);
    await site.server.kill();
    await site.server.launch();
    await site.server.audit();
    return await readOrder(output);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

faults(`the log is synced before the answer, ${REQUESTS} times (sqlite)`, async ({ open }) => {
  const found = await traced(open, {}, REQUESTS);
  assert.equal(found.answers, REQUESTS);
  assert.equal(found.early, 0, JSON.stringify(found));
  return found;
});

faults('the same check fails where nothing is synced (--unsafe)', async ({ open }) => {
  const found = await traced(open, { serve: ['--unsafe'] }, CONTROL);
  assert.equal(found.answers, CONTROL);
  assert.ok(found.early > CONTROL * 0.99, JSON.stringify(found));
  return found;
});
