// A client that a public generator makes of the document, and a message sent with it.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { Server } from '../../interop/lib/server.mjs';

const run = promisify(execFile);

const BIN = new URL('../.venv/bin/', import.meta.url).pathname;

/** Files go in and out of these as they are, which the generator does not know. */
const FILES =
  /POST \/(operator\/\S+\/import|portal\/numbers\/\{id\}\/documents)|GET \/(operator|portal)\/\S+\/(pdf|receipt)/;

const PROGRAM = `
import sys
from client.client import AuthenticatedClient
from client.api.messages import post_portal_sms_batch, post_portal_sms_send
from client.api.numbers import get_portal_sms_numbers
from client.models import BatchBody, Failure, SendBody

base, key = sys.argv[1:]
api = AuthenticatedClient(base_url=base, token=key)
number = get_portal_sms_numbers.sync(client=api).numbers[0]
body = SendBody(from_number_id=number.id, to="+447700900123", body="Hello from a generated client!")
sent = post_portal_sms_send.sync(client=api, body=body)
print(sent.message.status, sent.message.segments)
results = post_portal_sms_batch.sync(client=api, body=BatchBody(messages=[body])).results
print(results[0].message.status)
refused = post_portal_sms_send.sync(client=api, body=SendBody(from_number_id=number.id, to="x", body="y"))
assert isinstance(refused, Failure), refused
print(refused.error.code)
`;

test('a Python client is generated from the document, and sends', { timeout: 300_000 }, async () => {
  const server = await Server.start('sqlite');
  const folder = await mkdtemp(join(tmpdir(), 'didfarm-client-'));
  try {
    const base = `${server.baseUrl}/api/v1`;
    const document = await (await fetch(`${base}/openapi.json`)).text();
    await writeFile(join(folder, 'openapi.json'), document);
    const env = { ...process.env, PATH: `${BIN}:${process.env.PATH}` };
    const made = await run(
      join(BIN, 'openapi-python-client'),
      ['generate', '--path', 'openapi.json', '--meta', 'none', '--output-path', 'client'],
      { cwd: folder, env },
    );
    const warnings = `${made.stdout}${made.stderr}`.split('\n').filter((line) => /WARNING|Unable/.test(line));
    assert.deepEqual(warnings.filter((line) => !FILES.test(line)), [], made.stdout);
    await writeFile(join(folder, 'send.py'), PROGRAM);
    const sent = await run(join(BIN, 'python'), ['send.py', base, server.demo.account.api_key], { cwd: folder });
    assert.equal(sent.stdout, 'queued 1\nqueued\ninvalid_destination\n');
  } finally {
    await rm(folder, { recursive: true, force: true });
    await server.dispose();
  }
});
