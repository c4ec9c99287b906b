// Money in by card: Stripe's calls and events, in order and out of it.

import assert from 'node:assert/strict';

import { EventStream } from '../lib/events.mjs';
import { failure, success } from '../lib/http.mjs';
import { SEGMENT, micros } from '../lib/money.mjs';
import { Stripe } from '../lib/stripe.mjs';
import { until } from '../lib/until.mjs';
import { onEachEngine } from '../lib/world.mjs';

const stripe = await Stripe.start();
const EURO = 1_000_000n;

async function begun(customer, body = { amount: '20.00' }, options = {}) {
  const answer = await customer.call('POST', 'portal/wallet/topups', body, options);
  const { topup, checkout_url: url } = success(answer, 201);
  return { topup, url, session: url.split('/').at(-1) };
}

const topup = async (customer, id) =>
  success(await customer.call('GET', `portal/wallet/topups/${id}`)).topup;

const wallet = async (customer) => success(await customer.call('GET', 'portal/wallet')).wallet;

/** A customer without money who pays in. */
async function paid(world, body) {
  const customer = await world.customer({ balance: null });
  const { topup: made, session } = await begun(customer, body);
  const { payment, completed } = stripe.pay(session);
  assert.equal(await stripe.post(world.server, completed), 200);
  return { customer, topup: made, payment };
}

const refund = (server, id, body = {}) => server.operator('POST', `operator/topups/${id}/refund`, body);

const seen = async (server, id) => success(await server.operator('GET', `operator/topups/${id}`));

/** What the stream's nth event of this type says. */
const nth = async (stream, type, n) =>
  (await stream.until(type, ({ events }) => events.filter((one) => one.type === type)[n - 1])).data;

