// Every call of the document, with what fits it and what does not: no answer
// is a server error, and none is outside of what the document says.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';

import { call, success } from '../../interop/lib/http.mjs';
import { ENGINES, Server } from '../../interop/lib/server.mjs';

const run = promisify(execFile);

const HERE = new URL('..', import.meta.url).pathname;
const SCHEMATHESIS = join(HERE, '.venv/bin/schemathesis');

/** The same choices for the same seed. */
const SEED = process.env.DIDFARM_CONFORMANCE_SEED ?? '1';

/** Cases for each operation beyond those that its schema's borders give. */
const EXAMPLES = process.env.DIDFARM_CONFORMANCE_EXAMPLES ?? '10';

const RUN_MS = 3_600_000;

/** What people in the run sign in with, before and after they change it. */
const PASSWORDS = ['correct horse battery', 'another of ten letters'];

/** Somebody who signed up, and the token of the letter that came. */
async function signUp(server, email) {
  const answer = success(
    await call(server.baseUrl, 'POST', 'portal/signup', { body: { email, password: PASSWORDS[0] } }),
    201,
  );
  return new URL(answer.demo_link, server.baseUrl).searchParams.get('token');
}

/** The token of a letter to somebody who forgot the password. */
async function forget(server, email) {
  const answer = success(await call(server.baseUrl, 'POST', 'portal/password/reset/request', { body: { email } }));
  return new URL(answer.demo_link, server.baseUrl).searchParams.get('token');
}

/** What was never answered with success; a run that only meets refusals proves little. */
function refusedOnly(tally) {
  return Object.entries(tally)
    .filter(([, statuses]) => !Object.keys(statuses).some((status) => status.startsWith('2')))
    .map(([operation]) => operation);
}

/** The folder that schemathesis reads: its settings, and what there is to name. */
async function folder(server, more) {
  const cwd = await mkdtemp(join(tmpdir(), 'didfarm-conformance-'));
  await copyFile(join(HERE, 'hooks.py'), join(cwd, 'hooks.py'));
  const settings = await readFile(join(HERE, 'schemathesis.toml'), 'utf8');
  const { carriers } = success(await server.operator('GET', 'operator/carriers'));
  const { numbers } = success(await server.customer('GET', 'portal/numbers/available?limit=200'));
  const ids = (found) => found.map(({ id }) => id);
  const made = { senders: ids(server.demo.numbers), carriers: ids(carriers), inventory: ids(numbers), ...more };
  const tables = Object.entries(made).map(
    ([name, values]) => `[dictionaries.${name}]\nvalues = ${JSON.stringify(values)}\n`,
  );
  await writeFile(join(cwd, 'schemathesis.toml'), [settings, ...tables].join('\n'));
  return cwd;
}

for (const engine of ENGINES) {
  describe(`the document (${engine})`, () => {
    test('what is served is what is documented', { timeout: RUN_MS }, async () => {
      const server = await Server.start(engine, { serve: ['--behind-proxy'] });
      let cwd;
      try {
        const { account } = server.demo;
        const plenty = { amount: '1000.00', note: 'for a test' };
        success(await server.operator('POST', `operator/accounts/${account.id}/credits`, plenty), 201);
        success(await server.operator('PATCH', `operator/accounts/${account.id}`, { rate_limit: 10_000 }));
        const { api_keys: keys } = success(await server.customer('GET', 'portal/api-keys'));
        const hook = { url: 'http://127.0.0.1:9/hook', events: ['sms.received'] };
        const { webhook } = success(await server.customer('POST', 'portal/webhooks', hook), 201);
        const people = Array.from({ length: 40 }, (_, n) => `person${n}@example.com`);
        const tokens = [];
        for (const email of people.slice(0, 4)) tokens.push(await signUp(server, email));
        for (const email of people.slice(2, 4)) tokens.push(await forget(server, email));
        cwd = await folder(server, { people, tokens, passwords: PASSWORDS });
        const base = `${server.baseUrl}/api/v1`;
        const began = Date.now();
        const { stdout } = await run(
          SCHEMATHESIS,
          ['--no-color', 'run', `${base}/openapi.json`, '--url', base, '--seed', SEED, '--max-examples', EXAMPLES],
          {
            cwd,
            maxBuffer: 64 * 1024 * 1024,
            env: {
              ...process.env,
              BASE_URL: base,
              OPERATOR_KEY: server.demo.operator.api_key,
              CUSTOMER_KEY: account.api_key,
              ACCOUNT_ID: String(account.id),
              API_KEY_ID: String(keys[0].id),
              WEBHOOK_ID: String(webhook.id),
              // Not the first, from which most messages are sent.
              NUMBER_ID: String(server.demo.numbers.at(-1).id),
              PASSWORD: PASSWORDS[0],
            },
          },
        ).catch((error) => {
          throw new Error(`${error.stdout}${error.stderr}\n--- the server's last lines\n${server.log()}`);
        });
        const cases = /Test cases:\s+(.*)/.exec(stdout)?.[1];
        console.log(`    ${engine}: ${cases}, in ${Math.round((Date.now() - began) / 1000)} s`);
        const tally = JSON.parse(await readFile(join(cwd, 'tally.json'), 'utf8'));
        if (process.env.DIDFARM_CONFORMANCE_TALLY) console.log(tally);
        const refused = refusedOnly(tally);
        // Calls about what a run has none of: documents, papers, paid top-ups, saved cards.
        const most = Object.keys(tally).length / 8;
        assert.ok(refused.length < most, `these never succeeded: ${refused}`);
        await server.audit();
      } finally {
        if (cwd) await rm(cwd, { recursive: true, force: true });
        await server.dispose();
      }
    });
  });
}
