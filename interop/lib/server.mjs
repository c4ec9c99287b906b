// The real binary, on a database and in a folder of its own.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { call } from './http.mjs';

const run = promisify(execFile);

const BINARY = resolve(
  process.env.DIDFARM_BIN ?? new URL('../../target/debug/didfarm', import.meta.url).pathname,
);

const POSTGRES = process.env.DIDFARM_TEST_POSTGRES;

/** The storage engines that can be tested here. */
export const ENGINES = POSTGRES ? ['sqlite', 'postgres'] : ['sqlite'];

const START_MS = 60_000;

/** Longer than the ten seconds in which carrier windows are drained. */
const STOP_MS = 120_000;

const LOG_LINES = 60;

let databases = 0;

function psql(statement, database = POSTGRES) {
  return run('psql', ['--no-psqlrc', '--quiet', '-v', 'ON_ERROR_STOP=1', '-c', statement, database]);
}

function sqlite(statement, file) {
  const program = 'import sqlite3, sys; db = sqlite3.connect(sys.argv[2], timeout=30); db.execute(sys.argv[1]); db.commit()';
  return run('python3', ['-c', program, statement, file]);
}

/** A setting of the shell that runs the tests must not reach the server. */
function environment() {
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('DIDFARM_'));
  return Object.fromEntries(others);
}

export class Server {
  #folder;
  #database;
  #child;
  #log = '';

  /**
   * Makes folder and database, and starts. `serve` are further options of the
   * command; `dataDir` and `databaseUrl` name places of the test's own; `under`
   * is as for `launch`.
   */
  static async start(engine, options = {}) {
    const server = await Server.prepare(engine, options);
    await server.launch({ under: options.under, env: options.env });
    return server;
  }

  /** As `start`, without starting. */
  static async prepare(engine, options = {}) {
    assert.ok(existsSync(BINARY), `${BINARY} does not exist: build it first, or name it in DIDFARM_BIN`);
    const server = new Server();
    server.engine = engine;
    server.options = options.serve ?? [];
    server.#folder = await mkdtemp(join(tmpdir(), 'didfarm-interop-'));
    server.dataDir = options.dataDir ?? join(server.#folder, 'data');
    server.databaseUrl = options.databaseUrl;
    if (engine === 'postgres' && !server.databaseUrl) {
      databases += 1;
      server.#database = `didfarm_interop_${process.pid}_${databases}`;
      await psql(`CREATE DATABASE ${server.#database}`);
      const url = new URL(POSTGRES);
      url.pathname = `/${server.#database}`;
      server.databaseUrl = url.href;
    }
    return server;
  }

  #location() {
    const place = ['--data-dir', this.dataDir];
    return this.databaseUrl ? [...place, '--database-url', this.databaseUrl] : place;
  }

  /**
   * Starts the binary on the data that is there; the first start is always a demo's.
   * `under` is a command that becomes the binary, as `strace -D` does; `env` is
   * added to its environment.
   */
  async launch({ demo = true, under = [], env = {} } = {}) {
    const serve = ['serve', ...(demo ? ['--demo'] : []), '--listen', '127.0.0.1:0', ...this.#location(), ...this.options];
    const [command, ...rest] = [...under, BINARY, ...serve];
    const child = spawn(
      command,
      rest,
      // The folder has no didfarm.toml that would be read.
      { cwd: this.#folder, env: { ...environment(), ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.#child = child;
    child.ended = new Promise((done) => {
      child.once('close', (code, signal) => done({ code, signal }));
    });
    const stray = () => child.kill('SIGKILL');
    process.once('exit', stray);
    child.once('close', () => process.off('exit', stray));
    child.stderr.setEncoding('utf8').on('data', (text) => this.#remember(text));

    let printed = '';
    let late;
    this.baseUrl = await new Promise((found, failed) => {
      late = setTimeout(() => failed(new Error('it does not say that it listens')), START_MS);
      child.stdout.setEncoding('utf8').on('data', (text) => {
        this.#remember(text);
        printed += text;
        const line = /^listening on (http:\/\/\S+)$/m.exec(printed);
        if (line) found(line[1]);
      });
      child.once('error', failed);
      child.once('close', (code, signal) => failed(new Error(`it ended with ${code ?? signal}`)));
    }).catch((error) => {
      clearTimeout(late);
      child.kill('SIGKILL');
      throw new Error(`didfarm does not start: ${error.message}\n${this.log()}`);
    });
    clearTimeout(late);
    this.demo = JSON.parse(await readFile(join(this.dataDir, 'demo.json'), 'utf8'));
  }

  #remember(text) {
    this.#log = (this.#log + text).split('\n').slice(-LOG_LINES).join('\n');
  }

  /** The last lines that the server wrote. */
  log() {
    return this.#log;
  }

  /** Runs a statement on the database, beside the server. */
  sql(statement) {
    return this.databaseUrl ? psql(statement, this.databaseUrl) : sqlite(statement, join(this.dataDir, 'didfarm.db'));
  }

  /** A call as the demo's customer. */
  customer(method, path, body, options = {}) {
    return call(this.baseUrl, method, path, { key: this.demo.account.api_key, body, ...options });
  }

  /** A call as the operator. */
  operator(method, path, body, options = {}) {
    return call(this.baseUrl, method, path, { key: this.demo.operator.api_key, body, ...options });
  }

  async #signal(name) {
    const child = this.#child;
    child.kill(name);
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    const ended = await child.ended;
    clearTimeout(late);
    return ended;
  }

  /** SIGTERM; the server must end by itself, with 0. */
  async terminate() {
    const ended = await this.#signal('SIGTERM');
    assert.deepEqual(ended, { code: 0, signal: null }, `the server stops with 0\n${this.log()}`);
  }

  get binary() {
    return BINARY;
  }

  /** The process, while it runs. */
  get pid() {
    return this.#child.pid;
  }

  get running() {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves when the process has ended, to `{code, signal}`. */
  ended() {
    return this.#child.ended;
  }

  /** SIGKILL: no time to finish anything. */
  async kill() {
    await this.#signal('SIGKILL');
  }

  /** Every invariant holds, by the server's own audit. */
  async audit() {
    try {
      const { stdout } = await run(BINARY, ['audit', ...this.#location()], {
        cwd: this.#folder,
        env: environment(),
      });
      return stdout;
    } catch (error) {
      throw new Error(`didfarm audit: ${error.message}\n${error.stdout}${error.stderr}`);
    }
  }

  /** Stops, and removes folder and database, whatever state the server is in. */
  async dispose() {
    try {
      if (this.#child && this.running) await this.terminate();
    } finally {
      await rm(this.#folder, { recursive: true, force: true });
      if (this.#database) await psql(`DROP DATABASE IF EXISTS ${this.#database} WITH (FORCE)`);
    }
  }
}
