// Receipts and statements, read from their PDF files by another program.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { failure, success } from '../lib/http.mjs';
import { until } from '../lib/until.mjs';
import { onEachEngine } from '../lib/world.mjs';

const run = promisify(execFile);

const MONTH = 31n * 86_400_000_000n;

const serve = [
  '--seller-name', 'Żółw & Søn B.V.',
  '--seller-address', 'Keizersgracht 1; 1015 CN Amsterdam',
  '--seller-vat-number', 'NL000000000B01',
];

/** The file at a path of the API, and the words in it, line by line. */
async function paper(world, key, path) {
  const answer = await fetch(`${world.server.baseUrl}/api/v1/${path}`, { headers: { authorization: `Bearer ${key}` } });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-type'), 'application/pdf');
  const [, name] = /^attachment; filename="(.+)\.pdf"$/.exec(answer.headers.get('content-disposition'));
  const folder = await mkdtemp(join(tmpdir(), 'didfarm-papers-'));
  try {
    const file = join(folder, 'paper.pdf');
    await writeFile(file, Buffer.from(await answer.arrayBuffer()));
    await run('pdftotext', ['-layout', '-enc', 'UTF-8', file, `${file}.txt`]);
    const text = await readFile(`${file}.txt`, 'utf8');
    return { name, text: text.replaceAll(/[ \u00a0]+/g, ' ') };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const papers = async (customer) => success(await customer.call('GET', 'portal/wallet/papers')).papers;

async function topUp(world, customer, amount) {
  const begun = success(await customer.call('POST', 'portal/wallet/topups', { amount }), 201);
  failure(await customer.call('GET', `portal/wallet/topups/${begun.topup.id}/receipt`), 404, 'not_found');
  assert.equal((await fetch(begun.checkout_url, { method: 'POST', redirect: 'manual' })).status, 303);
  return begun.topup;
}

onEachEngine('papers', ({ scenario }) => {
  scenario('a payment has a receipt that says who sold what to whom, with VAT', async (world) => {
    const name = `Zoë Ångström Café € ${'long '.repeat(14)}end`;
    const [customer, other] = [await world.customer({ name, balance: null }), await world.customer()];
    const account = `operator/accounts/${customer.id}`;
    success(await world.server.operator('PATCH', account, { vat_rate: '21.00' }));
    const topup = await topUp(world, customer, '1234.56');
    const [receipt] = await papers(customer);
    assert.deepEqual([receipt.kind, receipt.topup_id, receipt.total.amount], ['receipt', topup.id, '1493.82']);
    assert.match(receipt.number, /^R-\d{4}-\d{6}$/);

    const read = await paper(world, customer.key, `portal/wallet/papers/${receipt.id}/pdf`);
    assert.equal(read.name, receipt.number);
    const lines = [
      'Żółw & Søn B.V.', 'Keizersgracht 1', '1015 CN Amsterdam', 'VAT number: NL000000000B01', `Number ${receipt.number}`,
      `Date ${receipt.issued_at.slice(0, 10)}`, 'Zoë Ångström Café € long', 'long end',
      'Net €1234.56', 'VAT 21.00 % €259.26', 'Total paid €1493.82',
    ];
    for (const line of lines) assert.ok(read.text.includes(line), `${line} is in\n${read.text}`);
    assert.deepEqual(await paper(world, customer.key, `portal/wallet/topups/${topup.id}/receipt`), read);

    // What was issued does not change with the account.
    success(await world.server.operator('PATCH', account, { vat_rate: '0.00' }));
    const operator = world.server.demo.operator.api_key;
    assert.deepEqual(await paper(world, operator, `${account}/papers/${receipt.id}/pdf`), read);
    assert.deepEqual(success(await world.server.operator('GET', `${account}/papers`)).papers, [receipt]);

    // Nobody else's.
    assert.deepEqual(await papers(other), []);
    failure(await other.call('GET', `portal/wallet/papers/${receipt.id}/pdf`), 404, 'not_found');
    failure(await other.call('GET', `portal/wallet/topups/${topup.id}/receipt`), 404, 'not_found');
    failure(await world.server.operator('GET', `operator/accounts/${other.id}/papers/${receipt.id}/pdf`), 404, 'not_found');
    failure(await world.server.operator('GET', 'operator/accounts/999999999/papers'), 404, 'not_found');
  });

  scenario('a month that is over has a statement', async (world) => {
    const customer = await world.customer({ balance: '10.00' });
    // As if all of it had been a month ago.
    await world.server.sql(`UPDATE accounts SET created_at = created_at - ${MONTH} WHERE id = ${customer.id}`);
    await world.server.sql(`UPDATE transfers SET created_at = created_at - ${MONTH} WHERE account_id = ${customer.id}`);
    await world.server.terminate();
    await world.server.launch();
    // The first: where today is the first day of a month, there are two.
    const first = async () => (await papers(customer)).at(-1);
    const statement = await until('the statement is there', first);
    assert.deepEqual([statement.kind, statement.total.amount], ['statement', '10.00']);
    assert.match(statement.period_start, /-01T00:00:00/);
    assert.match(statement.number, /^S-\d{4}-\d{6}$/);
    const { text } = await paper(world, customer.key, `portal/wallet/papers/${statement.id}/pdf`);
    const lines = [
      'Opening balance €0.00', 'Credit 1× €10.00', 'Closing balance €10.00', `Period ${statement.period_start.slice(0, 10)} to `,
    ];
    for (const line of lines) assert.ok(text.includes(line), `${line} is in\n${text}`);
    await world.server.terminate();
    await world.server.launch();
    assert.deepEqual(await first(), statement);
  });
}, { serve });
