// The shop: coverage, inventory, orders, SMS on numbers, and paying into the wallet.

import assert from 'node:assert/strict';

import { Browser } from '../lib/browser.mjs';
import { EventStream } from '../lib/events.mjs';
import { TIME, call, failure, success } from '../lib/http.mjs';
import { micros } from '../lib/money.mjs';
import { until } from '../lib/until.mjs';
import { onEachEngine } from '../lib/world.mjs';

const TO = '+447700900123';
const NUMBER = 1_000_000n;
const ADDON = 750_000n;

const NOBODY = { id: null };

/** A number that can be ordered. */
const stocked = (world, fields = {}) =>
  world.number(NOBODY, { account_id: null, status: 'available', sms_enabled: false, simulated: true, ...fields });

const order = (customer, items, options) => customer.call('POST', 'portal/orders', { items }, options);

const transactions = async (customer) =>
  success(await customer.call('GET', 'portal/wallet/transactions?limit=200')).transactions;

const mine = async (customer) => success(await customer.call('GET', 'portal/numbers?limit=200')).numbers;

/** Runs refused calls, and proves that nothing was bought or charged. */
async function untouched(customer, body) {
  const look = async () => [
    await customer.balance(),
    await mine(customer),
    await transactions(customer),
    success(await customer.call('GET', 'portal/orders')).orders,
  ];
  const before = await look();
  await body();
  assert.deepEqual(await look(), before, 'nothing was bought or charged');
}

