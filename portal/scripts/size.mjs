// Prints what the browser loads, after brotli: for the first route and in all. Fails above the limits.
import { readdir, readFile } from "node:fs/promises";
import { brotliCompressSync } from "node:zlib";

/** Bytes. */
const FIRST_MAX = 120_000;
const TOTAL_MAX = 300_000;

const dist = new URL("../dist/", import.meta.url);
const page = await readFile(new URL("index.html", dist), "utf8");
const names = await readdir(new URL("assets/", dist));

async function compressed(name) {
  return brotliCompressSync(await readFile(new URL(`assets/${name}`, dist))).length;
}

const scripts = names.filter((name) => name.endsWith(".js"));
const sizes = new Map();
for (const name of scripts) {
  sizes.set(name, await compressed(name));
}
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} KB`;
for (const [name, bytes] of [...sizes].sort((a, b) => b[1] - a[1])) {
  console.log(`${kilobytes(bytes).padStart(9)}  ${name}${page.includes(name) ? "  (first)" : ""}`);
}
const total = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
const first = [...sizes].filter(([name]) => page.includes(name)).reduce((sum, [, b]) => sum + b, 0);
for (const [bytes, what, max] of [
  [first, "in index.html", FIRST_MAX],
  [total, "all JavaScript", TOTAL_MAX],
]) {
  console.log(`${kilobytes(bytes).padStart(9)}  ${what}, of ${kilobytes(max)}`);
  if (bytes > max) {
    console.error(`${what}: ${kilobytes(bytes)} is more than ${kilobytes(max)}`);
    process.exitCode = 1;
  }
}
