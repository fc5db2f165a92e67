/** Rows in RowBinary as the store selects them in; the entity-days or records that they name out. */
import type { OutdatedEntityDay, StoredRecord } from './store.ts';

/** Of (Date, UInt8, String): day, bucket, entity. */
export function readEntityDays(rows: Buffer): OutdatedEntityDay[] {
  const reader = new Reader(rows);
  const days: OutdatedEntityDay[] = [];
  while (reader.more) days.push(reader.entityDay());
  return days;
}

/**
 * Of (UInt64, String, String, UInt32, Date, UInt8, String, String): offset, outcome, reason, checksum,
 * entity-day, id.
 */
export function readStoredRecords(rows: Buffer): StoredRecord[] {
  const reader = new Reader(rows);
  const records: StoredRecord[] = [];
  while (reader.more) {
    const offset = reader.offset();
    const outcome = reader.bytes().toString() as StoredRecord['outcome'];
    const reason = reader.bytes().toString();
    const checksum = reader.checksum();
    const entityDay = reader.entityDay();
    const id = reader.bytes();
    if (outcome === 'accepted' || outcome === 'late') {
      records.push({ outcome, offset, ...entityDay, id });
    } else {
      records.push({ outcome, offset, reason, checksum });
    }
  }
  return records;
}

class Reader {
  readonly #rows: Buffer;
  #at = 0;

  constructor(rows: Buffer) {
    this.#rows = rows;
  }

  get more(): boolean {
    return this.#at < this.#rows.length;
  }

  offset(): number {
    this.#at += 8;
    return Number(this.#rows.readBigUInt64LE(this.#at - 8));
  }

  checksum(): number {
    this.#at += 4;
    return this.#rows.readUInt32LE(this.#at - 4);
  }

  entityDay(): OutdatedEntityDay {
    const day = this.#rows.readUInt16LE(this.#at);
    const bucket = this.#rows.readUInt8(this.#at + 2);
    this.#at += 3;
    return { day, bucket, entity: this.bytes() };
  }

  bytes(): Buffer {
    let length = 0;
    let scale = 1;
    let byte: number;
    do {
      byte = this.#rows.readUInt8(this.#at++);
      length += (byte & 0x7f) * scale;
      scale *= 128;
    } while (byte >= 0x80);
    this.#at += length;
    return this.#rows.subarray(this.#at - length, this.#at);
  }
}
