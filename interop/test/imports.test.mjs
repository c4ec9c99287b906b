// Files of numbers: a preview, progress, what is wrong with one, and a death in the midst.

import assert from 'node:assert/strict';

import { failure, success } from '../lib/http.mjs';
import { until } from '../lib/until.mjs';
import { onEachEngine } from '../lib/world.mjs';

/** A file of numbers of France that no other scenario has. */
function file(area, count) {
  const lines = Array.from({ length: count }, (_, n) => `+33${area}${String(n).padStart(7, '0')},FR,local`);
  return `number,country,type\n${lines.join('\n')}\n`;
}

onEachEngine('imports', ({ scenario }) => {
  const hand = (server, csv, query = '', headers = {}) =>
    server.operator('POST', `operator/numbers/import${query}`, undefined, {
      raw: csv, headers: { 'Content-Type': 'text/csv', ...headers },
    });

  const seen = async (server, id) => success(await server.operator('GET', `operator/imports/${id}`)).import;

  /** How many of the numbers are seen, of those that begin so: none, or some. */
  const first = async (server, area) => {
    const answer = await server.customer('GET', `portal/numbers/available?country=FR&contains=${area}`);
    return success(answer).numbers.filter(({ number }) => number.startsWith(`+33${area}`)).length;
  };

  scenario('a file is looked at, taken, and known the next time', async ({ server }) => {
    const csv = file('19', 1_200);
    const look = success(await hand(server, csv, '?preview=true'));
    assert.deepEqual([look.preview, look.import_id, look.added, look.known], [true, null, 1_200, 0]);
    assert.equal(await first(server, '19'), 0);
    const taken = success(await hand(server, csv), 201);
    assert.deepEqual([taken.preview, taken.added, taken.known], [false, 1_200, 0]);
    assert.ok((await first(server, '19')) > 0);
    const again = success(await hand(server, csv, '?preview=true'));
    assert.deepEqual([again.added, again.known, again.known_lines.length, again.known_lines[0]], [0, 1_200, 100, 2]);
    assert.equal((await seen(server, taken.import_id)).status, 'done');
    const { imports } = success(await server.operator('GET', 'operator/imports?limit=1'));
    assert.equal(imports[0].id, taken.import_id);
    failure(await server.operator('GET', 'operator/imports/1'), 404, 'not_found');
    failure(await server.customer('GET', 'operator/imports'), 403, 'forbidden');
  });

  scenario('what is wrong with a file is told by line and column, and nothing of it is there', async ({ server }) => {
    const csv = `${file('29', 50)}${'x,FR,local\n'.repeat(150)}`;
    const { message } = failure(await hand(server, csv), 400, 'invalid_request', 'file');
    assert.match(message, /^Nothing was imported\. line 52, number: .*; and 130 more lines$/);
    const begun = success(await hand(server, csv, '?wait=false'), 202).import;
    const failed = await until('it is over', async () => {
      const import_ = await seen(server, begun.id);
      return import_.status === 'failed' && import_;
    });
    assert.deepEqual([failed.stored, failed.errors.length, failed.errors_more], [0, 100, 50]);
    assert.deepEqual([failed.errors[0].line, failed.errors[0].column], [52, 'number']);
    assert.equal(await first(server, '29'), 0);
    failure(await hand(server, 'x'.repeat(33 * 1024 * 1024)), 413, 'body_too_large');
  });

  scenario('sends go on while a file is stored; killed in the midst, it goes on', async (world) => {
    const { server } = world;
    const customer = await world.customer();
    const number = await world.number(customer, { simulated: true });
    const headers = { 'Idempotency-Key': 'import-of-39' };
    const csv = file('39', 100_000);
    const begun = success(await hand(server, csv, '?wait=false', headers), 202).import;
    const half = await until('some of it is stored', async () => {
      const import_ = await seen(server, begun.id);
      assert.notEqual(import_.status, 'done', 'it was too quick to be watched');
      return import_.stored > 0 && import_;
    });
    assert.equal(half.rows, 100_000);
    await customer.send(number, world.destination(), 'meanwhile');
    await server.kill();
    await server.launch();
    const { status, stored } = await seen(server, begun.id);
    assert.ok(status === 'storing' && stored > 0 && stored < 100_000, `${status}: ${stored} are stored`);
    assert.equal(await first(server, '39'), 0, 'nobody sees half of it');
    const done = await until('it goes on', async () => {
      const import_ = await seen(server, begun.id);
      return import_.status === 'done' && import_;
    });
    assert.deepEqual([done.stored, done.added, done.known], [100_000, 100_000, 0]);
    assert.ok((await first(server, '39')) > 0);
    const again = await hand(server, csv, '?wait=false', headers);
    assert.equal(success(again, 202).import.id, begun.id);
    assert.equal(again.headers.get('idempotent-replayed'), 'true');
  });
});
