// People: sign-up, sessions, letters, passwords, profiles.

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';

import { Browser } from '../lib/browser.mjs';
import { TIME, call, failure, success } from '../lib/http.mjs';
import { Server } from '../lib/server.mjs';
import { until } from '../lib/until.mjs';
import { onEachEngine } from '../lib/world.mjs';

const PASSWORD = 'correct horse battery';

let people = 0;

function address() {
  people += 1;
  return `person-${process.pid}-${people}@example.com`;
}

/** Somebody who has just signed up, with their browser. */
async function signedUp(server, fields = {}) {
  const browser = new Browser(server);
  const email = address();
  const answer = await browser.call('POST', 'portal/signup', { email, password: PASSWORD, ...fields });
  const { session, demo_link: link } = success(answer, 201);
  return { browser, email, session, link };
}

function tokenOf(link) {
  const token = new URL(link).searchParams.get('token');
  assert.match(token, /^[\w-]{43}$/, '256 bits');
  return token;
}

const signIn = (browser, email, password = PASSWORD) =>
  browser.call('POST', 'portal/session', { email, password });

onEachEngine('people', ({ scenario }) => {
  scenario('who signs up is signed in, with an empty wallet and nothing else', async ({ server }) => {
    const { browser, email, session, link } = await signedUp(server, { name: ' Ada ' });
    assert.ok(link.startsWith(`${server.baseUrl}/verify?token=`));
    const { session: mine } = success(await browser.call('GET', 'portal/session'));
    assert.deepEqual(mine, session);
    const { id, account_id: account, created_at: created, expires_at: expires, ...rest } = mine;
    assert.ok(Number.isInteger(id) && Number.isInteger(account));
    assert.match(created, TIME);
    assert.ok(expires > created);
    assert.deepEqual(rest, {
      role: 'customer', name: 'Ada', email, verified: false, language: null, theme: 'system',
      time_zone: null, demo: true, payments: true,
    });
    const { wallet } = success(await browser.call('GET', 'portal/wallet'));
    assert.deepEqual(wallet.balance, { amount: '0.00', currency: 'EUR' });
    for (const [path, list] of [['wallet/transactions', 'transactions'], ['api-keys', 'api_keys'], ['numbers', 'numbers'], ['sms', 'messages']]) {
      assert.deepEqual(success(await browser.call('GET', `portal/${path}`))[list], []);
    }
    failure(await browser.call('GET', 'operator/accounts'), 403, 'forbidden');
    const { account: seen } = success(await server.operator('GET', `operator/accounts/${account}`));
    assert.equal(seen.status, 'active');
  });

  scenario('without a name, the address gives one', async ({ server }) => {
    const { session, email } = await signedUp(server);
    assert.equal(session.name, email.split('@')[0]);
  });

  scenario('a sign-up that cannot be used', async ({ server }) => {
    const { email } = await signedUp(server);
    const browser = new Browser(server);
    const sign = (body) => browser.call('POST', 'portal/signup', { email: address(), password: PASSWORD, ...body });
    for (const bad of ['', 'ada', 'ada@', '@example.com', 'a@b@c', 'a b@example.com', null]) {
      failure(await sign({ email: bad }), 400, 'invalid_request', 'email');
    }
    for (const bad of ['', 'nine char', 'x'.repeat(201), null]) {
      failure(await sign({ password: bad }), 400, 'invalid_request', 'password');
    }
    failure(await sign({ name: 'x'.repeat(101) }), 400, 'invalid_request', 'name');
    for (const taken of [email, email.toUpperCase(), server.demo.account.email, server.demo.operator.email]) {
      failure(await sign({ email: taken }), 409, 'conflict', 'email');
    }
    assert.equal(browser.cookie, undefined);
    const taken = await server.operator('POST', 'operator/accounts', { name: 'Twice', email });
    failure(taken, 409, 'conflict');
  });

  scenario('of many sign-ups with one address, one comes through', async ({ server }) => {
    const email = address();
    const answers = await Promise.all(Array.from({ length: 8 }, () =>
      new Browser(server).call('POST', 'portal/signup', { email, password: PASSWORD })));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 409, 409, 409, 409, 409, 409, 409]);
  });

  scenario('a sign-up that is sent again makes one account, and signs in', async ({ server }) => {
    const headers = { 'idempotency-key': 'sign-up-1' };
    const body = { email: address(), password: PASSWORD };
    const sign = (browser, sent = body) => browser.call('POST', 'portal/signup', sent, { headers });
    const [first, second] = [new Browser(server), new Browser(server)];
    const [made, again] = [await sign(first), await sign(second)];
    assert.deepEqual(success(again, 201).session, success(made, 201).session);
    assert.deepEqual([made, again].map(({ headers }) => headers.get('idempotent-replayed')), [null, 'true']);
    assert.equal(second.cookie, first.cookie);
    success(await second.call('GET', 'portal/session'));
    failure(await sign(new Browser(server), { ...body, password: `${PASSWORD}!` }), 422, 'idempotency_key_reused');
    // Somebody else may choose the same key.
    success(await sign(new Browser(server), { ...body, email: address() }), 201);
  });

  scenario("the demo's people sign in by their passwords", async ({ server }) => {
    const { account, operator } = server.demo;
    const customer = new Browser(server);
    const { session } = success(await signIn(customer, account.email, account.password));
    assert.deepEqual([session.role, session.account_id, session.verified], ['customer', account.id, true]);
    success(await customer.call('GET', 'portal/wallet'));
    const boss = new Browser(server);
    const { session: theirs } = success(await signIn(boss, operator.email.toUpperCase(), operator.password));
    assert.deepEqual([theirs.role, theirs.account_id], ['operator', null]);
    success(await boss.call('GET', 'operator/accounts'));
    failure(await boss.call('GET', 'portal/wallet'), 403, 'forbidden');
  });

  scenario('a cookie opens what a key opens, a key wins, and neither opens anything after signing out', async ({ server }) => {
    const { browser } = await signedUp(server);
    const made = success(await browser.call('POST', 'portal/api-keys', { name: 'Curl' }), 201);
    const key = made.api_key.secret;
    success(await call(server.baseUrl, 'GET', 'portal/wallet', { key }));
    // A wrong key is not made good by a right cookie, and another's key is who one is.
    failure(await browser.call('GET', 'portal/wallet', undefined, { headers: { authorization: 'Bearer df_live_x' } }), 401, 'unauthenticated');
    const demo = { authorization: `Bearer ${server.demo.account.api_key}` };
    const { numbers } = success(await browser.call('GET', 'portal/numbers', undefined, { headers: demo }));
    assert.ok(numbers.length >= 3);
    // What concerns the person takes no key.
    for (const [method, path] of [['GET', 'portal/session'], ['GET', 'portal/sessions'], ['DELETE', 'portal/sessions']]) {
      failure(await call(server.baseUrl, method, path, { key }), 403, 'forbidden');
    }

    const { cookie } = browser;
    success(await browser.call('DELETE', 'portal/session'));
    assert.equal(browser.cookie, undefined);
    browser.cookie = cookie;
    failure(await browser.call('GET', 'portal/session'), 401, 'unauthenticated');
    failure(await browser.call('GET', 'portal/wallet'), 401, 'unauthenticated');
    success(await browser.call('DELETE', 'portal/session'));
  });

  scenario('the event stream takes the cookie, and ends with its session', async ({ server }) => {
    const { browser } = await signedUp(server);
    const stop = new AbortController();
    const response = await fetch(new URL('/api/v1/portal/events', server.baseUrl), {
      headers: { cookie: browser.cookie }, signal: stop.signal,
    });
    assert.equal(response.status, 200);
    const ended = (async () => {
      for await (const chunk of response.body) assert.ok(chunk.length > 0);
      return 'ended';
    })();
    success(await browser.call('DELETE', 'portal/session'));
    const late = new Promise((_, failed) => {
      setTimeout(() => failed(new Error('the stream of a session that ended goes on')), 10_000).unref();
    });
    assert.equal(await Promise.race([ended, late]), 'ended');
    stop.abort();
  });

  scenario('another site cannot write with the cookie', async ({ server }) => {
    const { browser, email } = await signedUp(server);
    const host = new URL(server.baseUrl).host;
    const foreign = [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': null, origin: 'https://evil.example' },
      { 'sec-fetch-site': null, origin: `http://evil.${host}` },
      { 'sec-fetch-site': null, origin: 'null' },
    ];
    for (const headers of foreign) {
      failure(await browser.call('PATCH', 'portal/profile', { name: 'Mallory' }, { headers }), 403, 'forbidden');
      failure(await browser.call('DELETE', 'portal/session', undefined, { headers }), 403, 'forbidden');
      failure(await browser.call('POST', 'portal/session', { email, password: PASSWORD }, { headers }), 403, 'forbidden');
      success(await browser.call('GET', 'portal/session', undefined, { headers }));
      // A key is nothing that a site could borrow.
      const keyed = { ...headers, authorization: `Bearer ${server.demo.account.api_key}` };
      success(await browser.call('POST', 'portal/api-keys', { name: 'Keyed' }, { headers: keyed }), 201);
    }
    for (const headers of [{ 'sec-fetch-site': 'none' }, { 'sec-fetch-site': null }, { 'sec-fetch-site': null, origin: server.baseUrl }]) {
      success(await browser.call('PATCH', 'portal/profile', { name: 'Ada' }, { headers }));
    }
  });

  scenario('sessions are listed, and end one by one or all but this one', async ({ server }) => {
    const { browser, email } = await signedUp(server);
    const others = [];
    for (const userAgent of ['Phone/1.0', 'Tablet/1.0', 'x'.repeat(1000)]) {
      const other = new Browser(server, { userAgent });
      success(await signIn(other, email));
      others.push(other);
    }
    const list = async () => success(await browser.call('GET', 'portal/sessions')).sessions;
    const sessions = await list();
    assert.deepEqual(sessions.map(({ current }) => current), [false, false, false, true]);
    assert.deepEqual(sessions.slice(1, 3).map((session) => session.user_agent), ['Tablet/1.0', 'Phone/1.0']);
    for (const session of sessions) {
      for (const field of ['created_at', 'last_used_at', 'expires_at']) assert.match(session[field], TIME);
    }
    const page = success(await browser.call('GET', 'portal/sessions?limit=3'));
    const rest = success(await browser.call('GET', `portal/sessions?limit=3&cursor=${page.next_cursor}`));
    assert.deepEqual([...page.sessions, ...rest.sessions], sessions);

    const stranger = await signedUp(server);
    failure(await stranger.browser.call('DELETE', `portal/sessions/${sessions[1].id}`), 404, 'not_found');
    success(await others[1].call('GET', 'portal/session'));
    success(await browser.call('DELETE', `portal/sessions/${sessions[1].id}`));
    failure(await others[1].call('GET', 'portal/session'), 401, 'unauthenticated');
    success(await others[0].call('GET', 'portal/session'));
    assert.equal(success(await browser.call('DELETE', 'portal/sessions')).ended, 2);
    failure(await others[0].call('GET', 'portal/session'), 401, 'unauthenticated');
    assert.deepEqual((await list()).map(({ current }) => current), [true]);
    // Signing in again in the same browser leaves no session behind.
    success(await signIn(browser, email));
    assert.equal((await list()).length, 1);
  });

  scenario('a wrong password and an unknown address look the same, and take as long', async ({ server }) => {
    const { email } = await signedUp(server);
    const tries = { wrong: [], unknown: [] };
    const answers = [];
    for (let n = 0; n < 8; n += 1) {
      for (const [kind, who] of [['wrong', email], ['unknown', address()]]) {
        const began = performance.now();
        const answer = await signIn(new Browser(server), who, 'not the password');
        tries[kind].push(performance.now() - began);
        const error = failure(answer, 401, 'unauthenticated');
        answers.push(JSON.stringify({ ...error, param: error.param ?? null }));
      }
    }
    assert.equal(new Set(answers).size, 1);
    const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];
    const [wrong, unknown] = [median(tries.wrong), median(tries.unknown)];
    assert.ok(unknown > wrong / 3, `unknown ${unknown} ms, wrong ${wrong} ms`);
  });

  scenario('the eleventh wrong password of an address has to wait, whoever tries', async ({ server }) => {
    const { email, browser } = await signedUp(server);
    for (let n = 0; n < 10; n += 1) failure(await signIn(new Browser(server), email, `wrong ${n}`), 401, 'unauthenticated');
    for (const password of ['wrong again', PASSWORD]) {
      const answer = await signIn(new Browser(server), email, password);
      failure(answer, 429, 'rate_limited');
      const wait = Number(answer.headers.get('retry-after'));
      assert.ok(wait > 800 && wait <= 901, `Retry-After: ${wait}`);
    }
    const change = { current: PASSWORD, new: 'something else entirely' };
    failure(await browser.call('POST', 'portal/password', change), 429, 'rate_limited');
    // Others are not concerned.
    const other = await signedUp(server);
    success(await signIn(new Browser(server), other.email));
  });

  scenario('guesses made at once are all counted', async ({ server }) => {
    const { email } = await signedUp(server);
    const answers = await Promise.all(Array.from({ length: 25 }, (_, n) =>
      signIn(new Browser(server), email, `wrong ${n}`)));
    assert.equal(answers.filter(({ status }) => status === 401).length, 10);
    assert.equal(answers.filter(({ status }) => status === 429).length, 15);
  });

  scenario('the eleventh wrong password from a client has to wait, whatever the address', async ({ server }) => {
    const { email } = await signedUp(server);
    const client = new Browser(server);
    for (let n = 0; n < 10; n += 1) failure(await signIn(client, address(), 'wrong wrong'), 401, 'unauthenticated');
    failure(await signIn(client, email), 429, 'rate_limited');
    success(await signIn(new Browser(server), email));
  });

  scenario('right passwords are not counted', async ({ server }) => {
    const { email } = await signedUp(server);
    const client = new Browser(server);
    for (let n = 0; n < 6; n += 1) failure(await signIn(client, email, 'wrong wrong'), 401, 'unauthenticated');
    for (let n = 0; n < 8; n += 1) success(await signIn(client, email));
    for (let n = 0; n < 4; n += 1) failure(await signIn(client, email, 'wrong wrong'), 401, 'unauthenticated');
    failure(await signIn(client, email), 429, 'rate_limited');
  });

  scenario('an address is confirmed by its link, once', async ({ server }) => {
    const { browser, email, link } = await signedUp(server);
    const verify = (token) => new Browser(server).call('POST', 'portal/email/verify', { token });
    for (const token of ['', 'nonsense', 'x'.repeat(43), tokenOf(link).toLowerCase()]) {
      failure(await verify(token), 400, 'invalid_request', 'token');
    }
    const { demo_link: again } = success(await browser.call('POST', 'portal/email/verify/resend'));
    assert.notEqual(again, link);
    assert.equal(success(await verify(tokenOf(again))).email, email);
    failure(await verify(tokenOf(again)), 400, 'invalid_request', 'token');
    assert.equal(success(await browser.call('GET', 'portal/session')).session.verified, true);
    failure(await browser.call('POST', 'portal/email/verify/resend'), 409, 'conflict');
    failure(await new Browser(server).call('POST', 'portal/email/verify/resend'), 401, 'unauthenticated');
    // The link for one purpose does not serve the other.
    const reset = { token: tokenOf(link), password: 'another password' };
    failure(await browser.call('POST', 'portal/password/reset', reset), 400, 'invalid_request', 'token');
  });

  scenario('letters are not sent without end', async ({ server }) => {
    const { browser, email } = await signedUp(server);
    for (let n = 0; n < 4; n += 1) success(await browser.call('POST', 'portal/email/verify/resend'));
    const over = await browser.call('POST', 'portal/email/verify/resend');
    failure(over, 429, 'rate_limited');
    assert.ok(Number(over.headers.get('retry-after')) > 0);
    success(await browser.call('POST', 'portal/password/reset/request', { email }));
  });

  scenario('who forgot the password sets a new one; all sessions end', async ({ server }) => {
    const { browser, email } = await signedUp(server);
    const guest = new Browser(server);
    const request = async (who) => success(await guest.call('POST', 'portal/password/reset/request', { email: who }));
    const [first, second, nobody] = [await request(email), await request(email), await request(address())];
    assert.deepEqual(Object.keys(nobody), Object.keys(first), 'nobody learns who has an account');
    assert.ok(first.demo_link.startsWith(`${server.baseUrl}/reset?token=`));
    failure(await guest.call('POST', 'portal/password/reset/request', { email: 'ada' }), 400, 'invalid_request', 'email');

    const password = 'a new password';
    const reset = (link, chosen = password) =>
      guest.call('POST', 'portal/password/reset', { token: tokenOf(link), password: chosen });
    failure(await reset(nobody.demo_link), 400, 'invalid_request', 'token');
    failure(await reset(first.demo_link, 'too short'), 400, 'invalid_request', 'password');
    assert.equal(success(await reset(first.demo_link)).email, email);
    failure(await reset(first.demo_link), 400, 'invalid_request', 'token');
    failure(await reset(second.demo_link), 400, 'invalid_request', 'token');
    failure(await browser.call('GET', 'portal/session'), 401, 'unauthenticated');
    failure(await signIn(browser, email), 401, 'unauthenticated');
    const { session } = success(await signIn(browser, email, password));
    assert.equal(session.verified, true, 'who reads the letter has the address');
  });

  scenario('who knows the password changes it; the other sessions end', async ({ server }) => {
    const { browser, email } = await signedUp(server);
    const other = new Browser(server);
    success(await signIn(other, email));
    const change = (body) => browser.call('POST', 'portal/password', { current: PASSWORD, new: 'a new password', ...body });
    failure(await change({ current: 'wrong wrong' }), 403, 'forbidden', 'current');
    failure(await change({ new: 'too short' }), 400, 'invalid_request', 'new');
    success(await other.call('GET', 'portal/session'));
    success(await change());
    success(await browser.call('GET', 'portal/session'));
    failure(await other.call('GET', 'portal/session'), 401, 'unauthenticated');
    failure(await change(), 403, 'forbidden', 'current');
    success(await signIn(other, email, 'a new password'));
  });

  scenario('a profile changes field by field', async ({ server }) => {
    const { browser, session } = await signedUp(server, { name: 'Ada' });
    const set = async (body) => success(await browser.call('PATCH', 'portal/profile', body)).session;
    const chosen = { name: 'Ada L.', language: 'ar', theme: 'dark', time_zone: 'Europe/Amsterdam' };
    assert.deepEqual(await set(chosen), { ...session, ...chosen });
    assert.deepEqual(await set({ theme: 'light' }), { ...session, ...chosen, theme: 'light' });
    assert.deepEqual(await set({ language: null, time_zone: null }), { ...session, name: 'Ada L.', theme: 'light' });
    for (const [param, value] of [
      ['name', ' '], ['language', 'xx'], ['language', 5], ['theme', 'pink'], ['time_zone', '<b>'], ['time_zone', '+02:00'],
    ]) {
      failure(await browser.call('PATCH', 'portal/profile', { [param]: value }), 400, 'invalid_request', param);
    }
    const { operator } = server.demo;
    const boss = new Browser(server);
    success(await signIn(boss, operator.email, operator.password));
    const { session: theirs } = success(await boss.call('PATCH', 'portal/profile', { name: 'The boss' }));
    assert.equal(theirs.name, 'The boss');
  });

  scenario('a suspended account signs in and may look', async ({ server }) => {
    const { browser, email, session } = await signedUp(server);
    success(await server.operator('PATCH', `operator/accounts/${session.account_id}`, { status: 'suspended' }));
    success(await browser.call('GET', 'portal/wallet'));
    success(await signIn(new Browser(server), email));
  });

  scenario('sessions outlive a restart', async ({ server }) => {
    const { browser } = await signedUp(server);
    await server.terminate();
    await server.launch();
    success(await browser.call('GET', 'portal/session'));
  });

  scenario('every call of people is in the document', async ({ server }) => {
    const { json: document } = await call(server.baseUrl, 'GET', 'openapi.json');
    for (const [path, methods] of Object.entries({
      '/portal/signup': ['post'],
      '/portal/session': ['get', 'post', 'delete'],
      '/portal/sessions': ['get', 'delete'],
      '/portal/sessions/{id}': ['delete'],
      '/portal/email/verify': ['post'],
      '/portal/email/verify/resend': ['post'],
      '/portal/password': ['post'],
      '/portal/password/reset/request': ['post'],
      '/portal/password/reset': ['post'],
      '/portal/profile': ['patch'],
    })) {
      for (const method of methods) assert.ok(document.paths[path]?.[method], `${method} ${path}`);
    }
    assert.equal(document.components.securitySchemes.session.in, 'cookie');
  });
}, { serve: ['--behind-proxy'] });

