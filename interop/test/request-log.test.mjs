// What programs asked for, as their owner reads it.

import assert from 'node:assert/strict';

import { failure, success } from '../lib/http.mjs';
import { until } from '../lib/until.mjs';
import { onEachEngine } from '../lib/world.mjs';

onEachEngine('request log', ({ scenario }) => {
  const requests = async (customer, query = '') =>
    success(await customer.call('GET', `portal/requests?${query}`)).requests;

  scenario('a request is shown with its outcome, its numbers and texts covered', async (world) => {
    const customer = await world.customer();
    const number = await world.number(customer, { simulated: true });
    const text = { from_number_id: number.id, to: '+447700900123', body: 'The code is 123456' };
    const sent = await customer.call('POST', 'portal/sms/send', text);
    success(sent, 201);
    failure(await customer.call('POST', 'portal/sms/send', { ...text, to: '12' }), 422, 'invalid_destination', 'to');
    await customer.messages('to=%2B447700900123&status=sent');

    const logged = await until('they are logged', async () => {
      const found = await requests(customer, 'path=SMS');
      return found.length === 3 ? found : undefined;
    });
    assert.deepEqual(
      logged.map((one) => [one.method, one.path, one.status, one.error_code]),
      [
        ['GET', '/api/v1/portal/sms', 200, null],
        ['POST', '/api/v1/portal/sms/send', 422, 'invalid_destination'],
        ['POST', '/api/v1/portal/sms/send', 201, null],
      ],
    );
    assert.equal(logged[0].query, 'to=…&status=sent');
    assert.equal(logged[2].request_id, sent.headers.get('x-request-id'));
    assert.ok(logged[2].duration_ms >= 0 && logged[2].key.prefix.startsWith('df_live_'));
    const { request } = success(await customer.call('GET', `portal/requests/${logged[2].id}`));
    assert.deepEqual(request.body, { body: '(18 characters)', from_number_id: number.id, to: '+447…23' });
    const all = JSON.stringify([logged, request]);
    for (const secret of ['447700900123', '123456', customer.key]) assert.ok(!all.includes(secret), secret);
  });

  scenario('the log is filtered, paged, and nobody else’s', async (world) => {
    const customer = await world.customer();
    const other = await world.customer();
    for (let count = 0; count < 3; count += 1) await customer.call('GET', 'portal/wallet');
    failure(await customer.call('GET', 'portal/sms/1'), 404, 'not_found');
    await until('all are logged', async () => (await requests(customer, 'status=404')).length === 1);
    const wallets = await requests(customer, 'path=wallet&method=get&status=2xx');
    assert.equal(wallets.length, 3);
    const page = success(await customer.call('GET', 'portal/requests?path=wallet&limit=2'));
    assert.deepEqual(page.requests.map((one) => one.id), wallets.slice(0, 2).map((one) => one.id));
    const rest = await requests(customer, `path=wallet&limit=2&cursor=${page.next_cursor}`);
    assert.deepEqual(rest.map((one) => one.id), [wallets[2].id]);

    assert.deepEqual(await requests(other, 'path=wallet'), []);
    failure(await other.call('GET', `portal/requests/${wallets[0].id}`), 404, 'not_found');
    failure(await customer.call('GET', 'portal/requests?status=often'), 400, 'invalid_request', 'status');
  });
});
