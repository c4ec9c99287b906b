// Kannel's test program drive_smpp, as an SMSC.

import { spawn } from 'node:child_process';
import net from 'node:net';

import { freePorts } from './kannel.mjs';
import { until } from './until.mjs';

const PROGRAM = '/usr/lib/kannel/test/drive_smpp';

/** Beside the SMSC it plays a smsbox, on this port whatever its configuration says, and ends without a bearerbox there. */
const BEARERBOX_PORT = 13001;

/** Where something listens already, drive_smpp is content with that. */
function bearerbox() {
  const server = net.createServer((socket) => socket.on('error', () => {}).resume());
  return new Promise((done, failed) => {
    server.once('error', (error) => (error.code === 'EADDRINUSE' ? done() : failed(error)));
    server.listen(BEARERBOX_PORT, '127.0.0.1', () => done(server));
  });
}

export class DriveSmpp {
  /** Starts an SMSC that delivers `messages` texts, "1" to their number, from 456 to 123. */
  static async start({ messages }) {
    const smsc = new DriveSmpp();
    smsc.box = await bearerbox();
    [smsc.port] = await freePorts(1);
    smsc.lines = [];
    smsc.child = spawn(PROGRAM, ['-v', '0', '-p', String(smsc.port), '-m', String(messages)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const stray = () => smsc.child.kill('SIGKILL');
    process.once('exit', stray);
    smsc.ended = new Promise((done) => {
      smsc.child.once('close', () => {
        process.off('exit', stray);
        done();
      });
    });
    for (const output of [smsc.child.stdout, smsc.child.stderr]) {
      let rest = '';
      output.setEncoding('latin1').on('data', (text) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop();
        smsc.lines.push(...lines);
      });
    }
    await smsc.untilLogged(/Starting drive_smpp/, 1);
    return smsc;
  }

  /** What it logged and this matches, once that is at least `count` lines. */
  untilLogged(pattern, count) {
    return until(`drive_smpp logs ${count} × ${pattern}\n${this.lines.slice(-20).join('\n')}`, () => {
      const found = this.lines.map((line) => pattern.exec(line)).filter(Boolean);
      return found.length >= count ? found : undefined;
    });
  }

  async close() {
    this.child.kill('SIGKILL');
    await this.ended;
    await new Promise((done) => {
      if (this.box) this.box.close(done);
      else done();
    });
  }
}
