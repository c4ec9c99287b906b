// The API as its contract has it, by plain HTTP.

import assert from 'node:assert/strict';

import { EventStream } from '../lib/events.mjs';
import { TIME, call, failure, success } from '../lib/http.mjs';
import { SEGMENT, micros } from '../lib/money.mjs';
import { until } from '../lib/until.mjs';
import { onEachEngine } from '../lib/world.mjs';

/** From a range reserved for fiction; nothing is sent there through a carrier. */
const TO = '+447700900999';

/** A customer whose number stays in the simulator. */
async function simulated(world, options) {
  const customer = await world.customer(options);
  const number = await world.number(customer, { simulated: true });
  return { customer, number };
}

/** Runs refused requests, and proves that nothing was stored or charged. */
async function untouched(customer, body) {
  const look = async () => [
    await customer.balance(),
    (await customer.messages('limit=200')).map((message) => message.id),
    success(await customer.call('GET', 'portal/wallet/transactions')).transactions.length,
  ];
  const before = await look();
  await body();
  assert.deepEqual(await look(), before, 'nothing was stored or charged');
}

onEachEngine('API', ({ scenario }) => {
  scenario('a body that is not JSON, or not the right JSON', async (world) => {
    const { customer, number } = await simulated(world);
    const send = (raw) => customer.call('POST', 'portal/sms/send', undefined, { raw });
    const good = { from_number_id: number.id, to: TO, body: 'Hello' };
    await untouched(customer, async () => {
      for (const raw of ['', '{', '{"to": }', 'hello', '{"to": "+1', `${JSON.stringify(good)}}`]) {
        failure(await send(raw), 400, 'invalid_json');
      }
      failure(await send(Buffer.from('{"body": "\xff"}', 'latin1')), 400, 'invalid_json');
      for (const value of [[], null, 5, 'text', true]) {
        failure(await send(JSON.stringify(value)), 400, 'invalid_request');
      }
      for (const [param, value] of [
        ['from_number_id', String(number.id)],
        ['from_number_id', 1.5],
        ['from_number_id', null],
        ['from_number_id', {}],
        ['to', 447700900999],
        ['to', null],
        ['body', 5],
        ['body', ['Hello']],
        ['body', null],
      ]) {
        const answer = await send(JSON.stringify({ ...good, [param]: value }));
        failure(answer, 400, 'invalid_request', param);
      }
      for (const param of ['from_number_id', 'to', 'body']) {
        const { [param]: _, ...rest } = good;
        failure(await send(JSON.stringify(rest)), 400, 'invalid_request', param);
      }
    });
  });

  scenario('every answer has a request id, whatever it is about', async (world) => {
    const { customer } = await simulated(world);
    const send = (options) => customer.call('POST', 'portal/sms/send', undefined, options);
    failure(await customer.call('GET', 'portal/nothing'), 404, 'not_found');
    failure(await customer.call('PUT', 'portal/sms/send', {}), 405, 'method_not_allowed');
    failure(await send({ raw: ' '.repeat(256 * 1024 + 1) }), 413, 'body_too_large');
    failure(await send({ raw: '{}', headers: { 'content-type': 'text/plain' } }), 415, 'unsupported_media_type');
    failure(await send({ raw: '{' }), 400, 'invalid_json');
    // `call` looks for the header.
    for (const path of ['/', '/docs', '/no/such/page.css', '/healthz', '/readyz', '/api/v1/openapi.json', '/llms.txt']) {
      await call(world.server.baseUrl, 'GET', path);
    }
  });

  scenario('unknown fields are ignored', async (world) => {
    const { customer, number } = await simulated(world);
    const body = { from_number_id: number.id, to: TO, body: 'Hello', colour: 'red', nested: { a: [1] } };
    const { message } = success(await customer.call('POST', 'portal/sms/send', body), 201);
    assert.equal(message.colour, undefined);
  });

  scenario('text that cannot be sent', async (world) => {
    const { customer, number } = await simulated(world);
    const send = (raw) => customer.call('POST', 'portal/sms/send', undefined, { raw });
    const withBody = (json) => `{"from_number_id": ${number.id}, "to": "${TO}", "body": ${json}}`;
    await untouched(customer, async () => {
      for (const body of ['', ' ', '  \n\t \r ', '\u00a0\u2003']) {
        failure(await send(withBody(JSON.stringify(body))), 422, 'empty_body', 'body');
      }
      for (const body of ['a'.repeat(1601), '🙂'.repeat(1601), `${'é'.repeat(1600)}!`]) {
        failure(await send(withBody(JSON.stringify(body))), 422, 'message_too_long', 'body');
      }
      // Half a surrogate pair is no character, so it cannot be sent as it is.
      for (const half of ['"\\ud800"', '"a \\udc00 b"', '"\\ud83d"']) {
        failure(await send(withBody(half)), 400, ['invalid_json', 'invalid_request']);
      }
      failure(await send(withBody('"a\\u0000b"')), 400, 'invalid_request', 'body');
    });
  });

  scenario('1,600 characters are sent, whatever they cost', async (world) => {
    const { customer, number } = await simulated(world);
    for (const [character, segments] of [['a', 11], ['я', 24], ['🙂', 49]]) {
      const body = character.repeat(1600);
      const quote = success(
        await customer.call('POST', 'portal/sms/quote', { from_number_id: number.id, to: TO, body }),
      ).quote;
      assert.deepEqual([quote.segments, quote.characters], [segments, 1600]);
      assert.equal(micros(quote.price), SEGMENT * BigInt(segments));
      const before = await customer.balance();
      const message = await customer.send(number, TO, body);
      assert.equal(message.segments, segments);
      assert.equal(message.body, body);
      assert.equal(before - (await customer.balance()), SEGMENT * BigInt(segments));
    }
  });

  scenario('a destination that is not E.164', async (world) => {
    const { customer, number } = await simulated(world);
    await untouched(customer, async () => {
      for (const to of [
        '447700900999', '', '+', '+0447700900999', '+44 7700 900999', '+44-7700-900999', '0044770090099',
        '+12345', '+1234567890123456', 'tel:+447700900999', '+44７７00900999', '+447700900999\n', ' +447700900999',
        '++447700900999', '+44770090099x', 'Parcels',
      ]) {
        const answer = await customer.call('POST', 'portal/sms/send', {
          from_number_id: number.id,
          to,
          body: 'Hello',
        });
        failure(answer, 422, 'invalid_destination', 'to');
      }
    });
  });

  scenario('a number that is not mine, not active, or without SMS', async (world) => {
    const { customer } = await simulated(world);
    const other = await simulated(world);
    const off = await world.number(customer, { simulated: true, sms_enabled: false });
    const suspended = await world.number(customer, { simulated: true, status: 'suspended' });
    const send = (id) =>
      customer.call('POST', 'portal/sms/send', { from_number_id: id, to: TO, body: 'Hello' });
    await untouched(other.customer, () =>
      untouched(customer, async () => {
        failure(await send(other.number.id), 404, 'not_found');
        for (const id of [0, -1, 999_999_999, Number.MAX_SAFE_INTEGER]) {
          failure(await send(id), 404, 'not_found');
        }
        failure(await send(off.id), 409, 'sms_not_enabled');
        failure(await send(suspended.id), 409, 'number_not_active');
      }),
    );
  });

  scenario('too little money', async (world) => {
    const { customer, number } = await simulated(world, { balance: '0.015' });
    const send = (body) =>
      customer.call('POST', 'portal/sms/send', { from_number_id: number.id, to: TO, body });
    await untouched(customer, async () => {
      const error = failure(await send('a'.repeat(161)), 402, 'insufficient_balance');
      assert.equal(error.message, 'Insufficient wallet balance');
    });
    success(await send('one is enough'), 201);
    await untouched(customer, async () => failure(await send('two are not'), 402, 'insufficient_balance'));
    assert.equal(await customer.balance(), 7_000n);

    const exact = await simulated(world, { balance: '0.008' });
    await exact.customer.send(exact.number, TO, 'to the last cent');
    assert.equal(await exact.customer.balance(), 0n);
    const broke = await simulated(world, { balance: null });
    failure(
      await broke.customer.call('POST', 'portal/sms/send', {
        from_number_id: broke.number.id, to: TO, body: 'Hello',
      }),
      402,
      'insufficient_balance',
    );
  });

  scenario('many senders at once cannot spend the same money twice', async (world) => {
    const { customer, number } = await simulated(world, { balance: '0.080' });
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, n) =>
        customer.call('POST', 'portal/sms/send', { from_number_id: number.id, to: TO, body: `Text ${n}` }),
      ),
    );
    const accepted = answers.filter((answer) => answer.status === 201);
    assert.equal(accepted.length, 10);
    for (const answer of answers) {
      if (answer.status !== 201) failure(answer, 402, 'insufficient_balance');
    }
    assert.equal(await customer.balance(), 0n);
  });

  scenario('a suspended account may look, and not send', async (world) => {
    const { customer, number } = await simulated(world);
    const set = (status) =>
      world.server.operator('PATCH', `operator/accounts/${customer.id}`, { status });
    success(await set('suspended'));
    await untouched(customer, async () => {
      const body = { from_number_id: number.id, to: TO, body: 'Hello' };
      failure(await customer.call('POST', 'portal/sms/send', body), 403, 'account_suspended');
    });
    success(await set('active'));
    await customer.send(number, TO, 'Hello again');
  });

  scenario('lists for objects, repeated parameters and NUL in a query', async (world) => {
    const { customer, number } = await simulated(world);
    await untouched(customer, async () => {
      const list = [number.id, TO, 'Hello', null];
      failure(await customer.call('POST', 'portal/sms/send', list), 400, 'invalid_request');
      failure(await customer.call('GET', 'portal/sms?limit=1&limit=2'), 400, 'invalid_request');
      failure(await customer.call('GET', 'portal/sms?q=%00'), 400, 'invalid_request');
      failure(await customer.call('POST', 'portal/api-keys', { name: 'a\0b' }), 400, 'invalid_request');
    });
  });

  scenario('a body that is too large', async (world) => {
    const { customer, number } = await simulated(world);
    const padded = (octets) => {
      const json = JSON.stringify({ from_number_id: number.id, to: TO, body: 'Hello', pad: '' });
      return json.replace('"pad":""', `"pad":"${'x'.repeat(octets - json.length)}"`);
    };
    await untouched(customer, async () => {
      for (const octets of [256 * 1024 + 1, 1024 * 1024]) {
        const answer = await customer.call('POST', 'portal/sms/send', undefined, { raw: padded(octets) });
        failure(answer, 413, 'body_too_large');
      }
    });
    success(await customer.call('POST', 'portal/sms/send', undefined, { raw: padded(256 * 1024) }), 201);
  });

  scenario('a wrong method, path or content type', async (world) => {
    const { customer, number } = await simulated(world);
    const body = { from_number_id: number.id, to: TO, body: 'Hello' };
    await untouched(customer, async () => {
      failure(await customer.call('GET', 'portal/sms/send'), 405, 'method_not_allowed');
      failure(await customer.call('DELETE', 'portal/sms'), 405, 'method_not_allowed');
      failure(await customer.call('PUT', 'portal/sms/send', body), 405, 'method_not_allowed');
      failure(await customer.call('GET', 'portal/nothing'), 404, 'not_found');
      failure(await customer.call('GET', '/api/v2/portal/sms'), 404, 'not_found');
      for (const id of ['0', '-1', 'abc', '1e3', '99999999999999999999']) {
        failure(await customer.call('GET', `portal/sms/${id}`), 404, 'not_found');
      }
      for (const type of [null, 'text/plain', 'application/x-www-form-urlencoded', 'application/jsonp']) {
        const headers = { 'content-type': type };
        const answer = await customer.call('POST', 'portal/sms/send', body, { headers });
        failure(answer, 415, 'unsupported_media_type');
      }
    });
    const headers = { 'content-type': 'Application/JSON; charset=UTF-8' };
    success(await customer.call('POST', 'portal/sms/send', body, { headers }), 201);
  });

  scenario('no key, a wrong key, a key in the wrong form', async (world) => {
    const { customer, number } = await simulated(world);
    const { baseUrl } = world.server;
    const body = { from_number_id: number.id, to: TO, body: 'Hello' };
    await untouched(customer, async () => {
      for (const authorization of [
        null, '', 'Bearer', 'Bearer ', `Basic ${customer.key}`, customer.key, `Token ${customer.key}`,
        `Bearer ${customer.key}x`, `Bearer ${customer.key.slice(0, -1)}`, `Bearer x ${customer.key}`,
        `Bearer ${customer.key.toUpperCase()}`, `Bearer,${customer.key}`, 'Bearer null', `Bearer ${'x'.repeat(4000)}`,
      ]) {
        const headers = { authorization };
        for (const [method, path] of [['GET', 'portal/wallet'], ['POST', 'portal/sms/send']]) {
          const sent = method === 'POST' ? body : undefined;
          failure(await call(baseUrl, method, path, { headers, body: sent }), 401, 'unauthenticated');
        }
      }
    });
  });

  scenario("one side's key does not open the other side", async (world) => {
    const { customer } = await simulated(world);
    failure(await customer.call('GET', 'operator/accounts'), 403, 'forbidden');
    failure(await customer.call('POST', 'operator/carriers', { name: 'x', kind: 'simulator' }), 403, 'forbidden');
    failure(await world.server.operator('GET', 'portal/wallet'), 403, 'forbidden');
  });

  scenario('nothing of another account can be seen', async (world) => {
    const mine = await simulated(world);
    const theirs = await simulated(world);
    const { id } = await theirs.customer.send(theirs.number, TO, 'Secret');
    failure(await mine.customer.call('GET', `portal/sms/${id}`), 404, 'not_found');
    for (const query of ['', `number_id=${theirs.number.id}`, 'q=Secret', 'after_id=0']) {
      assert.deepEqual(await mine.customer.messages(query), []);
    }
    const { numbers } = success(await mine.customer.call('GET', 'portal/sms/numbers'));
    assert.deepEqual(numbers.map((number) => number.id), [mine.number.id]);
  });

  scenario('an idempotency key makes one message of many tries', async (world) => {
    const { customer, number } = await simulated(world);
    const body = { from_number_id: number.id, to: TO, body: 'Only once' };
    const headers = { 'idempotency-key': 'order-1234' };
    const send = (sent) => customer.call('POST', 'portal/sms/send', sent, { headers });

    const first = await send(body);
    success(first, 201);
    assert.equal(first.headers.get('idempotent-replayed'), null);
    const before = await customer.balance();
    for (let again = 0; again < 3; again += 1) {
      const answer = await send(body);
      assert.equal(answer.headers.get('idempotent-replayed'), 'true');
      assert.equal(answer.status, 201);
      assert.equal(answer.json.message.id, first.json.message.id);
    }
    failure(await send({ ...body, body: 'Another' }), 422, 'idempotency_key_reused');
    assert.equal(await customer.balance(), before);
    assert.equal((await customer.messages()).length, 1);

    // The key is the account's own.
    const other = await simulated(world);
    const theirs = await other.customer.call(
      'POST', 'portal/sms/send', { ...body, from_number_id: other.number.id }, { headers },
    );
    assert.notEqual(success(theirs, 201).message.id, first.json.message.id);
  });

  scenario('the first answer is given again word for word', async (world) => {
    const { customer, number } = await simulated(world);
    const body = { from_number_id: number.id, to: TO, body: 'Word for word' };
    const headers = { 'idempotency-key': 'again' };
    const send = () => customer.call('POST', 'portal/sms/send', body, { headers });
    const first = await send();
    const { id } = success(first, 201).message;
    await customer.untilStatus(id, 'delivered');
    assert.deepEqual((await send()).json, first.json);
  });

  scenario('one key, many tries at the same time', async (world) => {
    const { customer, number } = await simulated(world);
    const body = { from_number_id: number.id, to: TO, body: 'All at once' };
    const headers = { 'idempotency-key': 'race' };
    const before = await customer.balance();
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => customer.call('POST', 'portal/sms/send', body, { headers })),
    );
    const ids = answers.map((answer) => success(answer, 201).message.id);
    assert.equal(new Set(ids).size, 1);
    const first = answers.filter((answer) => answer.headers.get('idempotent-replayed') === null);
    assert.equal(first.length, 1);
    assert.equal(before - (await customer.balance()), SEGMENT);
  });

  scenario('a refused request may be sent again under its key once it is mended', async (world) => {
    const { customer, number } = await simulated(world, { balance: null });
    const body = { from_number_id: number.id, to: TO, body: 'Patience' };
    const send = () =>
      customer.call('POST', 'portal/sms/send', body, { headers: { 'idempotency-key': 'poor' } });
    failure(await send(), 402, 'insufficient_balance');
    success(
      await world.server.operator('POST', `operator/accounts/${customer.id}/credits`, { amount: '1.00' }),
      201,
    );
    success(await send(), 201);
  });

  scenario("operators' creates take idempotency keys too", async (world) => {
    const headers = { 'idempotency-key': `credit-${Date.now()}` };
    const { customer } = await simulated(world, { balance: null });
    const credit = (amount) =>
      world.server.operator('POST', `operator/accounts/${customer.id}/credits`, { amount, note: 'x' }, { headers });
    success(await credit('5.00'), 201);
    const again = await credit('5.00');
    success(again, 201);
    assert.equal(again.headers.get('idempotent-replayed'), 'true');
    failure(await credit('6.00'), 422, 'idempotency_key_reused');
    assert.equal(await customer.balance(), 5_000_000n);
  });

  scenario('sends over the rate are refused, and told when to come back', async (world) => {
    const { customer, number } = await simulated(world, { rateLimit: 3 });
    const send = (body) =>
      customer.call('POST', 'portal/sms/send', { from_number_id: number.id, to: TO, body });
    const answers = [];
    for (let n = 0; n < 12; n += 1) answers.push(await send(`Text ${n}`));
    for (const answer of answers) {
      assert.equal(answer.headers.get('ratelimit-limit'), '3', answer.text);
      assert.match(answer.headers.get('ratelimit-remaining'), /^\d+$/);
      assert.match(answer.headers.get('ratelimit-reset'), /^\d+$/);
    }
    assert.equal(answers[0].status, 201);
    const over = answers.find((answer) => answer.status === 429);
    assert.ok(over, 'twelve sends in a row are more than three a second');
    failure(over, 429, 'rate_limited');
    assert.ok(Number(over.headers.get('retry-after')) >= 1);
    assert.equal(over.headers.get('ratelimit-remaining'), '0');

    const accepted = answers.filter((answer) => answer.status === 201).length;
    assert.equal((await customer.messages('limit=200')).length, accepted);
    await until('it may send again', async () => (await send('Later')).status === 201);
  });

  scenario('ten messages a second is what an account may send at first', async (world) => {
    const { customer, number } = await simulated(world, { rateLimit: null });
    const body = { from_number_id: number.id, to: TO, body: 'Hello' };
    const answer = await customer.call('POST', 'portal/sms/send', body);
    success(answer, 201);
    assert.equal(answer.headers.get('ratelimit-limit'), '10');
    // Reads and quotes do not count.
    for (let n = 0; n < 30; n += 1) success(await customer.call('POST', 'portal/sms/quote', body));
  });

  scenario('a batch answers each of its messages in order', async (world) => {
    const { customer, number } = await simulated(world, { rateLimit: 3 });
    const good = (n) => ({ from_number_id: number.id, to: TO, body: `Batch ${n}` });
    const before = await customer.balance();
    const messages = [good(0), { ...good(1), to: '123' }, good(2), { ...good(3), body: '' }, good(4), good(5)];
    const { results } = success(await customer.call('POST', 'portal/sms/batch', { messages }), 201);
    assert.deepEqual(
      results.map((result) => result.message?.body ?? result.error.code),
      ['Batch 0', 'invalid_destination', 'Batch 2', 'empty_body', 'Batch 4', 'Batch 5'],
    );
    assert.equal(before - (await customer.balance()), SEGMENT * 4n);
    for (const { message } of results) if (message) await customer.untilStatus(message.id, 'delivered');

    await untouched(customer, async () => {
      for (const bad of [{}, { messages: {} }, { messages: [] }, { messages: Array(1001).fill(good(0)) }]) {
        failure(await customer.call('POST', 'portal/sms/batch', bad), 400, 'invalid_request', 'messages');
      }
      const costly = { messages: Array.from({ length: 60 }, () => ({ ...good(0), body: 'я'.repeat(1600) })) };
      const poor = await customer.call('POST', 'portal/sms/batch', costly);
      if (poor.status !== 201) return failure(poor, 402, 'insufficient_balance');
      for (const { error } of poor.json.results) assert.equal(error.code, 'insufficient_balance');
    });
  });

  scenario('a list is read page by page, newest first, without gap or repeat', async (world) => {
    const { customer, number } = await simulated(world);
    const sent = [];
    for (let n = 0; n < 7; n += 1) sent.push((await customer.send(number, TO, `Page ${n}`)).id);

    const seen = [];
    let cursor;
    let newer;
    for (let page = 0; page < 10; page += 1) {
      const query = cursor ? `limit=3&cursor=${encodeURIComponent(cursor)}` : 'limit=3';
      const answer = success(await customer.call('GET', `portal/sms?${query}`));
      assert.ok(answer.messages.length <= 3);
      seen.push(...answer.messages.map((message) => message.id));
      // What comes in meanwhile does not move the pages.
      if (page === 0) newer = (await customer.send(number, TO, 'Newer')).id;
      cursor = answer.next_cursor;
      if (cursor === null) break;
    }
    assert.equal(cursor, null);
    assert.deepEqual(seen, [...sent].reverse());

    const after = await customer.messages(`after_id=${sent[2]}&limit=2`);
    assert.deepEqual(after.map((message) => message.id), sent.slice(3, 5));
    const polled = [];
    for (let next = 0, more = true; more; ) {
      const answer = success(await customer.call('GET', `portal/sms?after_id=${next}&limit=2`));
      assert.equal(answer.next_cursor, null);
      polled.push(...answer.messages.map((message) => message.id));
      more = answer.messages.length > 0;
      if (!more) assert.equal(answer.next_after_id, next, 'where nothing came, the same again');
      next = answer.next_after_id;
    }
    assert.deepEqual(polled, [...sent, newer]);

    for (const query of ['limit=0', 'limit=201', 'limit=-1', 'limit=x', 'limit=', 'cursor=x', 'cursor=-1']) {
      failure(await customer.call('GET', `portal/sms?${query}`), 400, 'invalid_request', query.split('=')[0]);
    }
    success(await customer.call('GET', 'portal/sms?limit=200'));
  });

  scenario('a list is narrowed down', async (world) => {
    const { customer, number } = await simulated(world);
    const second = await world.number(customer, { simulated: true });
    const other = '+447700900998';
    const a = await customer.send(number, TO, 'Alpha 100%');
    const b = await customer.send(second, other, 'Beta_under');
    for (const { id } of [a, b]) await customer.untilStatus(id, 'delivered');
    const found = async (query) => (await customer.messages(query)).map((message) => message.id);
    assert.deepEqual(await found(`number_id=${number.id}`), [a.id]);
    assert.deepEqual(await found(`to=${encodeURIComponent(other)}`), [b.id]);
    assert.deepEqual(await found(`from=${encodeURIComponent(second.number)}`), [b.id]);
    assert.deepEqual(await found('status=delivered'), [b.id, a.id]);
    assert.deepEqual(await found('status=failed'), []);
    assert.deepEqual(await found('direction=inbound'), []);
    assert.deepEqual(await found('q=alpha'), [a.id]);
    // Signs of the pattern language are plain text.
    assert.deepEqual(await found(`q=${encodeURIComponent('100%')}`), [a.id]);
    assert.deepEqual(await found(`q=${encodeURIComponent('%')}`), [a.id]);
    assert.deepEqual(await found('q=_'), [b.id]);
    assert.deepEqual(await found(`since=${b.created_at}`), [b.id]);
    assert.deepEqual(await found(`until=${b.created_at}`), [a.id]);
    for (const query of ['direction=sideways', 'status=lost', 'since=yesterday', 'number_id=x']) {
      failure(await customer.call('GET', `portal/sms?${query}`), 400, 'invalid_request');
    }
  });

  scenario('wallet, transactions, numbers and figures', async (world) => {
    const { customer, number } = await simulated(world, { balance: '1.50' });
    const { id } = await customer.send(number, TO, 'Hello');
    await customer.untilStatus(id, 'delivered');
    assert.equal(await customer.balance(), 1_492_000n);

    const { transactions, next_cursor: cursor } = success(
      await customer.call('GET', 'portal/wallet/transactions'),
    );
    assert.equal(cursor, null);
    const sum = transactions.reduce((total, entry) => total + micros(entry.amount), 0n);
    assert.equal(sum, 1_492_000n, 'the balance is the sum of its movements');
    assert.equal(micros(transactions[0].balance_after), 1_492_000n);
    for (const entry of transactions) {
      assert.ok(Number.isSafeInteger(entry.id) && entry.kind && 'reference' in entry);
      assert.match(entry.created_at, TIME);
    }

    const { numbers } = success(await customer.call('GET', 'portal/sms/numbers'));
    assert.deepEqual(
      [numbers[0].id, numbers[0].number, numbers[0].country, numbers[0].type, numbers[0].status, numbers[0].sms_enabled],
      [number.id, number.number, 'GB', 'mobile', 'active', true],
    );
    await until('the figures have it', async () => {
      const { stats } = success(await customer.call('GET', 'portal/sms/stats'));
      return JSON.stringify(stats.today).includes('1') && stats.delivery_rate_30d === 1;
    });
  });

  scenario('transactions by kind, number, time and note, and as a file', async (world) => {
    const { customer, number } = await simulated(world, { balance: '1.50' });
    const { id } = await customer.send(number, TO, 'Hello');
    await customer.untilStatus(id, 'delivered');
    for (const note of ['=1+1', 'Goodwill, 100% of "it"', '-2']) {
      const credit = { amount: '0.25', note };
      success(await world.server.operator('POST', `operator/accounts/${customer.id}/credits`, credit), 201);
    }
    const found = async (query) =>
      success(await customer.call('GET', `portal/wallet/transactions?${query}`)).transactions;
    const all = await found('limit=200');
    const ids = (list) => list.map((one) => one.id);
    const where = (condition) => ids(all.filter(condition));
    assert.deepEqual(ids(await found('kind=sms')), where((one) => one.kind === 'sms'));
    assert.deepEqual(ids(await found('kind=credit')), where((one) => one.kind === 'credit'));
    assert.deepEqual(ids(await found(`number_id=${number.id}`)), where((one) => one.reference === `message:${id}`));
    assert.deepEqual(ids(await found(`number_id=${number.id + 1}`)), []);
    assert.deepEqual(ids(await found('q=100%25')), where((one) => one.note?.includes('100%')));
    assert.deepEqual(ids(await found('q=GOODWILL')), where((one) => one.note?.startsWith('Goodwill')));
    const cut = all[1].created_at;
    assert.deepEqual(ids(await found(`since=${cut}`)), where((one) => one.created_at >= cut));
    assert.deepEqual(ids(await found(`until=${cut}`)), where((one) => one.created_at < cut));
    for (const [query, param] of [['kind=gift', 'kind'], ['since=monday', 'since'], ['until=2026', 'until'], ['number_id=x', 'number_id']]) {
      for (const path of ['transactions', 'transactions.csv']) {
        const refused = await customer.call('GET', `portal/wallet/${path}?${query}`);
        assert.equal(failure(refused, 400, 'invalid_request').param, param);
      }
    }

    const file = async (path, key) => {
      const answer = await fetch(`${world.server.baseUrl}/api/v1/${path}`, { headers: { authorization: `Bearer ${key}` } });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get('content-type'), 'text/csv; charset=utf-8');
      assert.match(answer.headers.get('content-disposition'), /attachment; filename="transactions.csv"/);
      return answer.text();
    };
    const rows = all.map(({ id: row, created_at: at, kind, amount, balance_after: after, reference, note = '' }) => {
      const harmless = /^[=+\-@\t\r]/.test(note) ? `'${note}` : note;
      const cell = /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
      return [row, at, kind, amount.amount, after.amount, amount.currency, reference, cell].join(',');
    });
    const heading = 'id,created_at,kind,amount,balance_after,currency,reference,note';
    const whole = [heading, ...rows, ''].join('\r\n');
    assert.equal(await file('portal/wallet/transactions.csv', customer.key), whole);
    const operator = world.server.demo.operator.api_key;
    assert.equal(await file(`operator/accounts/${customer.id}/transactions.csv`, operator), whole);
    assert.equal((await file('portal/wallet/transactions.csv?kind=sms', customer.key)).split('\r\n').length, 3);
    const theirs = success(await world.server.operator('GET', `operator/accounts/${customer.id}/transactions?kind=credit`));
    assert.deepEqual(ids(theirs.transactions), where((one) => one.kind === 'credit'));
    failure(await world.server.operator('GET', 'operator/accounts/999999999/transactions.csv'), 404, 'not_found');
  });

  scenario('a simulated text runs through its statuses, and inbound comes back', async (world) => {
    const { customer, number } = await simulated(world);
    const { id } = await customer.send(number, TO, 'Simulated');
    const message = await customer.untilStatus(id, 'delivered');
    assert.deepEqual(
      message.events.map((event) => event.status),
      ['queued', 'sending', 'sent', 'delivered'],
    );
    const inbound = { from: TO, to: number.number, body: 'Back to you' };
    success(await world.server.operator('POST', 'operator/simulator/inbound', inbound), 201);
    const [received] = await customer.untilInbound(number, 1);
    assert.equal(received.body, 'Back to you');
  });

  scenario('the event stream goes on where it was left, without a gap', async (world) => {
    const { customer, number } = await simulated(world);
    const { baseUrl } = world.server;
    const whole = ['queued', 'sending', 'sent', 'delivered'];
    const first = await EventStream.open(baseUrl, customer.key);
    const one = await customer.send(number, TO, 'While it is open');
    await first.until('the first message is told', () => first.statuses(one.id).at(-1) === 'delivered');
    assert.deepEqual(first.statuses(one.id), whole);
    assert.ok(first.events.some((event) => event.type === 'wallet.balance'), 'the balance is told');
    await first.close();

    const two = await customer.send(number, TO, 'While nobody listens');
    await customer.untilStatus(two.id, 'delivered');
    const inbound = { from: TO, to: number.number, body: 'Nobody listens' };
    success(await world.server.operator('POST', 'operator/simulator/inbound', inbound), 201);
    await customer.untilInbound(number, 1);

    // From the middle of what was seen already.
    const middle = first.events.findIndex((event) => event.type === 'sms.status');
    const second = await EventStream.open(baseUrl, customer.key, first.events[middle].id);
    await second.until('the rest is told', () =>
      second.statuses(two.id).at(-1) === 'delivered' &&
      second.events.some((event) => event.type === 'sms.received'));
    const three = await customer.send(number, TO, 'And on it goes');
    await second.until('news come too', () => second.statuses(three.id).at(-1) === 'delivered');
    await second.close();

    const told = ({ type }) => ['sms.status', 'sms.received', 'wallet.balance', 'number.status'].includes(type);
    const seen = first.events.slice(middle + 1).filter(told);
    const again = second.events.filter(told);
    assert.deepEqual(again.slice(0, seen.length), seen, 'what was seen comes again as it was');
    assert.deepEqual(second.statuses(two.id), whole);
    const ids = again.map((event) => Number(event.id));
    assert.deepEqual(ids, [...new Set(ids)].sort((a, b) => a - b), 'ids rise');
  });

  scenario('the event stream needs a key, and tells nothing of others', async (world) => {
    const mine = await simulated(world);
    const theirs = await simulated(world);
    const stream = await EventStream.open(world.server.baseUrl, mine.customer.key);
    const secret = await theirs.customer.send(theirs.number, TO, 'Not for you');
    await theirs.customer.untilStatus(secret.id, 'delivered');
    const own = await mine.customer.send(mine.number, TO, 'For me');
    await stream.until('my message is told', () => stream.statuses(own.id).at(-1) === 'delivered');
    assert.deepEqual(stream.statuses(secret.id), []);
    assert.ok(!JSON.stringify(stream.events).includes('Not for you'));
    await stream.close();
    failure(await call(world.server.baseUrl, 'GET', 'portal/events'), 401, 'unauthenticated');
  });

  scenario('API keys are made, shown once, and revoked', async (world) => {
    const { customer } = await simulated(world);
    const { api_key: made } = success(await customer.call('POST', 'portal/api-keys', { name: 'Second' }), 201);
    const wallet = () => call(world.server.baseUrl, 'GET', 'portal/wallet', { key: made.secret });
    success(await wallet());
    const list = await customer.call('GET', 'portal/api-keys');
    assert.ok(success(list).api_keys.some((key) => key.id === made.id));
    assert.ok(!list.text.includes(made.secret), 'a secret is shown once');
    success(await customer.call('DELETE', `portal/api-keys/${made.id}`));
    failure(await wallet(), 401, 'unauthenticated');
  });

  scenario('the OpenAPI document lists what there is', async (world) => {
    const answer = await call(world.server.baseUrl, 'GET', '/api/v1/openapi.json');
    assert.equal(answer.status, 200);
    const document = answer.json;
    assert.match(document.openapi, /^3\./);
    const prefix = new URL(document.servers?.[0]?.url ?? '/', world.server.baseUrl).pathname.replace(/\/$/, '');
    const paths = new Map(
      Object.entries(document.paths).map(([path, methods]) => [prefix + path, Object.keys(methods)]),
    );
    for (const [method, path] of [
      ['post', 'portal/sms/send'], ['post', 'portal/sms/batch'], ['post', 'portal/sms/quote'],
      ['get', 'portal/sms'], ['get', 'portal/sms/{id}'], ['get', 'portal/sms/numbers'], ['get', 'portal/sms/stats'],
      ['get', 'portal/wallet'], ['get', 'portal/wallet/transactions'], ['get', 'portal/events'],
      ['get', 'portal/api-keys'], ['post', 'portal/api-keys'], ['delete', 'portal/api-keys/{id}'],
      ['get', 'operator/carriers'], ['post', 'operator/carriers'], ['patch', 'operator/carriers/{id}'],
      ['get', 'operator/routes'], ['post', 'operator/routes'],
      ['get', 'operator/accounts'], ['post', 'operator/accounts'], ['patch', 'operator/accounts/{id}'],
      ['post', 'operator/accounts/{id}/credits'],
      ['get', 'operator/numbers'], ['post', 'operator/numbers'], ['patch', 'operator/numbers/{id}'],
      ['post', 'operator/simulator/inbound'], ['get', 'operator/messages'], ['get', 'operator/messages/{id}'],
    ]) {
      assert.ok(paths.get(`/api/v1/${path}`)?.includes(method), `${method} ${path} is listed`);
    }
  });

  scenario('health, readiness and metrics', async (world) => {
    for (const path of ['/healthz', '/readyz']) {
      assert.equal((await call(world.server.baseUrl, 'GET', path)).status, 200);
    }
    const metrics = await world.server.operator('GET', 'operator/metrics');
    assert.equal(metrics.status, 200);
    assert.match(metrics.text, /^# TYPE /m);
    failure(await world.server.customer('GET', 'operator/metrics'), 403, 'forbidden');
  });

  scenario('request ids differ, and do not come from the caller', async (world) => {
    const { customer } = await simulated(world);
    const ids = new Set();
    for (let n = 0; n < 20; n += 1) {
      const answer = await customer.call('GET', 'portal/wallet', undefined, { headers: { 'x-request-id': 'mine' } });
      ids.add(answer.headers.get('x-request-id'));
    }
    assert.equal(ids.size, 20);
  });
});
