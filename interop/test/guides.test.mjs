// The guides as a newcomer reads them: each sample is run, each link followed.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { call, success } from '../lib/http.mjs';
import { onEachEngine } from '../lib/world.mjs';

const run = promisify(execFile);
const FOLDER = new URL('../../docs/guide/', import.meta.url);
const SAMPLE_MS = 60_000;

/** How a sample of each language is run. */
const RUN = {
  sh: ['bash', 'sh'],
  python: ['python3', 'py'],
  js: ['node', 'mjs'],
  php: ['php', 'php'],
};

/** The samples of a guide that call the server. */
async function samples(guide) {
  const text = await readFile(new URL(guide, FOLDER), 'utf8');
  return [...text.matchAll(/```(sh|python|js|php)\n(.*?)```/gs)]
    .map(([, language, code]) => ({ language, code }))
    .filter(({ code }) => code.includes('http://127.0.0.1:8080/'));
}

onEachEngine('guides', ({ scenario }) => {
  scenario('every sample works when pasted', async ({ server }) => {
    const { api_key: key } = success(
      await call(server.baseUrl, 'POST', 'portal/api-keys', {
        key: server.demo.account.api_key,
        body: { name: 'Guides', mode: 'test' },
      }),
      201,
    );
    const guides = (await readdir(FOLDER)).filter((name) => name.endsWith('.md'));
    const folder = await mkdtemp(join(tmpdir(), 'didfarm-guides-'));
    const count = {};
    try {
      for (const guide of guides) {
        for (const { language, code } of await samples(guide)) {
          count[language] = (count[language] ?? 0) + 1;
          const [program, ending] = RUN[language];
          const file = join(folder, `sample.${ending}`);
          await writeFile(file, code.replaceAll('http://127.0.0.1:8080', server.baseUrl));
          const env = { ...process.env, DIDFARM_API_KEY: key.secret };
          const { stdout } = await run(program, [file], { env, timeout: SAMPLE_MS });
          const worked = language === 'sh' ? /"success":true|^id: |^day,country,number_id,/m : /\d+ (delivered|accepted)\n$/;
          assert.match(stdout, worked, `${guide}:\n${code}`);
        }
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    assert.ok(count.sh >= 12 && count.python && count.js && count.php, JSON.stringify(count));
  });

  scenario('every link leads somewhere, and none to another server by itself', async ({ server }) => {
    const base = server.baseUrl;
    const seen = new Map();
    const queue = ['/docs', '/llms.txt', '/llms-full.txt'];
    while (queue.length > 0) {
      const path = queue.pop();
      if (seen.has(path)) continue;
      const answer = await fetch(base + path, { headers: { accept: 'text/html' } });
      const text = await answer.text();
      seen.set(path, text);
      assert.equal(answer.status, 200, `${path} is linked to`);
      if (!path.startsWith('/docs')) continue;
      assert.doesNotMatch(text, /<(script|img|iframe|link)[^>]*(src|href)="https?:/, path);
      for (const [, link] of text.matchAll(/ href="([^"]+)"/g)) {
        const url = new URL(link, base + path);
        if (url.origin !== new URL(base).origin) continue;
        queue.push(url.pathname);
        if (url.hash && seen.has(url.pathname)) assert.match(seen.get(url.pathname), new RegExp(`id="${url.hash.slice(1)}"`));
      }
    }
    for (const page of ['quickstart', 'webhooks', 'simulator', 'errors/rate_limited']) {
      assert.ok(seen.has(`/docs/${page}`) && seen.has(`/docs/${page}.md`), page);
    }
    assert.ok(!seen.get('/llms-full.txt').includes('http://127.0.0.1:8080/'), 'readers see their own server');
    const missing = await fetch(`${base}/docs/nothing`);
    assert.equal(missing.status, 404);
    assert.match(await missing.text(), /<h1>No such page<\/h1>/);
    assert.match(missing.headers.get('content-security-policy'), /^default-src 'none'/);
    const alias = await fetch(`${base}/docs/testing`, { redirect: 'manual' });
    assert.deepEqual([alias.status, alias.headers.get('location')], [308, '/docs/simulator']);
  });

  scenario('an error names the page that explains it', async ({ server }) => {
    const refused = await call(server.baseUrl, 'GET', 'portal/wallet', { key: 'df_live_wrong' });
    const { doc_url: url } = refused.json.error;
    const page = await (await fetch(url)).text();
    assert.match(page, /<h1>unauthenticated<\/h1>[^]*HTTP 401[^]*Cure/);
  });
});
