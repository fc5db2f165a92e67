import { AvroMapStrings } from '../decode/avro-map.ts';
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

function mapEntries(bytes: Buffer, start: number): Record<string, string> {
  const entries: [string, string][] = [];
  const strings = new AvroMapStrings(bytes, start);
  const text = (): string => bytes.toString('utf8', strings.start, strings.end);
  while (strings.next()) {
    const key = text();
    strings.next();
    entries.push([key, text()]);
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