onEachEngine('orders', ({ scenario }) => {
  scenario('coverage and prices are public', async ({ server }) => {
    const { countries } = success(await call(server.baseUrl, 'GET', 'portal/coverage'));
    const of = (code) => countries.find(({ country }) => country === code);
    for (const [code, calling, tollFree] of [
      ['US', '1', true], ['GB', '44', true], ['DE', '49', false], ['NL', '31', true],
      ['FR', '33', false], ['CA', '1', true], ['AU', '61', false],
    ]) {
      const line = of(code);
      assert.equal(line.calling_code, calling);
      assert.deepEqual([line.local.sms, line.mobile.sms, line.toll_free.sms], [true, true, tollFree], code);
      assert.equal(micros(line.mobile.sms_price), ADDON);
      assert.equal(micros(line.mobile.number_price), NUMBER);
      assert.equal(line.toll_free.sms_price === null, !tollFree);
    }
    assert.ok(countries.filter(({ mobile }) => mobile?.sms).length >= 40);
    const { pricing } = success(await call(server.baseUrl, 'GET', 'portal/pricing'));
    assert.equal(micros(pricing.inbound), 0n);
    assert.deepEqual(pricing.outbound, [{ destination: '+', price: { amount: '0.008', currency: 'EUR' } }]);
    const addon = pricing.sms_addon.find(({ country }) => country === 'NL');
    assert.equal(addon.price.amount, '0.75');
  });

  scenario('the inventory is searched', async (world) => {
    const customer = await world.customer();
    const tollFree = await stocked(world, { country: 'DE', type: 'toll_free' });
    const held = await world.number(customer);
    const search = async (query) => success(await customer.call('GET', `portal/numbers/available?limit=200&${query}`)).numbers;
    const french = await search('country=FR');
    assert.ok(french.length > 10 && french.every(({ country }) => country === 'FR'));
    for (const type of ['mobile', 'local', 'toll_free']) {
      assert.ok((await search(`type=${type}`)).every((number) => number.type === type));
    }
    const found = await search('country=DE&type=toll_free');
    assert.deepEqual(found, [{
      id: tollFree.id, number: tollFree.number, country: 'DE', type: 'toll_free', sms_available: false,
      sms_price: null, number_price: { amount: '1.00', currency: 'EUR' }, setup_price: { amount: '0.00', currency: 'EUR' },
    }]);
    assert.deepEqual(await search('country=DE&type=toll_free&sms=true'), []);
    const withSms = await search('sms=true');
    assert.ok(withSms.length > 50 && withSms.every(({ sms_price: price }) => price.amount === '0.75'));
    assert.deepEqual((await search(`contains=${tollFree.number.slice(5)}`)).map(({ id }) => id), [tollFree.id]);
    assert.equal((await search(`contains=${tollFree.number}`)).length, 1);
    assert.deepEqual(await search(`contains=${held.number.slice(1)}`), []);
    const page = success(await customer.call('GET', 'portal/numbers/available?limit=2&country=FR'));
    const next = success(await customer.call('GET', `portal/numbers/available?limit=2&country=FR&cursor=${page.next_cursor}`));
    assert.deepEqual([...page.numbers, ...next.numbers], french.slice(0, 4));
    for (const [param, value] of [['country', 'france'], ['type', 'fax'], ['sms', 'perhaps'], ['contains', 'abc'], ['contains', '%25']]) {
      failure(await customer.call('GET', `portal/numbers/available?${param}=${value}`), 400, 'invalid_request', param);
    }
    failure(await call(world.server.baseUrl, 'GET', 'portal/numbers/available'), 401, 'unauthenticated');
  });

  scenario('a quote keeps its numbers, and an order costs what it said', async (world) => {
    const customer = await world.customer({ balance: '5.00' });
    const other = await world.customer({ balance: '5.00' });
    const number = await stocked(world);
    const items = [{ number_id: number.id, sms: true }];
    const { quote } = success(await customer.call('POST', 'portal/orders/quote', { items }));
    assert.equal(micros(quote.total), NUMBER + ADDON);
    assert.ok(quote.affordable && Date.parse(quote.reserved_until) > Date.now());
    assert.deepEqual(quote.items.map((item) => [item.number_id, item.setup_price.amount]), [[number.id, '0.00']]);
    const taken = failure(await other.call('POST', 'portal/orders/quote', { items }), 409, 'conflict', 'items[0].number_id');
    assert.match(taken.message, /ten minutes/);
    failure(await order(other, items), 409, 'conflict', 'items[0].number_id');
    success(await customer.call('DELETE', 'portal/orders/quote'));
    success(await other.call('POST', 'portal/orders/quote', { items }));
    const dearer = { items, total: '1.74' };
    failure(await other.call('POST', 'portal/orders', dearer), 409, 'conflict');
    failure(await other.call('POST', 'portal/orders', { items, total: 'cheap' }), 400, 'invalid_request', 'total');
    success(await other.call('POST', 'portal/orders', { items, total: quote.total.amount }), 201);
  });

  scenario('an operator sets prices, looks at a file before it counts, and takes it out again', async (world) => {
    const { server } = world;
    const set = (kind, body) => server.operator('PATCH', `operator/prices/${kind}`, body);
    const line = { country: 'SE', type: 'mobile', setup: '3.00', month: '2.50', sms: '0.90' };
    assert.equal(success(await set('numbers', line)).changes.length, 1);
    const sweden = success(await call(server.baseUrl, 'GET', 'portal/coverage')).countries.find(({ country }) => country === 'SE');
    assert.deepEqual([sweden.mobile.setup_price.amount, sweden.mobile.number_price.amount, sweden.mobile.sms_price.amount, sweden.mobile.example],
      ['3.00', '2.50', '0.90', false]);
    for (const [param, value] of [['month', '-1'], ['month', '1.1234567'], ['type', 'fax'], ['country', 'Sweden'], ['effective_from', '2020-01-01T00:00:00Z']]) {
      failure(await set('numbers', { ...line, [param]: value }), 400, 'invalid_request', param);
    }
    success(await set('outbound', { prefix: '+46', price: '0.0123' }));
    const { pricing } = success(await call(server.baseUrl, 'GET', 'portal/pricing'));
    assert.deepEqual(pricing.outbound.map(({ destination, price }) => [destination, price.amount]), [['+', '0.008'], ['+46', '0.0123']]);
    const customer = await world.customer();
    const { quote } = success(await customer.call('POST', 'portal/sms/quote', { to: '+46701740605', body: 'hej' }));
    assert.equal(quote.price.amount, '0.0123');
    const headers = { 'content-type': 'text/csv', authorization: `Bearer ${server.demo.operator.api_key}` };
    for (const kind of ['numbers', 'outbound']) {
      const url = `${server.baseUrl}/api/v1/operator/prices/${kind}`;
      const csv = await (await fetch(`${url}/export`, { headers })).text();
      const look = await (await fetch(`${url}/import?preview=true`, { method: 'POST', headers, body: csv })).json();
      assert.equal(look.preview, true);
      const set = look.changes.filter(({ after }) => after.country === 'SE' && after.type === 'mobile' || after.prefix);
      assert.deepEqual(set, [], 'what is set is not changed by its own file');
    }
    const file = async (csv, query = '') => {
      const url = `${server.baseUrl}/api/v1/operator/prices/outbound/import${query}`;
      const sent = { ...headers, 'idempotency-key': 'prices-of-april' };
      const answer = await fetch(url, { method: 'POST', headers: sent, body: csv });
      return { status: answer.status, replayed: answer.headers.get('idempotent-replayed'), json: await answer.json() };
    };
    const raised = await file('prefix,price\n+46,0.02\n');
    assert.equal(raised.json.changes.length, 1);
    const again = await file('prefix,price\n+46,0.02\n');
    assert.deepEqual([again.json, again.replayed], [raised.json, 'true']);
    assert.equal((await file('prefix,price\n+46,0.03\n')).json.error.code, 'idempotency_key_reused');
    success(await set('outbound', { prefix: '+46', price: null }));
    success(await set('numbers', { country: 'SE', type: 'mobile', month: null }));
    const after = success(await call(server.baseUrl, 'GET', 'portal/coverage')).countries.find(({ country }) => country === 'SE');
    assert.deepEqual([after.mobile, after.local.number_price.amount], [null, '1.00']);
    const kept = await (await fetch(`${server.baseUrl}/api/v1/operator/prices/numbers/export`, { headers })).text();
    assert.match(kept, /^EUR,SE,mobile,,none,,,$/m);
    const taken = await fetch(`${server.baseUrl}/api/v1/operator/prices/numbers/import?preview=true`, { method: 'POST', headers, body: kept });
    assert.deepEqual((await taken.json()).changes.filter(({ after: { country, type } }) => country === 'SE' && type === 'mobile'), []);
    assert.equal(success(await set('numbers', line)).changes.length, 1);
    failure(await set('outbound', { prefix: '+', price: null }), 400, 'invalid_request', 'price');
    failure(await customer.call('GET', 'operator/prices/numbers'), 403, 'forbidden');
  });

  scenario('a number whose country wants documents waits for the operator', async (world) => {
    const { server } = world;
    const customer = await world.customer({ balance: '20.00' });
    const other = await world.customer();
    const prices = { country: 'AT', type: 'mobile', setup: '2.00', activation: 'verification' };
    success(await server.operator('PATCH', 'operator/prices/numbers', prices));
    const numbers = [];
    for (let n = 0; n < 2; n += 1) numbers.push(await stocked(world, { country: 'AT', type: 'mobile' }));
    const [good, bad] = numbers;
    const { order: made } = success(await order(customer, numbers.map(({ id }) => ({ number_id: id, sms: true }))), 201);
    assert.equal(micros(made.total), 2n * (2_000_000n + NUMBER + ADDON));
    assert.ok((await mine(customer)).every(({ status }) => status === 'pending_verification'));
    const hand = (key, id, type, body) => fetch(`${server.baseUrl}/api/v1/portal/numbers/${id}/documents?name=id.png`, {
      method: 'POST', headers: { 'content-type': type, authorization: `Bearer ${key}` }, body,
    });
    assert.equal((await hand(customer.key, good.id, 'text/html', '<b>')).status, 415);
    assert.equal((await hand(other.key, good.id, 'image/png', 'PNG')).status, 404);
    assert.equal((await hand(customer.key, good.id, 'image/png', '')).status, 400);
    assert.equal((await hand(customer.key, good.id, 'image/png', 'PNG')).status, 201);
    failure(await other.call('GET', `portal/numbers/${good.id}/documents`), 404, 'not_found');
    const waiting = success(await server.operator('GET', 'operator/numbers?status=pending_verification')).numbers;
    assert.deepEqual(waiting.map(({ id }) => id).sort(), [good.id, bad.id].sort());
    const [document] = success(await server.operator('GET', `operator/numbers/${good.id}/documents`)).documents;
    const file = await fetch(`${server.baseUrl}/api/v1/operator/documents/${document.id}`, {
      headers: { authorization: `Bearer ${server.demo.operator.api_key}` },
    });
    assert.deepEqual([await file.text(), file.headers.get('x-content-type-options')], ['PNG', 'nosniff']);
    success(await server.operator('POST', `operator/numbers/${good.id}/approve`));
    failure(await server.operator('POST', `operator/numbers/${bad.id}/refuse`, {}), 400, 'invalid_request', 'reason');
    success(await server.operator('POST', `operator/numbers/${bad.id}/refuse`, { reason: 'No such street.' }));
    failure(await server.operator('POST', `operator/numbers/${bad.id}/approve`), 409, 'conflict');
    assert.equal(await customer.balance(), 20_000_000n - 2_000_000n - NUMBER - ADDON);
    assert.deepEqual((await mine(customer)).map(({ id, status }) => [id, status]), [[good.id, 'active']]);
    assert.equal((await transactions(customer)).filter(({ kind }) => kind === 'refund').length, 2);
    await customer.send(good, TO, 'Verified');
  });

  scenario('an order takes numbers and money, and the numbers send at once', async (world) => {
    const customer = await world.customer({ balance: '10.00' });
    const [plain, texting] = [await stocked(world), await stocked(world)];
    const stream = await EventStream.open(world.server.baseUrl, customer.key);
    const made = success(await order(customer, [
      { number_id: texting.id, sms: true }, { number_id: plain.id },
    ]), 201).order;
    assert.equal(made.status, 'completed');
    assert.match(made.created_at, TIME);
    assert.equal(micros(made.total), 2n * NUMBER + ADDON);
    assert.deepEqual(
      made.items.map((item) => [item.number_id, item.number, item.sms, item.number_price.amount, item.sms_price?.amount]),
      [[plain.id, plain.number, false, '1.00', undefined], [texting.id, texting.number, true, '1.00', '0.75']],
    );
    assert.equal(await customer.balance(), 10_000_000n - 2n * NUMBER - ADDON);
    assert.deepEqual(success(await customer.call('GET', 'portal/orders')).orders, [made]);

    const [second, first] = await mine(customer);
    assert.deepEqual([first.id, first.status, first.sms_enabled, first.sms_paid_until], [plain.id, 'active', false, null]);
    assert.deepEqual([second.id, second.status, second.sms_enabled], [texting.id, 'active', true]);
    assert.equal(second.paid_until, second.sms_paid_until);
    const days = (Date.parse(second.paid_until) - Date.parse(made.created_at)) / 86_400_000;
    assert.ok(days >= 28 && days <= 31, `${days} days`);

    const moves = (await transactions(customer)).filter(({ kind }) => kind !== 'credit');
    assert.deepEqual(
      moves.map((move) => [move.kind, move.amount.amount, move.reference, move.note]),
      [
        ['sms_addon', '-0.75', `number:${texting.id}`, texting.number],
        ['number', '-1.00', `number:${texting.id}`, texting.number],
        ['number', '-1.00', `number:${plain.id}`, plain.number],
      ],
    );
    assert.equal(moves[0].balance_after.amount, '7.25');

    const news = await until('the events of the order', () => {
      const kinds = stream.events.map(({ type }) => type);
      return kinds.includes('wallet.balance') && kinds.filter((type) => type === 'number.status').length === 2
        ? stream.events : undefined;
    });
    assert.ok(news.some(({ data }) => JSON.stringify(data).includes('"sms_enabled":true')));
    stream.stop.abort();
    const message = await customer.send(texting, TO, 'From my new number');
    await customer.untilStatus(message.id, 'delivered');
    const refused = { from_number_id: plain.id, to: TO, body: 'No SMS here' };
    failure(await customer.call('POST', 'portal/sms/send', refused), 409, 'sms_not_enabled');
  });

  scenario('what the next days take from the wallet is told beforehand', async (world) => {
    const { server } = world;
    const customer = await world.customer({ balance: '3.00' });
    const upcoming = async (who = customer) => success(await who.call('GET', 'portal/wallet/upcoming')).upcoming;
    const none = await upcoming();
    assert.deepEqual([none.charges, none.count, none.total.amount, none.covered_until], [[], 0, '0.00', null]);
    assert.equal((Date.parse(none.until) - Date.now()) / 86_400_000 > 30.9, true);
    const number = await stocked(world, { country: 'FI', type: 'mobile' });
    success(await order(customer, [{ number_id: number.id, sms: true }]), 201);
    const [{ paid_until: due }] = await mine(customer);
    const line = (kind, amount) => ({
      number_id: number.id, number: number.number, kind, due_at: due, amount: { amount, currency: 'EUR' }, owed: false,
    });
    const { charges, count, total, balance, covered_until: until } = await upcoming();
    assert.deepEqual(charges, [line('number', '1.00'), line('sms_addon', '0.75')]);
    assert.deepEqual([count, total.amount, balance.amount, until], [2, '1.75', '1.25', due]);

    // With what is announced for the day; nobody else is told.
    const dearer = { country: 'FI', type: 'mobile', month: '4.00', effective_from: new Date(Date.parse(due) - 86_400_000) };
    success(await server.operator('PATCH', 'operator/prices/numbers', dearer));
    assert.deepEqual((await upcoming()).charges, [line('number', '4.00'), line('sms_addon', '0.75')]);
    success(await server.operator('POST', `operator/accounts/${customer.id}/credits`, { amount: '3.50', note: 'enough' }), 201);
    assert.equal((await upcoming()).covered_until, null);
    assert.equal((await upcoming(await world.customer())).count, 0);
    failure(await call(server.baseUrl, 'GET', 'portal/wallet/upcoming'), 401, 'unauthenticated');
  });

  scenario('an order is carried out whole or not at all', async (world) => {
    const customer = await world.customer({ balance: '2.50' });
    const [one, two, gone] = [await stocked(world), await stocked(world), await stocked(world)];
    const tollFree = await stocked(world, { country: 'DE', type: 'toll_free' });
    const rich = await world.customer({ balance: '100.00' });
    success(await order(rich, [{ number_id: gone.id }]), 201);
    const item = (number, sms = false) => ({ number_id: number.id, sms });
    await untouched(customer, async () => {
      const poor = failure(await order(customer, [item(one, true), item(two)]), 402, 'insufficient_balance');
      assert.equal(poor.message, 'Insufficient wallet balance');
      const unfit = failure(await order(customer, [item(one), item(tollFree, true)]), 422, 'sms_not_available', 'items[1].sms');
      assert.equal(unfit.message, 'SMS not available for this number type');
      failure(await order(customer, [item(one), item(gone)]), 409, 'conflict', 'items[1].number_id');
      failure(await order(customer, [item({ id: 999_999_999 }), item(one)]), 404, 'not_found', 'items[0].number_id');
      failure(await order(customer, [item(one), item(one)]), 400, 'invalid_request', 'items[1].number_id');
      failure(await order(customer, [{ sms: true }]), 400, 'invalid_request', 'items[0].number_id');
      for (const items of [undefined, [], 'all', Array.from({ length: 51 }, () => item(one))]) {
        failure(await customer.call('POST', 'portal/orders', { items }), 400, 'invalid_request', 'items');
      }
      success(await world.server.operator('PATCH', `operator/accounts/${customer.id}`, { status: 'suspended' }));
      failure(await order(customer, [item(one)]), 403, 'account_suspended');
      success(await world.server.operator('PATCH', `operator/accounts/${customer.id}`, { status: 'active' }));
    });
    success(await order(customer, [item(one), item(two)]), 201);
    assert.equal(await customer.balance(), 500_000n);
  });

  scenario('of many buyers of one number, one gets it, and only they pay', async (world) => {
    const number = await stocked(world);
    const other = await stocked(world);
    const buyers = await Promise.all(Array.from({ length: 8 }, () => world.customer({ balance: '5.00' })));
    const answers = await Promise.all(buyers.map((buyer, n) =>
      order(buyer, n % 2 ? [{ number_id: number.id, sms: true }, { number_id: other.id }] : [{ number_id: other.id }, { number_id: number.id, sms: true }])));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, ...Array(7).fill(409)]);
    for (const [index, buyer] of buyers.entries()) {
      const bought = answers[index].status === 201;
      assert.equal(await buyer.balance(), bought ? 5_000_000n - 2n * NUMBER - ADDON : 5_000_000n);
      assert.equal((await mine(buyer)).length, bought ? 2 : 0);
    }
  });

  scenario('many orders at once cannot spend the same money twice', async (world) => {
    const customer = await world.customer({ balance: '3.50' });
    const numbers = [];
    for (let n = 0; n < 8; n += 1) numbers.push(await stocked(world));
    const answers = await Promise.all(numbers.map((number) => order(customer, [{ number_id: number.id }])));
    assert.equal(answers.filter(({ status }) => status === 201).length, 3);
    for (const answer of answers) if (answer.status !== 201) failure(answer, 402, 'insufficient_balance');
    assert.equal(await customer.balance(), 500_000n);
  });

  scenario('an order that is repeated under its key is carried out once', async (world) => {
    const customer = await world.customer();
    const number = await stocked(world);
    const options = { headers: { 'idempotency-key': 'an order' } };
    const items = [{ number_id: number.id, sms: true }];
    const answers = await Promise.all(Array.from({ length: 5 }, () => order(customer, items, options)));
    for (const answer of answers) assert.deepEqual(success(answer, 201), answers[0].json);
    assert.equal(answers.filter(({ headers }) => headers.get('idempotent-replayed') === 'true').length, 4);
    failure(await order(customer, [{ number_id: number.id }], options), 422, 'idempotency_key_reused');
    assert.equal(await customer.balance(), 10_000_000n - NUMBER - ADDON);
  });

  scenario('SMS is switched on for a month and off, and a paid month is not charged again', async (world) => {
    const customer = await world.customer({ balance: '2.00' });
    const number = await world.number(customer, { sms_enabled: false, simulated: true });
    const enable = () => customer.call('POST', `portal/numbers/${number.id}/sms/enable`);
    const disable = () => customer.call('POST', `portal/numbers/${number.id}/sms/disable`);
    failure(await disable(), 409, 'sms_not_enabled');
    const { number: on } = success(await enable());
    assert.equal(on.sms_enabled, true);
    assert.match(on.sms_paid_until, TIME);
    assert.equal(await customer.balance(), 2_000_000n - ADDON);
    failure(await enable(), 409, 'already_enabled');
    const message = await customer.send(number, TO, 'Switched on');
    await customer.untilStatus(message.id, 'delivered');
    const balance = await customer.balance();

    const { number: off } = success(await disable());
    assert.deepEqual([off.sms_enabled, off.sms_paid_until], [false, on.sms_paid_until]);
    const refused = { from_number_id: number.id, to: TO, body: 'Switched off' };
    failure(await customer.call('POST', 'portal/sms/send', refused), 409, 'sms_not_enabled');
    assert.deepEqual(success(await enable()).number, on);
    assert.equal(await customer.balance(), balance);
    assert.equal((await transactions(customer)).filter(({ kind }) => kind === 'sms_addon').length, 1);
  });

  scenario('why SMS is not switched on', async (world) => {
    const customer = await world.customer({ balance: '0.74' });
    const make = (fields) => world.number(customer, { sms_enabled: false, simulated: true, ...fields });
    const tollFree = await make({ country: 'DE', type: 'toll_free' });
    const local = await make({ country: 'AT', type: 'local' });
    const pending = [];
    for (const status of ['provisioning', 'pending_verification', 'suspended']) pending.push(await make({ status }));
    const ready = await make();
    const other = await world.customer();
    const theirs = await world.number(other, { sms_enabled: false });
    const enable = (number) => customer.call('POST', `portal/numbers/${number.id}/sms/enable`);
    await untouched(customer, async () => {
      for (const number of [tollFree, local]) {
        const error = failure(await enable(number), 422, 'sms_not_available');
        assert.equal(error.message, 'SMS not available for this number type');
      }
      for (const number of pending) {
        const error = failure(await enable(number), 409, 'number_not_active');
        assert.equal(error.message, 'Number must be active to enable SMS');
      }
      const error = failure(await enable(ready), 402, 'insufficient_balance');
      assert.equal(error.message, 'Insufficient wallet balance');
      failure(await enable(theirs), 404, 'not_found');
      failure(await enable({ id: 999_999_999 }), 404, 'not_found');
      failure(await customer.call('POST', `portal/numbers/${theirs.id}/sms/disable`), 404, 'not_found');
    });
    const [, ...rest] = await mine(customer);
    assert.ok(rest.every(({ sms_enabled: enabled }) => !enabled));
  });

  scenario('SMS that is switched on many times at once is charged once', async (world) => {
    const customer = await world.customer();
    const number = await world.number(customer, { sms_enabled: false, simulated: true });
    const answers = await Promise.all(Array.from({ length: 10 }, () =>
      customer.call('POST', `portal/numbers/${number.id}/sms/enable`)));
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    assert.equal(await customer.balance(), 10_000_000n - ADDON);
    // Under a key, each repeat is the first answer.
    const second = await world.number(customer, { sms_enabled: false, simulated: true });
    const headers = { 'idempotency-key': `enable ${second.id}` };
    const again = await Promise.all(Array.from({ length: 4 }, () =>
      customer.call('POST', `portal/numbers/${second.id}/sms/enable`, undefined, { headers })));
    for (const answer of again) assert.deepEqual(success(answer), again[0].json);
    assert.equal(await customer.balance(), 10_000_000n - 2n * ADDON);
  });

  scenario('a top-up is credited when it is paid, once', async (world) => {
    const customer = await world.customer({ balance: null });
    const topup = (amount, options) => customer.call('POST', 'portal/wallet/topups', { amount }, options);
    const begun = success(await topup('20.00'), 201);
    assert.deepEqual([begun.topup.status, begun.topup.amount.amount], ['pending', '20.00']);
    const page = new URL(begun.checkout_url);
    assert.equal(page.origin, world.server.baseUrl);
    const open = (method) => fetch(page, { method, redirect: 'manual' });
    for (let n = 0; n < 3; n += 1) {
      const shown = await open('GET');
      assert.equal(shown.status, 200);
      assert.match(shown.headers.get('content-security-policy'), /default-src 'none'/);
      assert.match(await shown.text(), /Pay EUR 20\.00/);
    }
    assert.equal(await customer.balance(), 0n, 'looking pays nothing');
    const paid = await Promise.all(Array.from({ length: 6 }, () => open('POST')));
    for (const answer of paid) {
      assert.equal(answer.status, 303);
      assert.equal(answer.headers.get('location'), `/wallet?topup=${begun.topup.id}`);
    }
    assert.match(await (await open('GET')).text(), /are paid/);
    assert.equal(await customer.balance(), 20_000_000n);
    const [move] = await transactions(customer);
    assert.deepEqual([move.kind, move.amount.amount, move.reference], ['topup', '20.00', `topup:${begun.topup.id}`]);

    for (const amount of ['0.99', '10000.01', '-5.00', '5.001', 'much', '', null, 5]) {
      failure(await topup(amount), 400, 'invalid_request', 'amount');
    }
    const options = { headers: { 'idempotency-key': 'a top-up' } };
    const [first, again] = [await topup('5.00', options), await topup('5.00', options)];
    assert.deepEqual(success(again, 201), success(first, 201));
    for (const path of ['checkout/x', `checkout/${'x'.repeat(43)}`]) {
      for (const method of ['GET', 'POST']) {
        assert.equal((await fetch(new URL(`/${path}`, world.server.baseUrl), { method })).status, 404);
      }
    }
  });

  scenario('from sign-up to a delivered message and its answer', async ({ server }) => {
    const browser = new Browser(server);
    const email = `journey-${process.pid}-${Date.now()}@example.com`;
    success(await browser.call('POST', 'portal/signup', { email, password: 'a long password' }), 201);
    const { checkout_url: checkout } = success(await browser.call('POST', 'portal/wallet/topups', { amount: '10.00' }), 201);
    await fetch(checkout, { method: 'POST', redirect: 'manual' });
    const { numbers } = success(await browser.call('GET', 'portal/numbers/available?country=GB&type=mobile&sms=true'));
    const [number] = numbers;
    success(await browser.call('POST', 'portal/orders', { items: [{ number_id: number.id, sms: true }] }), 201);
    const sent = { from_number_id: number.id, to: TO, body: 'Hello' };
    const { message } = success(await browser.call('POST', 'portal/sms/send', sent), 201);
    await until('it is delivered', async () =>
      success(await browser.call('GET', `portal/sms/${message.id}`)).message.status === 'delivered');
    const reply = { from: TO, to_number_id: number.id, body: 'Hello yourself' };
    success(await browser.call('POST', 'portal/simulator/inbound', reply), 201);
    const { conversations } = success(await browser.call('GET', 'portal/conversations'));
    assert.deepEqual(conversations.map((talk) => [talk.with, talk.messages, talk.last_message.body]), [[TO, 2, 'Hello yourself']]);
  });

  scenario('without a demo, payments are not set up and links stay secret', async ({ server }) => {
    const browser = new Browser(server);
    const { email, password } = server.demo.account;
    success(await browser.call('POST', 'portal/session', { email, password }));
    const { checkout_url: checkout } = success(await browser.call('POST', 'portal/wallet/topups', { amount: '5.00' }), 201);
    await server.terminate();
    await server.launch({ demo: false });
    try {
      const refused = await browser.call('POST', 'portal/wallet/topups', { amount: '5.00' });
      failure(refused, 503, 'unavailable');
      const page = new URL(new URL(checkout).pathname, server.baseUrl);
      assert.equal((await fetch(page, { method: 'POST', redirect: 'manual' })).status, 404);
      const { session } = success(await browser.call('GET', 'portal/session'));
      assert.deepEqual([session.demo, session.payments], [false, false]);
      for (const who of [email, 'nobody@example.com']) {
        const answer = success(await browser.call('POST', 'portal/password/reset/request', { email: who }));
        assert.deepEqual(answer, { success: true });
      }
      await until('the link is in the log', () => /\/reset\?token=[\w-]{43}/.test(server.log()));
    } finally {
      await server.terminate();
      await server.launch();
    }
  });
});
