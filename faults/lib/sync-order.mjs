// Reads from strace's output whether the log was synced before each 201 left.

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

const LOG = 'didfarm.db-wal>';

/** What strace prints is in the order of the calls' beginnings, or of their ends where it says `resumed`. */
export function tracing(output) {
  return [
    'strace', '-D', '-f', '-tt', '-y', '-s', '16', '--seccomp-bpf', '-qq', '-o', output,
    '-e', 'trace=fsync,fdatasync,pwrite64,write,writev,sendto',
  ];
}

/**
 * For requests that were made one after another: between an answer and the one
 * before it, the log must have been written, and then synced with success.
 *
 * Answers `{answers, syncs, early}`; `early` are answers that did not wait.
 */
export async function readOrder(path) {
  const found = { answers: 0, syncs: 0, early: 0 };
  /** Since the last answer. */
  let written = false;
  let synced = false;
  /** Threads whose sync of the log is under way, and whether it covers a write since the last answer. */
  const syncing = new Map();
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const [, thread, call] = /^(\d+) +\S+ (.*)$/.exec(line) ?? [];
    if (!call) continue;
    const begins = /^(fsync|fdatasync|pwrite64|write|writev|sendto)\(/.exec(call)?.[1];
    const ended = /\) += (-?\d+)/.exec(call)?.[1];
    if (begins === 'pwrite64' && call.includes(LOG)) {
      written = true;
    } else if (begins?.endsWith('sync') && call.includes(LOG)) {
      syncing.set(thread, written);
    } else if (call.includes('"HTTP/1.1 201') && begins) {
      found.answers += 1;
      if (!synced) found.early += 1;
      written = false;
      synced = false;
      for (const [other] of syncing) syncing.set(other, false);
    }
    const syncs = begins?.endsWith('sync') || /^<\.\.\. f(data)?sync resumed>/.test(call);
    if (syncs && ended !== undefined && syncing.has(thread)) {
      if (ended === '0') {
        found.syncs += 1;
        if (syncing.get(thread)) synced = true;
      }
      syncing.delete(thread);
    }
  }
  return found;
}
