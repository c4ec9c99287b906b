// Every curl of the documents that needs no editing is pasted and must work.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isDeepStrictEqual, promisify } from 'node:util';

import { call, success } from '../lib/http.mjs';
import { until } from '../lib/until.mjs';
import { onEachEngine } from '../lib/world.mjs';

const run = promisify(execFile);

const DOCUMENTS = ['README.md', 'docs/billing.md', 'docs/simulator.md'];

/** The shell samples of a document that ask the demo's server by its own key. */
async function samples(document) {
  const text = await readFile(new URL(`../../${document}`, import.meta.url), 'utf8');
  return [...text.matchAll(/```sh\n(.*?)```/gs)]
    .map(([, sample]) => sample)
    .filter((sample) => sample.includes('curl') && sample.includes('data/demo.json'));
}

/** The block by which an operator sets a server up, of the README. */
async function operatorBlock() {
  const text = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  return /```sh\n(export KEY=.*?)```/s.exec(text)[1];
}

onEachEngine('documents', ({ scenario }) => {
  scenario('an operator who pastes the block of the README has a customer who sends', async (world) => {
    const { server } = world;
    const { smsc, carrier } = await world.carrier();
    const pasted = Object.entries({
      'df_op_…': server.demo.operator.api_key,
      'http://127.0.0.1:8080': server.baseUrl,
      'smsc.example.net': '127.0.0.1',
      '"port": 2775': `"port": ${smsc.port}`,
      '"system_id": "me"': `"system_id": "${smsc.systemId}"`,
      '"password": "…"': `"password": "${smsc.password}"`,
    }).reduce((block, [written, own]) => {
      assert.ok(block.includes(written), `the block has ${written}`);
      return block.replaceAll(written, own);
    }, await operatorBlock());
    // The other carrier, whose SMSC this is too, must not answer for it.
    success(await server.operator('PATCH', `operator/carriers/${carrier.id}`, { enabled: false }));
    const { stdout } = await run('bash', ['-euc', pasted]);
    assert.doesNotMatch(stdout, /"success":false/, stdout);
    const key = /df_live_[A-Za-z0-9_-]+/.exec(stdout)[0];
    const mine = (path, method = 'GET', body) => call(server.baseUrl, method, `portal/${path}`, { key, body });
    assert.equal(success(await mine('wallet')).wallet.balance.amount, '50.00');
    const [number] = success(await mine('sms/numbers')).numbers;
    assert.equal(number.number, '+447700900555');
    const text = { from_number_id: number.id, to: world.destination(), body: 'Set up' };
    const { message } = success(await mine('sms/send', 'POST', text), 201);
    await until('it is delivered', async () => {
      const { status } = success(await mine(`sms/${message.id}`)).message;
      return ['sent', 'delivered'].includes(status);
    });
    for (const { id, name } of success(await server.operator('GET', 'operator/carriers')).carriers) {
      if (name === 'Carrier A') success(await server.operator('PATCH', `operator/carriers/${id}`, { enabled: false }));
    }
  });

  scenario('the portal is generated from the document that is served', async ({ server }) => {
    const kept = new URL('../../portal/openapi.json', import.meta.url);
    const served = await fetch(new URL('/api/v1/openapi.json', server.baseUrl));
    const same = isDeepStrictEqual(JSON.parse(await readFile(kept, 'utf8')), await served.json());
    assert.ok(same, 'portal/openapi.json is out of date: npm --prefix portal run snapshot');
  });

  for (const document of DOCUMENTS) {
    scenario(`the samples of ${document} work when pasted`, async ({ server }) => {
      const found = await samples(document);
      assert.ok(found.length > 0, `${document} has samples`);
      for (const sample of found) {
        const pasted = sample.replaceAll('http://127.0.0.1:8080', server.baseUrl);
        const { stdout } = await run('bash', ['-c', pasted], { cwd: dirname(server.dataDir) });
        assert.equal(JSON.parse(stdout).success, true, `${pasted}\n${stdout}`);
      }
    });
  }
});
