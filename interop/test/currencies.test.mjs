// Accounts that pay in another currency than the platform's: their prices, orders, sends and reports.

import assert from 'node:assert/strict';

import { call, failure, success } from '../lib/http.mjs';
import { until } from '../lib/until.mjs';
import { Customer, onEachEngine } from '../lib/world.mjs';

const dollars = (amount) => ({ amount, currency: 'USD' });

onEachEngine('currencies', ({ scenario }) => {
  scenario('an account pays in dollars once there are prices in dollars', async (world) => {
    const { server } = world;
    const open = (currency) =>
      server.operator('POST', 'operator/accounts', { name: 'Acme', email: 'sms@acme.example', currency });
    failure(await open('USD'), 400, 'invalid_request', 'currency');
    for (const currency of ['ZZZ', 'XXX', 'usd', '$']) failure(await open(currency), 400, 'invalid_request', 'currency');
    const price = (body) => server.operator('PATCH', 'operator/prices/outbound', { currency: 'USD', ...body });
    success(await price({ prefix: '+', price: '0.0095' }));
    failure(await price({ prefix: '+', price: null }), 400, 'invalid_request', 'price');
    success(await price({ prefix: '+4477', price: '0.02' }));
    const { account, api_key: key } = success(await open('USD'), 201);
    assert.deepEqual(account.balance, dollars('0.00'));
    const acme = new Customer(server, account.id, key);
    const credit = { amount: '10.00', note: 'welcome' };
    success(await server.operator('POST', `operator/accounts/${account.id}/credits`, credit), 201);

    // Nobody else sees these prices, and whoever pays in dollars sees no others.
    const pricing = async (query, of = acme) => success(await of.call('GET', `portal/pricing${query}`)).pricing;
    const outbound = [
      { destination: '+', price: dollars('0.0095') },
      { destination: '+4477', price: dollars('0.02') },
    ];
    assert.deepEqual((await pricing('')).outbound, outbound);
    const visitor = success(await call(server.baseUrl, 'GET', 'portal/pricing')).pricing;
    assert.deepEqual(visitor.outbound, (await pricing('?currency=EUR')).outbound);
    assert.ok(visitor.outbound.every(({ price: { currency } }) => currency === 'EUR'));
    failure(await acme.call('GET', 'portal/pricing?currency=dollars'), 400, 'invalid_request', 'currency');
    const mistyped = await call(server.baseUrl, 'GET', 'portal/pricing', { key: `${key}x` });
    failure(mistyped, 401, 'unauthenticated');
    const { headers } = await acme.call('GET', 'portal/pricing');
    assert.deepEqual([headers.get('vary'), headers.get('cache-control')], ['Authorization, Cookie', 'private, no-cache']);
    const ended = await call(server.baseUrl, 'GET', 'portal/pricing', { headers: { cookie: 'didfarm_session=ended' } });
    assert.deepEqual(success(ended).pricing, visitor);
    assert.deepEqual(success(await acme.call('GET', 'portal/coverage')).countries, []);

    const stocked = await world.number({ id: null }, { account_id: null, status: 'available', sms_enabled: false, simulated: true });
    const available = async () => success(await acme.call('GET', 'portal/numbers/available?limit=200')).numbers;
    assert.deepEqual(await available(), []);
    const items = [{ number_id: stocked.id, sms: true }];
    for (const path of ['portal/orders/quote', 'portal/orders']) {
      failure(await acme.call('POST', path, { items }), 409, 'no_price', 'items[0].number_id');
    }
    const line = { currency: 'USD', country: 'GB', type: 'mobile', setup: '0.50', month: '1.15', sms: '0.85' };
    const setNumbers = (body) => server.operator('PATCH', 'operator/prices/numbers', body);
    failure(await setNumbers({ ...line, setup: undefined }), 400, 'invalid_request', 'setup');
    success(await setNumbers(line));
    const shown = (await available()).find(({ id }) => id === stocked.id);
    assert.deepEqual([shown.setup_price, shown.number_price, shown.sms_price], ['0.50', '1.15', '0.85'].map(dollars));
    const { order } = success(await acme.call('POST', 'portal/orders', { items, total: '2.50' }), 201);
    assert.deepEqual(order.total, dollars('2.50'));

    const send = { from_number_id: stocked.id, to: '+447700900123', body: 'hello' };
    const { quote } = success(await acme.call('POST', 'portal/sms/quote', { to: send.to, body: send.body }));
    const { message } = success(await acme.call('POST', 'portal/sms/send', send), 201);
    assert.deepEqual([quote.price, message.price], [dollars('0.02'), dollars('0.02')]);
    await until('it is delivered', async () =>
      success(await acme.call('GET', `portal/sms/${message.id}`)).message.status === 'delivered');

    const begun = await acme.call('POST', 'portal/wallet/topups', { amount: '20.00', currency: 'EUR' });
    failure(begun, 400, 'invalid_request', 'currency');
    const { wallet } = success(await acme.call('GET', 'portal/wallet'));
    assert.deepEqual(wallet.balance, dollars('7.48'));
    assert.deepEqual(wallet.topup, { minimum: dollars('1.00'), maximum: dollars('10000.00'), decimals: 2 });
    const { upcoming } = success(await acme.call('GET', 'portal/wallet/upcoming'));
    assert.deepEqual([upcoming.total, upcoming.count], [dollars('2.00'), 2]);
    const { transactions } = success(await acme.call('GET', 'portal/wallet/transactions'));
    assert.ok(transactions.length >= 5 && transactions.every(({ amount }) => amount.currency === 'USD'));
    const { totals } = success(await server.operator('GET', `operator/reports?account_id=${account.id}`));
    assert.deepEqual(totals.map(({ spent }) => spent), [dollars('0.02')]);
  });
});
