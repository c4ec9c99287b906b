// Every curl of the documents that needs no editing is pasted and must work.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isDeepStrictEqual, promisify } from 'node:util';

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

onEachEngine('documents', ({ scenario }) => {
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
