// Kannel's bearerbox and smsbox, as a client of an SMSC.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { until } from './until.mjs';

const LOG_LINES = 40;

/** Ports that the system gave and that are free again: Kannel cannot tell which one it was given. */
export async function freePorts(count) {
  const servers = await Promise.all(Array.from({ length: count }, () => new Promise((done) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => done(server));
  })));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((done) => {
    server.close(done);
  })));
  return ports;
}

export class Kannel {
  /** Requests that smsbox made: `{path, query}`, a text as it is in the query. */
  requests = [];
  #children = [];
  #log = '';

  /** Starts both boxes; `altCharset` is what `data_coding` 0 means, GSM 03.38 if not given. */
  static async start(smsc, { altCharset } = {}) {
    const kannel = new Kannel();
    kannel.folder = await mkdtemp(join(tmpdir(), 'didfarm-kannel-'));
    kannel.web = createServer((request, response) => {
      const url = new URL(request.url, 'http://kannel');
      // Not by URLSearchParams: octets are no UTF-8.
      const query = Object.fromEntries(url.search.slice(1).split('&').map((pair) => pair.split('=')));
      kannel.requests.push({ path: url.pathname, query });
      response.end();
    });
    await new Promise((done) => {
      kannel.web.listen(0, '127.0.0.1', done);
    });
    kannel.webUrl = `http://127.0.0.1:${kannel.web.address().port}`;
    const [admin, smsbox, sendsms] = await freePorts(3);
    kannel.sendsms = sendsms;
    const file = join(kannel.folder, 'kannel.conf');
    await writeFile(file, configuration(smsc, { admin, smsbox, sendsms, altCharset, webUrl: kannel.webUrl }));
    kannel.#run('/usr/sbin/bearerbox', file);
    await until('bearerbox listens', () => reachable(smsbox));
    kannel.#run('/usr/sbin/smsbox', file);
    await until(`smsbox listens\n${kannel.log()}`, () => reachable(sendsms));
    return kannel;
  }

  #run(program, file) {
    const child = spawn(program, ['-v', '1', file], { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] });
    child.ended = new Promise((done) => {
      child.once('close', done);
      child.once('error', done);
    });
    const stray = () => child.kill('SIGKILL');
    process.once('exit', stray);
    child.once('close', () => process.off('exit', stray));
    for (const output of [child.stdout, child.stderr]) {
      output.setEncoding('latin1').on('data', (text) => {
        this.#log = (this.#log + text).split('\n').slice(-LOG_LINES).join('\n');
      });
    }
    this.#children.push(child);
  }

  log() {
    return this.#log;
  }

  /** Sends by smsbox's `sendsms`; `receipts` asks for all that Kannel can report. */
  async send(fields, { receipts = false } = {}) {
    const query = new URLSearchParams({ username: 'me', password: 'secret', ...fields });
    if (receipts) {
      query.set('dlr-mask', '31');
      query.set('dlr-url', `${this.webUrl}/dlr?type=%d&id=%F&to=%p`);
    }
    // Octets of `text` are given already escaped.
    const text = fields.rawText === undefined ? '' : `&text=${fields.rawText}`;
    query.delete('rawText');
    const response = await fetch(`http://127.0.0.1:${this.sendsms}/cgi-bin/sendsms?${query}${text}`);
    assert.equal(response.status, 202, `${await response.text()}\n${this.log()}`);
  }

  /** Waits for the n-th request to a path. */
  async untilRequest(path, n) {
    const found = () => this.requests.filter((one) => one.path === path);
    await until(`${n} × ${path}`, () => found().length >= n);
    return found()[n - 1].query;
  }

  async stop() {
    for (const child of [...this.#children].reverse()) {
      // Its shutdown waits for seconds, and there is nothing that it should save.
      child.kill('SIGKILL');
      await child.ended;
    }
    await new Promise((done) => {
      this.web.close(done);
      this.web.closeAllConnections();
    });
    await rm(this.folder, { recursive: true, force: true });
  }
}

function reachable(port) {
  return new Promise((done, failed) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', failed);
  });
}

function configuration(smsc, { admin, smsbox, sendsms, altCharset, webUrl }) {
  return `group = core
admin-port = ${admin}
admin-interface = 127.0.0.1
admin-password = admin
smsbox-port = ${smsbox}
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1
dlr-storage = internal
sms-combine-concatenated-mo-timeout = 20

group = smsc
smsc = smpp
smsc-id = ours
host = 127.0.0.1
port = ${smsc.port}
transceiver-mode = true
smsc-username = ${smsc.systemId}
smsc-password = ${smsc.password}
system-type = ""
interface-version = 34
source-addr-ton = 1
source-addr-npi = 1
dest-addr-ton = 1
dest-addr-npi = 1
enquire-link-interval = 2
reconnect-delay = 1
${altCharset ? `alt-charset = ${altCharset}\n` : ''}
group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = ${sendsms}
sendsms-interface = 127.0.0.1
mo-recode = false

group = sendsms-user
username = me
password = secret
concatenation = true
max-messages = 10

group = sms-service
keyword = default
catch-all = true
max-messages = 0
get-url = "${webUrl}/mo?from=%p&to=%P&text=%b&udh=%u&coding=%c"
`;
}
