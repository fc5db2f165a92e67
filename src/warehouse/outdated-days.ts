/** Rows of (Date, UInt8, String) in RowBinary in, the entity-days they name out. */
import type { OutdatedEntityDay } from './store.ts';

export function readOutdatedDays(rows: Buffer): OutdatedEntityDay[] {
  const days: OutdatedEntityDay[] = [];
  let at = 0;
  while (at < rows.length) {
    const day = rows.readUInt16LE(at);
    const bucket = rows.readUInt8(at + 2);
    at += 3;
    let length = 0;
    let scale = 1;
    let byte: number;
    do {
      byte = rows.readUInt8(at++);
      length += (byte & 0x7f) * scale;
      scale *= 128;
    } while (byte >= 0x80);
    days.push({ day, bucket, entity: rows.subarray(at, at + length) });
    at += length;
  }
  return days;
}
