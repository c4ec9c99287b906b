// The developers' commands, run as a developer would.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { Webhook } from 'standardwebhooks';

import { success } from '../lib/http.mjs';
import { ENGINES, Server } from '../lib/server.mjs';
import { until } from '../lib/until.mjs';

const TO = '+447700900123';

/** A program that receives webhooks: what it answers, and what it got. */
class Receiver {
  got = [];
  answers = [];

  static async start() {
    const receiver = new Receiver();
    receiver.server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request.setEncoding('utf8')) body += chunk;
      receiver.got.push({ headers: request.headers, body });
      response.writeHead(receiver.answers.shift() ?? 204).end();
    });
    await new Promise((done) => {
      receiver.server.listen(0, '127.0.0.1', done);
    });
    receiver.url = `http://127.0.0.1:${receiver.server.address().port}/hook`;
    return receiver;
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

for (const engine of ENGINES) {
  describe(`command line (${engine})`, { timeout: 300_000 }, () => {
    let server;
    let gate;
    let base;
    let home;
    const followers = new Set();

    before(async () => {
      server = await Server.start(engine);
      // One address for a server that is killed and comes back elsewhere.
      gate = net.createServer((socket) => {
        const { port } = new URL(server.baseUrl);
        const inside = net.connect(port, '127.0.0.1');
        socket.on('error', () => inside.destroy());
        inside.on('error', () => socket.destroy());
        socket.pipe(inside).pipe(socket);
      });
      await new Promise((done) => {
        gate.listen(0, '127.0.0.1', done);
      });
      base = `http://127.0.0.1:${gate.address().port}`;
      home = await mkdtemp(join(tmpdir(), 'didfarm-home-'));
    });
    after(async () => {
      for (const child of followers) child.kill('SIGKILL');
      gate?.close();
      await server?.dispose();
      await rm(home, { recursive: true, force: true });
    });

    const environment = () => ({ PATH: process.env.PATH, HOME: home });

    /** Runs a command to its end. */
    const run = (args, { input, env } = {}) =>
      new Promise((done) => {
        const child = execFile(server.binary, args, { env: { ...environment(), ...env } }, (error, out, err) =>
          done({ code: error?.code ?? 0, out, err }),
        );
        // A command that needs no input ends without reading it.
        child.stdin.on('error', () => {}).end(input ?? '');
      });

    /** The same where it must work; with --json, its answer. */
    const ok = async (...args) => {
      const ended = await run(args);
      assert.equal(ended.code, 0, `${args.join(' ')}\n${ended.err}`);
      return args.includes('--json') ? ended.out.trim().split('\n').map((line) => JSON.parse(line)) : ended.out;
    };

    /** Where it must fail: the one line that it says. */
    const fails = async (code, args, options) => {
      const ended = await run(args, options);
      assert.equal(ended.code, code, `${args.join(' ')}\n${ended.out}${ended.err}`);
      assert.equal(ended.err.trim().split('\n').length, 1, ended.err);
      assert.equal(ended.out, '');
      return ended.err;
    };

    /** Starts a command that goes on; its lines gather in `lines`. */
    const follow = (...args) => {
      const child = spawn(server.binary, args, { env: environment() });
      followers.add(child);
      child.lines = [];
      let rest = '';
      child.stdout.setEncoding('utf8').on('data', (text) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop();
        child.lines.push(...lines);
      });
      child.errors = '';
      child.stderr.setEncoding('utf8').on('data', (text) => {
        child.errors += text;
      });
      child.ended = new Promise((done) => {
        child.once('close', (code) => {
          followers.delete(child);
          done(code);
        });
      });
      return child;
    };

    const sender = () => String(server.demo.numbers[0].id);

    test('a key is kept where only its owner reads it', async () => {
      assert.match(await fails(1, ['sms', 'list']), /run didfarm login/);
      const operators = await fails(1, ['login', '--base-url', base], { input: `${server.demo.operator.api_key}\n` });
      assert.match(operators, /operator's key/);
      const wrong = await fails(1, ['login', '--base-url', base], { input: 'df_live_wrong\n' });
      assert.match(wrong, /valid API key.*unauthenticated, req_/);
      const ended = await run(['login', '--base-url', `${base}/`], { input: `${server.demo.account.api_key}\n` });
      assert.equal(ended.code, 0, ended.err);
      const kept = await stat(join(home, '.config/didfarm/profiles.toml'));
      assert.equal(kept.mode & 0o777, 0o600);
      const [who] = await ok('whoami', '--json');
      assert.deepEqual([who.base_url, who.mode, who.key.length], [base, 'live', 12]);
      assert.match(await ok('balance'), /^\d+\.\d+ EUR\n$/);
      await ok('login', '--profile', 'second', '--base-url', base, '--api-key', server.demo.account.api_key);
      await ok('logout', '--profile', 'second');
      assert.match(await fails(1, ['balance', '--profile', 'second']), /--profile second/);
    });

    test('texts are sent, waited for, listed and shown', async () => {
      const numbers = await ok('numbers', 'list');
      assert.ok(numbers.includes(server.demo.numbers[0].number), numbers);
      const priced = await ok('sms', 'send', '--from', sender(), '--to', TO, '--dry-run', 'It’s');
      assert.match(priced, /4 characters, 1 segments of ucs2: 0\.008 EUR\n’ forces ucs2; write "'"/);
      const told = await ok('sms', 'send', '--from', sender(), '--to', TO, '--wait', '--json', 'Hello');
      assert.equal(told[0].status, 'queued');
      assert.equal(told.at(-1).status, 'delivered');
      const { id } = told[0];
      const failed = await run(['sms', 'send', '--from', server.demo.numbers[0].number, '--to', '+447700900902', '--wait', 'No']);
      assert.equal(failed.code, 1, 'a failed message is a failed command');
      assert.match(failed.out, /failed.*\(undeliverable\)/);
      const [listed] = await ok('sms', 'list', '--status', 'delivered', '--limit', '1', '--json');
      assert.deepEqual(listed.map((message) => message.id), [id]);
      assert.match(await ok('sms', 'show', String(id)), /status {4}delivered\n[^]*queued\n[^]*delivered\n$/);
      const key = ['--idempotency-key', 'only-once', '--json'];
      const send = () => ok('sms', 'send', '--from', sender(), '--to', TO, ...key, 'Once');
      assert.equal((await send())[0].id, (await send())[0].id);
      // Waiting for what was delivered before ends at once.
      const again = ['--idempotency-key', 'only-once', '--wait', '--json'];
      await until('it is delivered', async () => (await ok('sms', 'list', '--limit', '1', '--json'))[0][0].status === 'delivered');
      assert.equal((await ok('sms', 'send', '--from', sender(), '--to', TO, ...again, 'Once')).at(-1).status, 'delivered');
    });

    test('what is wrong is said in one line', async () => {
      const send = ['sms', 'send', '--from', sender(), '--to', TO];
      assert.match(await fails(1, [...send, 'x'.repeat(1_601)]), /1,600.*message_too_long, req_/);
      assert.match(await fails(1, ['sms', 'send', '--from', '+15005550006', '--to', TO, 'x']), /not one of your numbers/);
      assert.match(await fails(1, ['sms', 'send', '--from', sender(), '--to', '12', 'x']), /invalid_destination/);
      assert.match(await fails(1, ['sms', 'show', '1']), /not_found/);
      assert.match(await fails(2, ['sms', 'send', 'x']), /--to/);
      assert.match(await fails(2, ['sms', 'list', '--limit', '0']), /limit/);
      assert.match(await fails(2, ['listen', '--events', 'sms.lost']), /sms\.received/);
      assert.match(await fails(2, ['login', '--base-url', 'localhost:8080']), /https:\/\//);
      assert.match(await fails(1, ['balance', '--base-url', 'http://127.0.0.1:9']), /127\.0\.0\.1:9 does not answer/);
      assert.match(await fails(1, ['webhooks', 'trigger', 'sms.received']), /--forward-to/);
      assert.match(await fails(2, ['webhooks', 'trigger', 'sms.received', '--forward-to', 'ftp://x/']), /http/);
    });

    test('webhooks are listed and triggered', async () => {
      const receiver = await Receiver.start();
      const made = await server.customer('POST', 'portal/webhooks', { url: receiver.url, events: ['sms.received'] });
      const { webhook } = success(made, 201);
      assert.ok((await ok('webhooks', 'list')).includes(receiver.url));
      await ok('webhooks', 'trigger', 'sms.received');
      await until('it came', () => receiver.got.length === 1);
      assert.equal(receiver.got[0].headers['webhook-test'], 'true');
      new Webhook(webhook.secret).verify(receiver.got[0].body, receiver.got[0].headers);
      success(await server.customer('DELETE', `portal/webhooks/${webhook.id}`));

      const [sent] = await ok('webhooks', 'trigger', 'sms.failed', '--forward-to', receiver.url, '--json');
      assert.equal(sent.status, 204);
      assert.equal(JSON.parse(receiver.got[1].body).event, 'sms.failed');
      receiver.answers.push(500);
      assert.equal((await run(['webhooks', 'trigger', 'sms.sent', '--forward-to', receiver.url])).code, 1);
      receiver.close();
    });

    test('events are forwarded, signed, in order, and once, whatever dies meanwhile', async () => {
      const receiver = await Receiver.start();
      const listening = follow('listen', '--forward-to', receiver.url, '--events', 'sms.delivered', '--json');
      const following = follow('sms', 'list', '--follow', '--status', 'delivered', '--limit', '1', '--json');
      await until('both listen', () => listening.lines.length > 0 && following.lines.length > 0);
      const { secret } = JSON.parse(listening.lines[0]);
      const already = following.lines.length;

      const sent = [];
      const send = async (text) => {
        const [message] = await ok('sms', 'send', '--from', sender(), '--to', TO, '--json', text);
        sent.push(message.id);
      };
      receiver.answers.push(500, 503);
      await send('before');
      await until('the first is delivered', () => receiver.got.length === 3);
      for (let count = 0; count < 3; count += 1) {
        await server.kill();
        await server.launch();
        // Delivered before they have connected again, as likely as not.
        await send(`after the kill ${count}`);
        await until('it is delivered', async () => {
          const answer = await server.customer('GET', `portal/sms/${sent.at(-1)}`);
          return success(answer).message.status === 'delivered';
        });
      }
      await until('all are told of', () => receiver.got.length >= 2 + sent.length && following.lines.length >= already + sent.length, {
        seconds: 120,
      });
      const bodies = receiver.got.map(({ headers, body }) => new Webhook(secret).verify(body, headers));
      assert.ok(bodies.every(({ event }) => event === 'sms.delivered'));
      // The first was tried three times, under one id.
      assert.equal(new Set(receiver.got.slice(0, 3).map(({ headers }) => headers['webhook-id'])).size, 1);
      assert.deepEqual(bodies.slice(2).map(({ data }) => data.id).sort(), [...sent].sort());
      assert.deepEqual(following.lines.slice(already).map((line) => JSON.parse(line).id).sort(), [...sent].sort());
      listening.kill('SIGINT');
      assert.equal(await listening.ended, 0, listening.errors);
      following.kill('SIGKILL');
      await following.ended;
      receiver.close();
    });

    test('a key that is revoked ends what goes on, and says so', async () => {
      const made = await server.customer('POST', 'portal/api-keys', { name: 'For a while' });
      const { api_key: key } = success(made, 201);
      const listening = follow('listen', '--api-key', key.secret, '--json');
      await until('it listens', () => listening.lines.length > 0);
      success(await server.customer('DELETE', `portal/api-keys/${key.id}`));
      assert.equal(await listening.ended, 1);
      assert.match(listening.errors, /unauthenticated, req_/);
    });

    test('where nothing listens, an event is tried and given up, and the next one goes on', async () => {
      const listening = follow('listen', '--forward-to', 'http://127.0.0.1:9/hook', '--events', 'sms.sent');
      await until('it listens', () => listening.lines.length === 2);
      assert.match(listening.lines[1], /whsec_/);
      await ok('sms', 'send', '--from', sender(), '--to', TO, '--json', 'Nobody hears');
      await until('it is given up', () => listening.errors.includes('is given up'), { seconds: 60 });
      assert.match(listening.lines.at(-1), /^sms\.sent.*nothing listens there/);
      listening.kill('SIGKILL');
      await listening.ended;
    });
  });
}
