import type { RecordHeader } from '../source.ts';

/** Headers of one record as they stand in a Kafka batch; what is broken ends the list. */
export function readRecordHeaders(bytes: Buffer, start: number, end: number): RecordHeader[] {
  let position = start;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; position < end; scale *= 128) {
      const byte = bytes[position++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    return Number.NaN;
  };
  const headers: RecordHeader[] = [];
  for (let left = varint(); left > 0; left--) {
    const keyEnd = varint() + position;
    if (!(keyEnd >= position && keyEnd <= end)) break;
    const key = bytes.toString('utf8', position, keyEnd);
    position = keyEnd;
    const length = varint();
    if (length === -1) {
      headers.push({ key, value: null });
      continue;
    }
    if (!(length >= 0 && position + length <= end)) break;
    headers.push({ key, value: bytes.subarray(position, position + length) });
    position += length;
  }
  return headers;
}
