// A PostgreSQL server in a folder of its own, to be killed.

import { execFile, spawn } from 'node:child_process';
import { appendFile, chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { until } from '../../interop/lib/until.mjs';

const run = promisify(execFile);

const INSTALLED = '/usr/lib/postgresql';

/** PostgreSQL refuses to run as root. */
async function unprivileged() {
  if (process.getuid() !== 0) return {};
  const id = async (flag) => Number((await run('id', [flag, 'postgres'])).stdout);
  return { uid: await id('-u'), gid: await id('-g') };
}

async function freePort() {
  const probe = createServer();
  await new Promise((done) => probe.listen(0, '127.0.0.1', done));
  const { port } = probe.address();
  await new Promise((done) => probe.close(done));
  return port;
}

export class Postgres {
  #folder;
  #bin;
  #user;
  #child;

  /** `settings` are lines of postgresql.conf; `parent` is where its folder is made. */
  static async start(settings = [], parent = tmpdir()) {
    const postgres = new Postgres();
    const [newest] = (await readdir(INSTALLED)).sort((one, other) => Number(other) - Number(one));
    postgres.#bin = join(INSTALLED, newest, 'bin');
    postgres.#user = await unprivileged();
    postgres.#folder = await mkdtemp(join(parent, 'didfarm-pg-'));
    if (postgres.#user.uid !== undefined) await chown(postgres.#folder, postgres.#user.uid, postgres.#user.gid);
    postgres.port = await freePort();
    const data = join(postgres.#folder, 'data');
    await run(
      join(postgres.#bin, 'initdb'),
      ['--pgdata', data, '--username', 'postgres', '--auth', 'trust', '--encoding', 'UTF8', '--locale', 'C.UTF-8', '--no-sync'],
      { cwd: postgres.#folder, ...postgres.#user },
    );
    await appendFile(join(data, 'postgresql.conf'), [
      "listen_addresses = '127.0.0.1'",
      `unix_socket_directories = '${postgres.#folder}'`,
      `port = ${postgres.port}`,
      'max_connections = 60',
      ...settings,
      '',
    ].join('\n'));
    await postgres.open();
    return postgres;
  }

  url(port = this.port) {
    return `postgres://postgres@127.0.0.1:${port}/postgres`;
  }

  /** Starts the server on the data that is there, and waits until it answers. */
  async open() {
    await until('PostgreSQL answers', async () => {
      if (!this.#child || this.#child.exitCode !== null || this.#child.signalCode !== null) this.#spawn();
      await this.sql('SELECT 1');
      return true;
    }, { seconds: 60 });
  }

  #spawn() {
    const child = spawn(join(this.#bin, 'postgres'), ['-D', join(this.#folder, 'data')], {
      cwd: this.#folder, stdio: 'ignore', ...this.#user,
    });
    child.ended = new Promise((done) => child.once('close', done));
    const stray = () => child.kill('SIGQUIT');
    process.once('exit', stray);
    child.once('close', () => process.off('exit', stray));
    this.#child = child;
  }

  /** What psql prints, without headers. */
  async sql(statement) {
    const { stdout } = await run('psql', ['--no-psqlrc', '-qAt', '-v', 'ON_ERROR_STOP=1', '-c', statement, this.url()]);
    return stdout.trim();
  }

  /** SIGKILL to the postmaster; its children end when they notice. */
  async kill() {
    this.#child.kill('SIGKILL');
    await this.#child.ended;
  }

  async dispose() {
    this.#child?.kill('SIGQUIT');
    await this.#child?.ended;
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}
