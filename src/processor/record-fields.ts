import type { RecordSchema } from '../decode/record-schema.ts';
import type { Slots } from '../decode/slots.ts';

/** A decoded record as JSON, for people: times in microseconds, decimals as text, no null fields. */
export function recordFields(schema: RecordSchema, slots: Slots): string {
  const fields: Record<string, unknown> = {};
  schema.fields.forEach(({ name, kind }, field) => {
    if (slots.isNull(field)) return;
    if (kind === 'string') fields[name] = slots.text(field);
    else if (kind === 'map') fields[name] = mapEntries(slots.bytes[field]!, slots.start[field]!);
    else if (kind === 'decimal') fields[name] = decimalText(slots, field);
    else fields[name] = slots.number[field];
  });
  return JSON.stringify(fields);
}

/** The entries of an Avro map of strings whose encoding is known to be whole. */
function mapEntries(bytes: Buffer, start: number): Record<string, string> {
  const entries: [string, string][] = [];
  let at = start;
  const readLong = (): number => {
    let value = 0n;
    let shift = 0n;
    let byte: number;
    do {
      byte = bytes[at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      shift += 7n;
    } while (byte >= 0x80);
    return Number((value >> 1n) ^ -(value & 1n));
  };
  const readText = (): string => {
    const length = readLong();
    at += length;
    return bytes.toString('utf8', at - length, at);
  };
  for (let count = readLong(); count !== 0; count = readLong()) {
    if (count < 0) readLong();
    for (let entry = Math.abs(count); entry > 0; entry--) entries.push([readText(), readText()]);
  }
  // fromEntries defines own properties, whatever their names (`__proto__` too).
  return Object.fromEntries(entries);
}

function decimalText(slots: Slots, field: number): string {
  const hex = slots.bytes[field]!.toString('hex', slots.start[field], slots.end[field]);
  const unscaled = hex === '' ? 0n : BigInt.asIntN(hex.length * 4, BigInt(`0x${hex}`));
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(5, '0');
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, -4)}.${digits.slice(-4)}`;
}
