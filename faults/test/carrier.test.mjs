// The carrier talks rubbish, falls silent, or reads slowly.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { success } from '../../interop/lib/http.mjs';
import { until } from '../../interop/lib/until.mjs';
import { generator } from '../lib/load.mjs';
import { RawSmsc, pdu } from '../lib/raw-smsc.mjs';
import { LONG, SEED, faults } from '../lib/site.mjs';

/** What rubbish may cost: far less than it sends. */
const GROWTH_MAX_MIB = 48;

async function residentMib({ pid }) {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'));
  return Number(kib) / 1024;
}

/** A carrier of the test's own beside the good one. */
async function badCarrier(site, smsc, settings = {}) {
  const { server } = site;
  const { carrier } = success(
    await server.operator('POST', 'operator/carriers', {
      name: `Bad ${smsc.port}`, kind: 'smpp', enabled: true,
      settings: { host: '127.0.0.1', port: smsc.port, system_id: 'a', password: 'b', ...settings },
    }), 201);
  return carrier;
}

async function link(site, { id }) {
  return success(await site.server.operator('GET', `operator/carriers/${id}`)).carrier;
}

faults('rubbish closes one connection, and costs no memory', async ({ open }) => {
  const site = await open('sqlite');
  const { server, load } = site;
  const random = generator(SEED);
  const octets = (count) => Buffer.from(Array.from({ length: count }, () => Math.floor(random() * 256)));
  const withLength = (length, rest = 64) => {
    const bytes = pdu(0x00000005, 1, octets(rest));
    bytes.writeUInt32BE(length >>> 0, 0);
    return bytes;
  };
  const flood = Buffer.concat(Array.from({ length: 2_000 }, (_, n) => pdu(0x00000005, n, octets(40))));
  const kinds = [
    () => withLength(5),
    () => withLength(0),
    () => withLength(15),
    () => withLength(100_000, 90_000),
    () => withLength(0xffffffff, 200_000),
    () => octets(4_000),
    () => pdu(0x00000005, 1, octets(300)),
    () => pdu(0x80000004, 77, octets(300)),
    () => pdu(0x7fffffff, 1, octets(100)),
    () => flood,
    () => pdu(0x80000000, 0, octets(16)),
    () => Buffer.concat([pdu(0x00000015, 1), octets(3)]),
  ];
  load.start({ keyed: 2, plain: 1, batches: 0 });
  await load.more(300);
  const before = await residentMib(server);
  let given = 0;
  const smsc = await RawSmsc.start((socket) => {
    const bytes = kinds[given % kinds.length]();
    given += 1;
    socket.write(bytes);
    // Some wait for more than is there: they get nothing, and then the end.
    socket.end();
  });
  try {
    const rounds = LONG ? 20 : 3;
    const bad = await Promise.all(Array.from({ length: 6 }, () => badCarrier(site, smsc)));
    await until('all rubbish is given', () => given >= kinds.length * rounds, { seconds: 600 });
    const after = await residentMib(server);
    assert.ok(server.running, server.log());
    assert.ok(after - before < GROWTH_MAX_MIB, `${before} MiB became ${after} MiB`);
    for (const carrier of bad) await server.operator('PATCH', `operator/carriers/${carrier.id}`, { enabled: false });
    await load.more(100);
    const found = await site.conclude();
    return { given, beforeMib: Math.round(before), afterMib: Math.round(after), ...found };
  } finally {
    await smsc.close();
  }
});

faults('a silent peer is given up, and its messages go elsewhere or wait', async ({ open }) => {
  const site = await open('sqlite');
  const { server, customer, number } = site;
  const mute = await RawSmsc.start(() => {}, { bind: false });
  const silent = await RawSmsc.start(() => {}, { answer: false });
  try {
    const [unbound, bound] = [await badCarrier(site, mute), await badCarrier(site, silent, { enquire_link_seconds: 1 })];
    await until('it is bound', async () => (await link(site, bound)).link?.state === 'bound' || silent.connections > 1);
    await site.world.route(bound, { prefix: '+441632961' });
    const { id } = await customer.send(number, '+441632961000', 'Into the silence');
    await until('it was written', () => silent.submits >= 1);
    await until('a silent peer is left and dialled again', () => silent.connections >= 2, { seconds: 60 });
    await until('one that answers no bind too', () => mute.connections >= 2, { seconds: 120 });
    const message = await customer.message(id);
    assert.equal(message.status, 'sending', 'its fate is open: not sent again at once');
    assert.equal(silent.submits, 1);
    for (const carrier of [unbound, bound]) {
      await server.operator('PATCH', `operator/carriers/${carrier.id}`, { enabled: false });
    }
    await server.audit();
    return { connections: silent.connections, unboundConnections: mute.connections };
  } finally {
    await mute.close();
    await silent.close();
  }
});

faults('a peer that does not read for seconds costs no memory and doubles nothing', async ({ open }) => {
  const site = await open('sqlite', { settings: { window: 200 } });
  const { server, load, smsc } = site;
  load.start({ keyed: 3, plain: 1, batches: 1, inbound: false });
  await load.more(300);
  const before = await residentMib(server);
  const rounds = LONG ? 20 : 2;
  for (let n = 0; n < rounds; n += 1) {
    for (const session of smsc.bound()) session.socket.pause();
    const waiting = load.asked.size;
    const from = Date.now();
    await until('seconds of traffic that nobody reads', () => Date.now() - from > 4_000 && load.asked.size > waiting + 300, { seconds: 60 });
    for (const session of smsc.bound()) session.socket.resume();
    await load.more(200);
  }
  const after = await residentMib(server);
  assert.ok(after - before < GROWTH_MAX_MIB, `${before} MiB became ${after} MiB`);
  const found = await site.conclude();
  assert.equal(found.secondCopies, 0);
  return { rounds, beforeMib: Math.round(before), afterMib: Math.round(after), ...found };
});
