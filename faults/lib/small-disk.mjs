// A small file system in memory, to be filled.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, open as openFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

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
    async fill() {
      const file = await openFile(ballast, 'a');
      try {
        const block = Buffer.alloc(64 * 1024);
        const write = (octets) => file.write(octets).then(({ bytesWritten }) => bytesWritten);
        for (let octets = block.length; octets >= 512; octets /= 2) {
          try {
            while (await write(block.subarray(0, octets)));
          } catch (error) {
            assert.equal(error.code, 'ENOSPC');
          }
        }
      } finally {
        await file.close();
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
