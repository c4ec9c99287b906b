// What a disk may hold after the power went: all that was synced, and of the
// rest whatever it likes.

import { readFile } from 'node:fs/promises';

const HEADER = 24;

/** Sizes at which a write may be torn. */
const SECTORS = [512, 4096];

/** Reads the records of `record.c`. */
export async function readRecords(path) {
  const bytes = await readFile(path);
  const records = [];
  const syncing = new Map();
  for (let at = 0; at + HEADER <= bytes.length;) {
    const kind = String.fromCharCode(bytes[at]);
    const file = String.fromCharCode(bytes[at + 1]);
    const thread = bytes.readUInt32LE(at + 4);
    const offset = Number(bytes.readBigUInt64LE(at + 8));
    const length = Number(bytes.readBigUInt64LE(at + 16));
    at += HEADER;
    const record = { kind, file, offset, octets: bytes.subarray(at, at + length) };
    at += length;
    // A sync vouches for what was written before it began.
    if (kind === 'B') syncing.set(`${thread}${file}`, records.length);
    if (kind === 'E') record.since = syncing.get(`${thread}${file}`);
    if (kind === 'R') record.ids = [...record.octets.toString('utf8').matchAll(/"message":\{"id":(\d+)/g)].map(([, id]) => Number(id));
    records.push(record);
  }
  return records;
}

class Image {
  constructor(octets) {
    this.octets = Buffer.from(octets);
    this.length = octets.length;
  }

  apply({ kind, offset, octets }) {
    if (kind === 'T') {
      this.octets.fill(0, Math.min(offset, this.length), this.length);
      this.length = offset;
      return;
    }
    const end = offset + octets.length;
    if (end > this.octets.length) {
      const larger = Buffer.alloc(Math.max(end, this.octets.length * 2));
      this.octets.copy(larger, 0, 0, this.length);
      this.octets = larger;
    }
    octets.copy(this.octets, offset);
    this.length = Math.max(this.length, end);
  }

  copy() {
    return new Image(this.octets.subarray(0, this.length));
  }

  content() {
    return this.octets.subarray(0, this.length);
  }
}

/** The database and its log as their disk has them, moment by moment. */
export class Disk {
  #records;
  #at = 0;
  #images;
  #pending = { d: [], w: [] };
  /** The log's name is in its folder for certain, and its content. */
  #logKept;
  /** Ids that were answered with 201 before this moment. */
  answered = new Set();

  constructor(records, { database, log }) {
    this.#records = records;
    this.#images = { d: new Image(database), w: new Image(log ?? Buffer.alloc(0)) };
    this.#logKept = log !== undefined;
  }

  /** Goes on to the moment before record `index`. */
  advance(index) {
    for (; this.#at < index; this.#at += 1) {
      const record = this.#records[this.#at];
      const { kind, file } = record;
      if (kind === 'W' || kind === 'T') this.#pending[file].push({ at: this.#at, record });
      else if (kind === 'E' && file === 'f') this.#logKept = true;
      else if (kind === 'E') this.#keep(file, record.since);
      else if (kind === 'R') for (const id of record.ids) this.answered.add(id);
      else if (kind === 'C') this.#logKept = false;
      else if (kind === 'U') throw new Error('the log was removed while the server ran');
    }
  }

  #keep(file, since) {
    const pending = this.#pending[file];
    let kept = 0;
    while (kept < pending.length && pending[kept].at < since) {
      this.#images[file].apply(pending[kept].record);
      kept += 1;
    }
    pending.splice(0, kept);
  }

  /** Writes that were not synced at this moment. */
  get unsynced() {
    return this.#pending.d.length + this.#pending.w.length;
  }

  /** What is found after the power went at this moment; `log` may be missing. */
  lost(random) {
    // From nothing of what was not synced to nearly all of it.
    const share = [0, 0.5, 0.9][Math.floor(random() * 3)];
    const after = (file) => {
      const image = this.#images[file].copy();
      for (const { record } of this.#pending[file]) {
        if (random() >= share) continue;
        for (const piece of torn(record, random)) image.apply(piece);
      }
      return image.content();
    };
    return { database: after('d'), log: this.#logKept || random() < 0.5 ? after('w') : undefined };
  }
}

/** The write as a whole, or some of its sectors. */
function torn(record, random) {
  if (record.kind === 'T' || random() < 0.5) return [record];
  const size = SECTORS[Math.floor(random() * SECTORS.length)];
  const pieces = [];
  for (let from = 0; from < record.octets.length;) {
    // Sectors lie on multiples of their size in the file.
    const to = Math.min(record.octets.length, from + size - ((record.offset + from) % size));
    if (random() < 0.5) pieces.push({ ...record, offset: record.offset + from, octets: record.octets.subarray(from, to) });
    from = to;
  }
  return pieces;
}
