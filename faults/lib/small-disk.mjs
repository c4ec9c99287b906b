// A small file system in memory, to be filled.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const BLOCK = Buffer.alloc(8 * 1024 * 1024);

const asRoot = (...command) => {
  const [program, ...rest] = process.getuid() === 0 ? command : ['sudo', '-n', ...command];
  return run(program, rest);
};

/** Gives `body` a file system of `mib`, which `fill` fills to the last octet. */
export async function smallDisk(mib, body) {
  const mount = await mkdtemp(join(tmpdir(), 'didfarm-disk-'));
  await asRoot('mount', '-t', 'tmpfs', '-o', `size=${mib}m,mode=0777`, 'tmpfs', mount).catch((error) => {
    throw new Error(`a small file system cannot be mounted, and this test needs one (root, or sudo): ${error.stderr}`);
  });
  const ballast = join(mount, 'ballast');
  const disk = {
    path: mount,
    // At once and in large pieces: a server beside it goes on meanwhile, and other tests want the processor.
    fill() {
      const file = openSync(ballast, 'a');
      try {
        for (let octets = BLOCK.length; octets >= 512; octets /= 2) {
          try {
            while (writeSync(file, BLOCK, 0, octets));
          } catch (error) {
            assert.equal(error.code, 'ENOSPC');
          }
        }
      } finally {
        closeSync(file);
      }
    },
    free: () => rm(ballast),
  };
  try {
    return await body(disk);
  } finally {
    await asRoot('umount', '--lazy', mount);
    await rm(mount, { recursive: true, force: true });
  }
}
