// Messaging profiles by the API: made, changed, in use, removed; and what they do to messages.

import assert from 'node:assert/strict';

import { Hook } from '../lib/hook.mjs';
import { failure, success } from '../lib/http.mjs';
import { until } from '../lib/until.mjs';
import { onEachEngine } from '../lib/world.mjs';

/** From ranges reserved for fiction. */
const TO = '+447700900999';

const profiles = async (customer) =>
  success(await customer.call('GET', 'portal/messaging-profiles')).messaging_profiles;

const assign = (customer, number, id) =>
  customer.call('PATCH', `portal/numbers/${number.id}`, { messaging_profile_id: id });

const send = (customer, number) =>
  customer.call('POST', 'portal/sms/send', { from_number_id: number.id, to: TO, body: 'Hello' });

async function text(world, number, body) {
  const arriving = { from: TO, to: number.number, body };
  success(await world.server.operator('POST', 'operator/simulator/inbound', arriving), 201);
}

onEachEngine('messaging profiles', ({ scenario }) => {
  scenario('an account has a default one, and its numbers have it', async (world) => {
    const customer = await world.customer();
    const [only, ...others] = await profiles(customer);
    assert.equal(others.length, 0);
    const { id, created_at: _, ...rest } = only;
    assert.deepEqual(rest, {
      name: 'Default',
      default: true,
      opt_out_words: { standard: true, stop: [], start: [] },
      sender_fallback: false,
      health: { numbers: 0, webhooks: { enabled: 0, failing: 0, disabled: 0 }, opt_outs: 0 },
    });
    const number = await world.number(customer, { simulated: true });
    assert.equal(number.messaging_profile_id, id, 'operators see it');
    const { numbers } = success(await customer.call('GET', 'portal/numbers'));
    assert.deepEqual(numbers[0].messaging_profile, { id, name: 'Default' });

    const stock = success(await customer.call('GET', 'portal/numbers/available?limit=1'));
    const items = [{ number_id: stock.numbers[0].id }];
    success(await customer.call('POST', 'portal/orders', { items }), 201);
    const mine = success(await customer.call('GET', 'portal/numbers')).numbers;
    const bought = mine.find((each) => each.id === items[0].number_id);
    assert.equal(bought.messaging_profile.id, id, 'what is ordered has it too');
    const released = await customer.call('POST', `portal/numbers/${bought.id}/release`);
    assert.equal(success(released).number.messaging_profile, null);
  });

  scenario('a number without one says so, and receives', async (world) => {
    const customer = await world.customer();
    const number = await world.number(customer, { simulated: true });
    const without = success(await assign(customer, number, null)).number;
    assert.equal(without.messaging_profile, null);
    const before = await customer.balance();
    failure(await send(customer, number), 409, 'no_messaging_profile', 'from_number_id');
    assert.equal(await customer.balance(), before);
    await text(world, number, 'Still there?');
    assert.equal((await customer.messages('direction=inbound')).length, 1);
    const [{ id }] = await profiles(customer);
    success(await assign(customer, number, id));
    success(await send(customer, number), 201);

    failure(await customer.call('PATCH', `portal/numbers/${number.id}`, {}), 400, 'invalid_request', 'messaging_profile_id');
    failure(await assign(customer, number, 1), 400, 'invalid_request', 'messaging_profile_id');
    const other = await world.customer();
    failure(await assign(other, number, null), 404, 'not_found');
    failure(await customer.call('GET', `portal/messaging-profiles/${number.id}`), 404, 'not_found');
  });

  scenario('one is made once, changed, and removed when nothing uses it', async (world) => {
    const customer = await world.customer();
    const number = await world.number(customer, { simulated: true });
    const body = {
      name: ' Customer care ',
      opt_out_words: { standard: false, stop: ['AFMELDEN', 'afmelden.'], start: ['AANMELDEN'] },
      sender_fallback: true,
    };
    const make = (key) =>
      customer.call('POST', 'portal/messaging-profiles', body, { headers: { 'Idempotency-Key': key } });
    const made = success(await make('once'), 201).messaging_profile;
    const again = await make('once');
    assert.equal(again.headers.get('idempotent-replayed'), 'true');
    assert.equal(success(again, 201).messaging_profile.id, made.id);
    assert.equal(made.name, 'Customer care');
    assert.deepEqual(made.opt_out_words, { standard: false, stop: ['AFMELDEN'], start: ['AANMELDEN'] });
    assert.equal((await profiles(customer)).length, 2);

    const path = `portal/messaging-profiles/${made.id}`;
    const changed = success(await customer.call('PATCH', path, { name: 'Care' })).messaging_profile;
    assert.deepEqual({ ...changed, name: made.name }, made, 'what is left out stays');

    success(await assign(customer, number, made.id));
    failure(await customer.call('DELETE', path), 409, 'conflict');
    await text(world, number, 'Afmelden');
    failure(await send(customer, number), 422, 'recipient_opted_out', 'to');
    const { health } = success(await customer.call('GET', path)).messaging_profile;
    assert.deepEqual([health.numbers, health.opt_outs], [1, 1]);
    await text(world, number, 'STOP');
    await text(world, number, 'aanmelden!');
    success(await send(customer, number), 201);

    const [{ id: byDefault }] = (await profiles(customer)).filter((each) => each.default);
    failure(await customer.call('DELETE', `portal/messaging-profiles/${byDefault}`), 409, 'conflict');
    success(await assign(customer, number, byDefault));
    success(await customer.call('DELETE', path));
    failure(await customer.call('GET', path), 404, 'not_found');
  });

  scenario('words that cannot be are refused with the field', async (world) => {
    const customer = await world.customer();
    const make = (words, name = 'Odd') =>
      customer.call('POST', 'portal/messaging-profiles', { name, opt_out_words: words });
    for (const [words, param] of [
      [{ standard: false }, 'opt_out_words.stop'],
      [{ standard: false, stop: ['no'] }, 'opt_out_words.start'],
      [{ stop: ['YES'] }, 'opt_out_words.stop'],
      [{ start: ['x'.repeat(41)] }, 'opt_out_words.start'],
      [{ stop: [''] }, 'opt_out_words.stop'],
      [{ sotp: ['no'] }, undefined],
    ]) {
      failure(await make(words), 400, 'invalid_request', param);
    }
    failure(await make({}, ' '), 400, 'invalid_request', 'name');
    failure(await make({}, null), 400, 'invalid_request', 'name');
    assert.equal((await profiles(customer)).length, 1);
  });

  scenario('another number of the profile sends, and the message shows which', async (world) => {
    const customer = await world.customer();
    const lapsed = await world.number(customer, { simulated: true, sms_enabled: false });
    const second = await world.number(customer, { simulated: true });
    failure(await send(customer, lapsed), 409, 'sms_not_enabled');
    const [{ id }] = await profiles(customer);
    success(await customer.call('PATCH', `portal/messaging-profiles/${id}`, { sender_fallback: true }));
    const { message } = success(await send(customer, lapsed), 201);
    assert.deepEqual([message.from, message.number_id], [second.number, second.id]);
  });

  scenario('a webhook of a profile hears of its messages alone', async (world) => {
    const customer = await world.customer();
    const [first, second] = [
      await world.number(customer, { simulated: true }),
      await world.number(customer, { simulated: true }),
    ];
    const { messaging_profile: care } = success(
      await customer.call('POST', 'portal/messaging-profiles', { name: 'Care' }),
      201,
    );
    success(await assign(customer, second, care.id));
    const hook = await Hook.start();
    const make = (place, id) =>
      customer.call('POST', 'portal/webhooks', { url: hook.url(place), messaging_profile_id: id });
    const own = success(await make('good/own', care.id), 201).webhook;
    assert.equal(own.messaging_profile_id, care.id);
    assert.deepEqual(own.events, ['sms.received', 'sms.sent', 'sms.delivered', 'sms.failed']);
    assert.equal(success(await make('good/all', null), 201).webhook.messaging_profile_id, null);
    failure(await make('good/none', 1), 400, 'invalid_request', 'messaging_profile_id');
    const path = `portal/webhooks/${own.id}`;
    failure(await customer.call('PATCH', path, { events: ['wallet.low_balance'] }), 400, 'invalid_request', 'events');

    await text(world, first, 'for the first');
    await text(world, second, 'for the second');
    await hook.until('good/all', 2);
    const [heard] = await hook.until('good/own', 1);
    assert.equal(JSON.parse(heard.body).data.body, 'for the second');
    assert.equal(hook.to('good/own').length, 1);
    failure(await customer.call('DELETE', `portal/messaging-profiles/${care.id}`), 409, 'conflict');

    success(await customer.call('PATCH', path, { messaging_profile_id: null }));
    await text(world, first, 'for both');
    await until('it hears of the whole account', () => hook.to('good/own').length === 2);
    await hook.close();
  });
});