/** A mail server that takes every letter. */
async function mailbox() {
  const letters = [];
  const server = createServer((socket) => {
    socket.setEncoding('utf8');
    let rest = '';
    let letter;
    const say = (line) => socket.write(`${line}\r\n`);
    say('220 mail.example.com ready');
    socket.on('data', (text) => {
      rest += text;
      const lines = rest.split('\r\n');
      rest = lines.pop();
      for (const line of lines) {
        if (letter !== undefined) {
          if (line === '.') {
            letters.push(letter.join('\n'));
            letter = undefined;
            say('250 taken');
          } else letter.push(line);
        } else if (/^(EHLO|HELO)/i.test(line)) say('250 mail.example.com');
        else if (/^DATA/i.test(line)) {
          letter = [];
          say('354 go on');
        } else if (/^QUIT/i.test(line)) {
          say('221 bye');
          socket.end();
        } else say('250 fine');
      }
    });
    socket.on('error', () => {});
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return { letters, port: server.address().port, close: () => server.close() };
}

test('with a mail server, links go by letter, over https the cookie is guarded', async () => {
  const mail = await mailbox();
  const server = await Server.start('sqlite', {
    serve: [
      '--smtp-url', `smtp://127.0.0.1:${mail.port}`, '--mail-from', 'didfarm <noreply@example.com>',
      '--public-url', 'https://sms.example.com/',
    ],
  });
  try {
    const browser = new Browser(server);
    const email = address();
    const answer = await browser.call('POST', 'portal/signup', { email, password: PASSWORD });
    const { demo_link: link } = success(answer, 201);
    const [cookie] = answer.headers.getSetCookie();
    assert.match(cookie, /^__Host-didfarm_session=[\w-]{43}; .*; Secure$/);
    assert.ok(link.startsWith('https://sms.example.com/verify?token='));
    const letter = await until('a letter', () => mail.letters[0]);
    assert.match(letter, new RegExp(`^To: <?${email}`, 'm'));
    assert.match(letter, /^From: .*noreply@example\.com/m);
    assert.ok(letter.replaceAll('=\n', '').replaceAll('=3D', '=').includes(link), letter);
    assert.ok(!server.log().includes(tokenOf(link)), 'the log has no link');
    success(await browser.call('GET', 'portal/session'));
  } finally {
    await server.dispose();
    mail.close();
  }
});
