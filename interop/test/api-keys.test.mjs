// What an API key may do, from where, and until when.

import assert from 'node:assert/strict';

import { failure, success } from '../lib/http.mjs';
import { Customer, onEachEngine } from '../lib/world.mjs';

onEachEngine('API keys', ({ scenario }) => {
  const make = async (customer, fields) =>
    success(await customer.call('POST', 'portal/api-keys', { name: 'Limited', ...fields }), 201).api_key;
  const holding = (world, customer, key) => new Customer(world.server, customer.id, key.secret);

  scenario('a key does what its scopes say, and nothing else', async (world) => {
    const customer = await world.customer();
    const number = await world.number(customer, { simulated: true });
    const text = { from_number_id: number.id, to: '+447700900123', body: 'Hello' };
    const calls = {
      read: ['GET', 'portal/sms'],
      send: ['POST', 'portal/sms/send', text],
      admin: ['POST', 'portal/api-keys', { name: 'Another' }],
    };
    for (const scope of Object.keys(calls)) {
      const key = await make(customer, { scopes: [scope] });
      assert.deepEqual(key.scopes, [scope]);
      const holder = holding(world, customer, key);
      for (const [needed, call] of Object.entries(calls)) {
        const allowed = scope === 'admin' || scope === needed;
        const answer = await holder.call(...call);
        assert.equal(answer.status < 300, allowed, `${scope} for ${needed}: ${answer.status}`);
        if (!allowed) {
          assert.match(failure(answer, 403, 'forbidden').message, new RegExp(`scope ${scope}`));
        }
      }
    }
    const both = holding(world, customer, await make(customer, { scopes: ['send', 'read', 'read'] }));
    for (const call of [calls.read, calls.send]) assert.ok((await both.call(...call)).status < 300);
  });

  scenario('a key works from its addresses only', async (world) => {
    const customer = await world.customer();
    const near = await make(customer, { allowed_ips: ['127.0.0.0/8'] });
    assert.equal((await holding(world, customer, near).call('GET', 'portal/wallet')).status, 200);
    const far = await make(customer, { allowed_ips: ['192.0.2.1', '2001:db8::/32'] });
    assert.deepEqual(far.allowed_ips, ['192.0.2.1/32', '2001:db8::/32']);
    const refused = await holding(world, customer, far).call('GET', 'portal/wallet');
    assert.match(failure(refused, 403, 'forbidden').message, /127\.0\.0\.1/);
  });

  scenario('a key that was rotated works for its overlap, its successor as it did', async (world) => {
    const customer = await world.customer();
    const old = await make(customer, { name: 'Shop', scopes: ['read'] });
    const rotate = (id, overlap) =>
      customer.call('POST', `portal/api-keys/${id}/rotate`, { overlap_seconds: overlap });
    const { api_key: next } = success(await rotate(old.id, 3_600), 201);
    assert.equal(next.name, 'Shop');
    assert.deepEqual(next.scopes, ['read']);
    for (const key of [old, next]) {
      assert.equal((await holding(world, customer, key).call('GET', 'portal/wallet')).status, 200);
    }
    const { api_keys: keys } = success(await customer.call('GET', 'portal/api-keys'));
    const ends = Date.parse(keys.find(({ id }) => id === old.id).expires_at);
    assert.ok(ends > Date.now() && ends <= Date.now() + 3_600_000);
    assert.equal(keys.find(({ id }) => id === next.id).expires_at, null);

    failure(await rotate(old.id, 0), 409, 'conflict');
    const { api_key: last } = success(await rotate(next.id, 0), 201);
    failure(await rotate(next.id, 0), 409, 'conflict');
    const ended = await holding(world, customer, next).call('GET', 'portal/wallet');
    assert.match(failure(ended, 401, 'unauthenticated').message, /expired/);
    assert.equal((await holding(world, customer, last).call('GET', 'portal/wallet')).status, 200);
  });

  scenario('a limited key makes no keys', async (world) => {
    const customer = await world.customer();
    for (const limit of [{ allowed_ips: ['127.0.0.1'] }, { expires_at: '2090-01-01T00:00:00Z' }]) {
      const key = await make(customer, limit);
      const holder = holding(world, customer, key);
      failure(await holder.call('POST', 'portal/api-keys', { name: 'More' }), 403, 'forbidden');
      failure(await holder.call('POST', `portal/api-keys/${key.id}/rotate`, {}), 403, 'forbidden');
    }
  });

  scenario('a grant that makes no sense is refused, and nothing is made', async (world) => {
    const customer = await world.customer();
    const before = success(await customer.call('GET', 'portal/api-keys')).api_keys.length;
    for (const [param, fields] of [
      ['scopes', { scopes: [] }],
      ['scopes', { scopes: ['write'] }],
      ['allowed_ips', { allowed_ips: ['example.com'] }],
      ['allowed_ips', { allowed_ips: ['10.0.0.0/33'] }],
      ['expires_at', { expires_at: 'tomorrow' }],
      ['expires_at', { expires_at: '2020-01-01T00:00:00Z' }],
      // A limit that is misspelt is not left out.
      [undefined, { scope: ['read'] }],
    ]) {
      const answer = await customer.call('POST', 'portal/api-keys', { name: 'Odd', ...fields });
      failure(answer, 400, ['invalid_request', 'invalid_json'], param);
    }
    const known = success(await customer.call('GET', 'portal/api-keys')).api_keys;
    assert.equal(known.length, before);
    const rotated = await customer.call('POST', `portal/api-keys/${known[0].id}/rotate`, { overlap_seconds: -1 });
    failure(rotated, 400, 'invalid_request', 'overlap_seconds');
    failure(await customer.call('POST', 'portal/api-keys/999999/rotate', {}), 404, 'not_found');
  });

  scenario('a test key sends to the simulator, for nothing, and changes nothing', async (world) => {
    const customer = await world.customer({ balance: '' });
    const number = await world.number(customer, { sms_enabled: false });
    const key = await make(customer, { mode: 'test' });
    assert.match(key.secret, /^df_test_/);
    assert.deepEqual([key.mode, key.scopes], ['test', ['read', 'send']]);
    const tester = holding(world, customer, key);

    const { id, test: isTest, price } = await tester.send(number, '+31612345678', 'Only a test');
    assert.deepEqual([isTest, price.amount], [true, '0.00']);
    await tester.untilStatus(id, 'delivered');
    const failed = await tester.send(number, '+447700900902', 'Only a test');
    await tester.untilStatus(failed.id, 'failed');
    const batch = { messages: [{ from_number_id: number.id, to: '+447700900123', body: 'One of many' }] };
    const { results } = success(await tester.call('POST', 'portal/sms/batch', batch), 201);
    assert.equal(results[0].message.test, true);
    assert.equal(await customer.balance(), 0n);
    const { stats } = success(await tester.call('GET', 'portal/sms/stats'));
    assert.deepEqual([stats.today, stats.delivery_rate_30d], [0, null]);
    const { transactions } = success(await customer.call('GET', 'portal/wallet/transactions'));
    assert.deepEqual(transactions, []);

    for (const call of [
      ['POST', 'portal/api-keys', { name: 'Another' }],
      ['POST', 'portal/wallet/topups', { amount: '20.00' }],
      ['POST', `portal/numbers/${number.id}/sms/enable`, {}],
    ]) {
      assert.match(failure(await tester.call(...call), 403, 'forbidden').message, /test key/);
    }
    // With a live key the same send has to be paid for, and SMS to be on.
    failure(
      await customer.call('POST', 'portal/sms/send', { from_number_id: number.id, to: '+31612345678', body: 'Hello' }),
      409,
      'sms_not_enabled',
    );
    const unfit = { name: 'Limited', mode: 'test', scopes: ['admin'] };
    failure(await customer.call('POST', 'portal/api-keys', unfit), 400, 'invalid_request', 'scopes');
    failure(await customer.call('POST', 'portal/api-keys', { name: 'Odd', mode: 'best' }), 400, 'invalid_request', 'mode');
  });
});
