import { AvroMapStrings } from './avro-map.ts';
import { decimalText } from './decimal.ts';
import type { RecordSchema } from './record-schema.ts';
import type { Slots } from './slots.ts';

/** A decoded record as JSON: times in microseconds, decimals as text, maps by name, no null fields. Equal records give equal texts. */
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
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