onEachEngine('stripe', ({ scenario }) => {
  scenario('a top-up with VAT asks for gross, credits net, once, whatever comes how often', async (world) => {
    const { server } = world;
    const customer = await world.customer({ balance: null });
    success(await server.operator('PATCH', `operator/accounts/${customer.id}`, { vat_rate: '21.00' }));
    const { topup: made, url, session } = await begun(customer);
    assert.match(url, /^https:\/\/checkout\.stripe\.com\//);
    assert.deepEqual(
      [made.status, made.amount.amount, made.vat_rate, made.vat_amount.amount, made.gross_amount.amount],
      ['pending', '20.00', '21.00', '4.20', '24.20'],
    );
    const asked = stripe.sessions.get(session).session;
    assert.deepEqual([asked.amount_total, asked.currency], [2420, 'eur']);
    assert.equal(asked.client_reference_id, String(made.id));

    const unpaid = stripe.event('checkout.session.completed', asked);
    assert.equal(await stripe.post(server, unpaid), 200);
    assert.equal(await customer.balance(), 0n);

    const { succeeded, completed } = stripe.pay(session);
    const posts = Array.from({ length: 20 }, (_, index) => stripe.post(server, index % 2 ? succeeded : completed));
    assert.ok((await Promise.all(posts)).every((status) => status === 200));
    assert.equal(await customer.balance(), 20n * EURO);
    const done = await topup(customer, made.id);
    assert.equal(done.status, 'paid');
    assert.ok(done.paid_at);
    const { transactions } = success(await customer.call('GET', 'portal/wallet/transactions'));
    assert.deepEqual(transactions.map(({ kind, reference }) => [kind, reference]), [['topup', `topup:${made.id}`]]);
  });

  scenario('what is forged, stale or odd moves no money', async (world) => {
    const { server } = world;
    const customer = await world.customer({ balance: null });
    const { session, topup: made } = await begun(customer);
    const { completed } = stripe.pay(session);
    for (const options of [
      { secret: 'whsec_another' },
      { age: 301 },
      { age: -310 },
      { signature: '' },
      { signature: 't=1,v1=00' },
      { signature: `t=${Math.floor(Date.now() / 1000)},v1=${'0'.repeat(64)}` },
    ]) {
      assert.equal(await stripe.post(server, completed, options), 400, JSON.stringify(options));
    }
    for (const payload of ['', '[]', '{', '{"id": ""}', '"evt"']) {
      assert.equal(await stripe.post(server, payload), 400, payload);
    }
    for (const payload of ['{"id": "evt_x"}', '{"id": "evt_y", "type": "charge.refunded", "data": []}']) {
      assert.equal(await stripe.post(server, payload), 200, payload);
    }
    const of = JSON.parse(completed);
    const other = (change) => {
      const object = structuredClone(of.data.object);
      change(object);
      return stripe.event('checkout.session.completed', object);
    };
    for (const change of [
      (object) => { object.metadata.account_id = '1'; },
      (object) => { object.metadata = null; },
      (object) => { object.metadata.begun_at = '1'; },
      (object) => { object.id = 'cs_test_another'; },
    ]) {
      assert.equal(await stripe.post(server, other(change)), 200);
    }
    assert.equal(await customer.balance(), 0n);
    assert.equal((await topup(customer, made.id)).status, 'pending');

    const cheaper = other((object) => { object.amount_total = 1; });
    assert.equal(await stripe.post(server, cheaper), 200);
    const dollars = other((object) => { object.currency = 'usd'; });
    assert.equal(await stripe.post(server, dollars), 200);
    assert.equal(await customer.balance(), 0n);
    const failed = await topup(customer, made.id);
    assert.equal(failed.status, 'failed');
    assert.match(failed.failure, /another amount/);
  });

  scenario('amounts that cannot be paid are refused, each with what to do', async (world) => {
    const customer = await world.customer({ balance: null });
    const before = stripe.calls.length;
    for (const [body, param, says] of [
      [{ amount: '20.0000' }, 'amount', undefined],
      [{ amount: '20.0001' }, 'amount', /at most 2 decimals/],
      [{ amount: '-20.00' }, 'amount', /1\.00 to 10000\.00/],
      [{ amount: '0.99' }, 'amount', /1\.00 to 10000\.00/],
      [{ amount: '10000.01' }, 'amount', /1\.00 to 10000\.00/],
      [{ amount: '99999999999999999999' }, 'amount', /too large/],
      [{ amount: 'twenty' }, 'amount', /decimal string/],
      [{ amount: '20.00', currency: 'USD' }, 'currency', /wallet is in EUR/],
      [{ amount: '20.00', currency: 'euro' }, 'currency', /ISO 4217/],
      [{}, 'amount', /missing/],
    ]) {
      const answer = await customer.call('POST', 'portal/wallet/topups', body);
      if (says === undefined) success(answer, 201);
      else assert.match(failure(answer, 400, 'invalid_request', param).message, says);
    }
    assert.equal(stripe.calls.length, before + 1, 'only what can be paid is asked for');
  });

  scenario('an account pays in its own currency, in what cards can be charged with', async (world) => {
    const { server } = world;
    for (const [currency, price, amount, units, decimals] of [
      ['USD', '0.0095', '20.05', 2005, 2],
      ['KWD', '0.003', '20.05', 20050, 2],
      ['JPY', '1.4', '2000', 2000, 0],
      ['ISK', '1.2', '2000', 200000, 0],
    ]) {
      success(await server.operator('PATCH', 'operator/prices/outbound', { currency, prefix: '+', price }));
      const customer = await world.customer({ currency, balance: null });
      assert.equal((await wallet(customer)).topup.decimals, decimals);
      const tooFine = `${amount.split('.')[0]}.${'0'.repeat(decimals)}1`;
      const refused = await customer.call('POST', 'portal/wallet/topups', { amount: tooFine });
      assert.match(failure(refused, 400, 'invalid_request', 'amount').message, new RegExp(`at most ${decimals} decimals`));
      const { session } = await begun(customer, { amount });
      const asked = stripe.sessions.get(session).session;
      assert.deepEqual([asked.amount_total, asked.currency], [units, currency.toLowerCase()]);
      const { completed } = stripe.pay(session);
      assert.equal(await stripe.post(server, completed), 200);
      const { balance } = await wallet(customer);
      assert.deepEqual([balance.currency, Number(balance.amount)], [currency, Number(amount)]);
    }
  });

  scenario('a repeated request begins one payment; a silent Stripe begins none', async (world) => {
    const customer = await world.customer({ balance: null });
    stripe.next('/v1/checkout/sessions', 'down');
    const headers = { 'Idempotency-Key': `key-${customer.id}` };
    const silent = await customer.call('POST', 'portal/wallet/topups', { amount: '20.00' }, { headers });
    assert.match(failure(silent, 503, 'unavailable').message, /no money moved/);
    const first = await begun(customer, { amount: '20.00' }, { headers });
    const second = await begun(customer, { amount: '20.00' }, { headers });
    assert.deepEqual(second, first);
  });

  scenario('an expired checkout is over; one that is paid all the same is credited', async (world) => {
    const { server } = world;
    const customer = await world.customer({ balance: null });
    const { session, topup: made } = await begun(customer);
    const { session: object } = stripe.sessions.get(session);
    assert.equal(await stripe.post(server, stripe.event('checkout.session.expired', { ...object, status: 'expired' })), 200);
    const over = await topup(customer, made.id);
    assert.deepEqual([over.status, over.failure], ['failed', 'the checkout expired']);
    const { completed } = stripe.pay(session);
    assert.equal(await stripe.post(server, completed), 200);
    assert.equal((await topup(customer, made.id)).status, 'paid');
    assert.equal(await customer.balance(), 20n * EURO);
  });

  scenario('refunds at Stripe take back what they pay back, in any order', async (world) => {
    const { server } = world;
    const { customer, topup: made, payment } = await paid(world);
    const first = stripe.refundByHand(payment, 500);
    const second = stripe.refundByHand(payment, 700);
    // The later event first: it says what was paid back in all.
    assert.equal(await stripe.post(server, second), 200);
    assert.equal(await customer.balance(), 8n * EURO);
    assert.equal(await stripe.post(server, first), 200);
    assert.equal(await stripe.post(server, second), 200);
    assert.equal(await customer.balance(), 8n * EURO);
    const { reversals } = await seen(server, made.id);
    assert.deepEqual(reversals.map((one) => [one.kind, one.status, one.amount.amount]), [['refund', 'done', '12.00']]);
  });

  scenario('a refund that is heard of before the payment waits for it', async (world) => {
    const { server } = world;
    const customer = await world.customer({ balance: null });
    const { session } = await begun(customer);
    const { payment, succeeded } = stripe.pay(session);
    assert.equal(await stripe.post(server, stripe.refundByHand(payment, 500)), 200);
    assert.equal(await customer.balance(), 0n);
    assert.equal(await stripe.post(server, succeeded), 200);
    await until('the refund is applied', async () => (await customer.balance()) === 15n * EURO);
  });

  scenario('a dispute takes what is there, the rest is owed and settled first', async (world) => {
    const { server } = world;
    const { customer, payment } = await paid(world);
    const number = await world.number(customer, { simulated: true });
    success(await server.operator('POST', `operator/accounts/${customer.id}/credits`, { amount: '-15.00', note: 'spent' }), 201);
    const { created, closed, inquiry } = stripe.dispute(payment);
    assert.equal(await stripe.post(server, inquiry), 200);
    assert.equal(await customer.balance(), 5n * EURO);
    assert.equal(await stripe.post(server, created), 200);
    assert.equal(await customer.balance(), 0n);
    assert.equal((await wallet(customer)).owed.amount, '15.00');

    const send = { from_number_id: number.id, to: world.destination(), body: 'hello' };
    failure(await customer.call('POST', 'portal/sms/send', send), 402, 'payment_owed');
    const { session } = await begun(customer, { amount: '10.00' });
    assert.equal(await stripe.post(server, stripe.pay(session).completed), 200);
    assert.deepEqual([await customer.balance(), (await wallet(customer)).owed.amount], [0n, '5.00']);
    failure(await customer.call('POST', 'portal/sms/send', send), 402, 'payment_owed');
    const { session: more } = await begun(customer, { amount: '10.00' });
    assert.equal(await stripe.post(server, stripe.pay(more).completed), 200);
    assert.deepEqual([await customer.balance(), (await wallet(customer)).owed.amount], [5n * EURO, '0.00']);
    await customer.send(number, world.destination(), 'hello');

    // Won: what was taken comes back, once.
    const won = closed('won');
    assert.equal(await stripe.post(server, won), 200);
    assert.equal(await stripe.post(server, won), 200);
    assert.equal(await customer.balance(), 25n * EURO - SEGMENT);
  });

  scenario('disputes are told in any order; one that is lost stays taken', async (world) => {
    const { server } = world;
    const won = await paid(world);
    const first = stripe.dispute(won.payment);
    assert.equal(await stripe.post(server, first.closed('won')), 200);
    assert.equal(await stripe.post(server, first.created), 200);
    assert.equal(await won.customer.balance(), 20n * EURO);

    const lost = await paid(world);
    const second = stripe.dispute(lost.payment);
    assert.equal(await stripe.post(server, second.closed('lost')), 200);
    assert.equal(await stripe.post(server, second.created), 200);
    assert.equal(await lost.customer.balance(), 0n);
  });

  scenario('an operator pays back once, though the answer is lost', async (world) => {
    const { server } = world;
    const { customer, topup: made, payment } = await paid(world);
    stripe.next('/v1/refunds', 'lost');
    const headers = { 'Idempotency-Key': `refund-${made.id}` };
    const ask = () => server.operator('POST', `operator/topups/${made.id}/refund`, { amount: '5.00' }, { headers });
    const { refund: pending } = success(await ask(), 201);
    assert.deepEqual([pending.status, pending.amount.amount], ['pending', '5.00']);
    assert.equal(success(await ask(), 201).refund.id, pending.id);
    assert.equal(await customer.balance(), 15n * EURO);
    await until('Stripe confirms', async () => (await seen(server, made.id)).reversals[0].status === 'done');
    assert.equal(stripe.refunded(payment.id), 500);
    assert.equal(await stripe.post(server, stripe.chargeRefunded(payment)), 200);
    assert.equal(await customer.balance(), 15n * EURO, 'it was taken when it was asked for');

    failure(await refund(server, made.id, { amount: '15.01' }), 400, 'invalid_request', 'amount');
    failure(await refund(server, made.id, { amount: '0.001' }), 400, 'invalid_request', 'amount');
    success(await refund(server, made.id), 201);
    await until('all is paid back', async () => stripe.refunded(payment.id) === 2000);
    assert.equal(await customer.balance(), 0n);
    failure(await refund(server, made.id), 409, 'conflict');
    failure(await refund(server, 999_999_999), 404, 'not_found');
  });

  scenario('a refund that Stripe refuses, or that fails later, gives the wallet its money again', async (world) => {
    const { server } = world;
    const { customer, topup: made, payment } = await paid(world);
    stripe.next('/v1/refunds', 'refused');
    success(await refund(server, made.id), 201);
    await until('it is undone', async () => (await seen(server, made.id)).reversals[0].status === 'undone');
    assert.equal(await customer.balance(), 20n * EURO);

    success(await refund(server, made.id), 201);
    await until('it is done', async () => (await seen(server, made.id)).reversals[1].status === 'done');
    assert.equal(await stripe.post(server, stripe.chargeRefunded(payment)), 200);
    assert.equal(await customer.balance(), 0n);
    const paidBack = stripe.refunds.findLast((one) => one.payment_intent === payment.id);
    paidBack.status = 'failed';
    const failed = stripe.event('refund.failed', paidBack);
    assert.equal(await stripe.post(server, failed), 200);
    assert.equal(await stripe.post(server, stripe.event('charge.refund.updated', paidBack)), 200);
    assert.equal(await customer.balance(), 20n * EURO);
  });

  scenario('a refund by hand that fails is given back, though its events are late', async (world) => {
    const { server } = world;
    const { customer, payment } = await paid(world);
    const refunded = stripe.refundByHand(payment, 500);
    const made = stripe.refunds.find((one) => one.payment_intent === payment.id);
    assert.equal(await stripe.post(server, refunded), 200);
    assert.equal(await stripe.post(server, stripe.event('refund.created', made)), 200);
    assert.equal(await customer.balance(), 15n * EURO);
    made.status = 'failed';
    const failed = stripe.event('refund.failed', made);
    assert.equal(await stripe.post(server, failed), 200);
    assert.equal(await customer.balance(), 20n * EURO);
    for (const late of [refunded, JSON.stringify({ ...JSON.parse(refunded), id: `${JSON.parse(refunded).id}_late` }), failed]) {
      assert.equal(await stripe.post(server, late), 200);
      assert.equal(await customer.balance(), 20n * EURO);
    }
  });

  scenario('a customer who was deleted at Stripe pays as a new one', async (world) => {
    const customer = await withCard(world);
    const before = stripe.calls.length;
    stripe.deleted.add([...stripe.methods.values()].at(-1).customer);
    const { session } = await begun(customer);
    assert.ok(session);
    const asked = stripe.calls.slice(before).map(({ params, key }) => [Boolean(params.customer), key]);
    assert.deepEqual(asked.map(([named]) => named), [true, false]);
    assert.notEqual(asked[0][1], asked[1][1]);
    assert.equal((await wallet(customer)).card, null);
    assert.equal(await stripe.post(world.server, stripe.pay(session).completed), 200);
    assert.equal(await customer.balance(), 25n * EURO);
  });

  scenario('a refund that fails before its answer is here gives the wallet its money again', async (world) => {
    const { server } = world;
    const { customer, topup: made, payment } = await paid(world);
    stripe.next('/v1/refunds', 'lost');
    success(await refund(server, made.id), 201);
    const asked = await until('it is asked for', async () => stripe.refunds.find((one) => one.payment_intent === payment.id));
    const failed = stripe.event('refund.failed', { ...asked, status: 'failed' });
    assert.equal(await stripe.post(server, failed), 200);
    const { reversals } = await seen(server, made.id);
    assert.deepEqual(reversals.map((one) => [one.status, one.provider_ref]), [['undone', asked.id]]);
    assert.equal(await customer.balance(), 20n * EURO);
  });

  scenario('a secret key that was rotated fails nothing: what is due is asked for with the next', async (world) => {
    const { server } = world;
    const customer = await withCard(world);
    const { topups: [first] } = success(await server.operator('GET', `operator/topups?account_id=${customer.id}`));
    const key = stripe.secretKey;
    stripe.secretKey = 'sk_test_rotated';
    const refusals = stripe.refusedKeys;
    success(await refund(server, first.id, { amount: '1.00' }), 201);
    success(await settings(customer, { auto_recharge: { enabled: true, below: '10.00', amount: '20.00', daily_limit: '50.00' } }));
    await until('both were tried', async () => stripe.refusedKeys >= refusals + 2);
    stripe.secretKey = key;
    await until('both are done', async () => (await customer.balance()) === 24n * EURO
      && (await seen(server, first.id)).reversals[0].status === 'done');
  });

  scenario('what was spent is not paid back by an operator', async (world) => {
    const { server } = world;
    const { customer, topup: made } = await paid(world);
    success(await server.operator('POST', `operator/accounts/${customer.id}/credits`, { amount: '-15.00', note: 'spent' }), 201);
    assert.match(failure(await refund(server, made.id), 409, 'conflict').message, /holds 5\.00 EUR/);
    success(await refund(server, made.id, { amount: '5.00' }), 201);
    assert.equal(micros((await wallet(customer)).balance), 0n);
  });

  /** A customer with €5.00 and a card that was kept. */
  async function withCard(world, card) {
    const customer = await world.customer({ balance: null });
    // The other engine's customers have the same ids.
    customer.before = stripe.payments.size;
    const { session } = await begun(customer, { amount: '5.00', save_card: true });
    const { completed } = stripe.pay(session, card);
    assert.equal(await stripe.post(world.server, completed), 200);
    await until('the card is kept', async () => (await wallet(customer)).card);
    return customer;
  }

  const settings = (customer, body) => customer.call('PATCH', 'portal/wallet', body);

  const charges = (customer) =>
    [...stripe.payments.values()]
      .slice(customer.before)
      .filter(({ metadata }) => metadata.account_id === String(customer.id)).length;

  scenario('a low wallet charges the saved card, once at a time and within the limit', async (world) => {
    const { server } = world;
    const none = await world.customer({ balance: null });
    const on = { auto_recharge: { enabled: true, below: '10.00', amount: '20.00', daily_limit: '50.00' } };
    assert.match(failure(await settings(none, on), 409, 'conflict').message, /save_card/);

    const customer = await withCard(world);
    const { card, auto_recharge: before } = await wallet(customer);
    assert.deepEqual(card, { brand: 'visa', last4: '4242', exp_month: 12, exp_year: 2034 });
    assert.equal(before, null);
    for (const [field, value] of [['below', '-1'], ['amount', '0.50'], ['amount', '20.0001'], ['daily_limit', '19.99']]) {
      const bad = { auto_recharge: { ...on.auto_recharge, [field]: value } };
      failure(await settings(customer, bad), 400, 'invalid_request', `auto_recharge.${field}`);
    }
    // Its answer is lost: it is asked for again, and charged once.
    stripe.next('/v1/payment_intents', 'lost');
    success(await settings(customer, on));
    await until('the wallet is topped up', async () => (await customer.balance()) === 25n * EURO);
    assert.equal(charges(customer), 2, 'the first by hand, one by itself');

    const spend = async () =>
      success(await server.operator('POST', `operator/accounts/${customer.id}/credits`, { amount: '-20.00', note: 'spent' }), 201);
    await spend();
    await until('again', async () => (await customer.balance()) === 25n * EURO);
    const { auto_recharge: recharge } = await wallet(customer);
    assert.deepEqual([recharge.charged_today.amount, recharge.pending, recharge.paused_reason], ['40.00', false, null]);
    await spend();
    success(await settings(customer, { auto_recharge: { daily_limit: '59.99' } }));
    const count = charges(customer);
    success(await settings(customer, { auto_recharge: { daily_limit: '60.00' } }));
    await until('as the limit allows', async () => charges(customer) > count);
    await until('it is there', async () => (await customer.balance()) === 25n * EURO);
    assert.equal(charges(customer), 4);

    const { topups } = success(await server.operator('GET', `operator/topups?account_id=${customer.id}`));
    assert.deepEqual(topups.map((one) => [one.cause, one.status]), [
      ['auto', 'paid'], ['auto', 'paid'], ['auto', 'paid'], ['checkout', 'paid'],
    ]);
    const method = stripe.calls.findLast((one) => one.path === '/v1/payment_intents').params.payment_method;
    const { wallet: after } = success(await customer.call('DELETE', 'portal/wallet/card'));
    assert.deepEqual([after.card, after.auto_recharge.enabled], [null, false]);
    assert.equal(stripe.methods.get(method).customer, null, 'Stripe forgot it, too');
    failure(await customer.call('DELETE', 'portal/wallet/card'), 404, 'not_found');
  });

  scenario('a card that is declined pauses it, and says so once', async (world) => {
    const { server } = world;
    const customer = await withCard(world, { last4: '0341' });
    const events = await EventStream.open(server.baseUrl, customer.key);
    success(await settings(customer, { auto_recharge: { enabled: true, below: '10.00', amount: '20.00', daily_limit: '50.00' } }));
    const told = await nth(events, 'wallet.recharge_failed', 1);
    assert.equal(told.reason, 'Your card was declined.');
    const { auto_recharge: recharge } = await wallet(customer);
    assert.deepEqual(
      [recharge.enabled, recharge.pending, recharge.paused_reason, recharge.charged_today.amount],
      [true, false, 'Your card was declined.', '0.00'],
    );
    // Stripe tells of it, too: that changes nothing.
    const payment = [...stripe.payments.values()].findLast((one) => one.metadata.account_id === String(customer.id));
    assert.equal(await stripe.post(server, stripe.event('payment_intent.payment_failed', payment)), 200);
    const { topups } = success(await server.operator('GET', `operator/topups?account_id=${customer.id}`));
    assert.deepEqual(topups.map((one) => one.status), ['failed', 'paid']);
    assert.equal(await customer.balance(), 5n * EURO);

    // Another setting is no word to go on.
    const { wallet: still } = success(await settings(customer, { auto_recharge: { below: '9.00' } }));
    assert.equal(still.auto_recharge.paused_reason, 'Your card was declined.');

    // The customer says go on, with a card that is good by now.
    stripe.methods.get(payment.payment_method).card.last4 = '4242';
    success(await settings(customer, { auto_recharge: { enabled: true } }));
    await until('it goes on', async () => (await customer.balance()) === 25n * EURO);
    await events.close();
  });

  scenario('a balance below the threshold that was chosen is told, once each time', async (world) => {
    const { server } = world;
    const customer = await world.customer({ balance: '10.00' });
    const events = await EventStream.open(server.baseUrl, customer.key);
    success(await settings(customer, { low_balance_below: '8.00' }));
    const move = async (amount) =>
      success(await server.operator('POST', `operator/accounts/${customer.id}/credits`, { amount, note: 'x' }), 201);
    await move('-3.00');
    const told = await nth(events, 'wallet.low_balance', 1);
    assert.deepEqual([told.balance.amount, told.threshold.amount], ['7.00', '8.00']);
    await move('-1.00');
    await move('2.00');
    // Housekeeping forgets that it was told, in a second at most.
    success(await settings(customer, { low_balance_below: '7.00' }));
    await move('-2.00');
    const again = await nth(events, 'wallet.low_balance', 2);
    assert.deepEqual([again.balance.amount, again.threshold.amount], ['6.00', '7.00']);
    failure(await settings(customer, { low_balance_below: '-1' }), 400, 'invalid_request', 'low_balance_below');
    await events.close();
  });
}, { serve: stripe.serve });
