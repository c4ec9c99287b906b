// The server under strace, which stays beside it: the process is the server itself.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Fails loudly where processes cannot be traced. */
export async function needStrace() {
  try {
    await run('strace', ['-D', '-f', '--seccomp-bpf', '-o', '/dev/null', '-e', 'trace=fsync', 'true']);
  } catch (error) {
    throw new Error(`strace does not work here, and these tests need it (Debian package strace, and a
system that lets a process trace its children): ${error.stderr || error.message}`);
  }
}

/** The command that starts what follows with one fault: `signal=KILL:when=3` of `fsync,fdatasync`. */
export function injecting(calls, fault, { output = '/dev/null' } = {}) {
  // strace 6.1 counts no calls towards a signal where seccomp filters them.
  const filter = fault.startsWith('signal') ? [] : ['--seccomp-bpf'];
  return [
    'strace', '-D', '-f', ...filter, '-qq', '-o', output,
    '-e', `trace=${calls}`, '-e', `inject=${calls}:${fault}`,
  ];
}
