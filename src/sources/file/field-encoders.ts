/**
 * In: a cell. Out: the same as Avro bytes of one field's type, or why Avro cannot hold it. What breaks a
 * rule but fits the type is written: refusing it is the processor's work.
 */
import type { AvroBytes } from './avro-bytes.ts';
import type { LocalTime } from './local-time.ts';
import { parseEpoch, parseIso } from './time.ts';
import type { Instant, TimeFormat } from './time.ts';

/** What has to be known of a field of a stream's record. */
export interface TargetField {
  readonly name: string;
  readonly kind: 'string' | 'int' | 'long' | 'timestamp' | 'decimal' | 'map';
  readonly nullable: boolean;
  /** Which branch of the union is null. */
  readonly nullBranch: 0 | 1;
}

/** Appends the value; or says what is wrong with it, as the end of a code (`malformed`), with nothing appended. */
export type Encode = (value: unknown, out: AvroBytes) => Problem | null;
export type Problem = 'malformed' | 'missing' | 'out_of_range';

export interface EncodeOptions {
  readonly format: TimeFormat;
  readonly zone: LocalTime;
}

/** Values are not null or undefined; those are `encodeAbsent`'s. */
export function fieldEncoder(field: TargetField, options: EncodeOptions): Encode {
  const encode = valueEncoder(field, options);
  if (!field.nullable) return encode;
  const branch = 1 - field.nullBranch;
  return (value, out) => {
    const start = out.length;
    out.long(branch);
    const problem = encode(value, out);
    if (problem !== null) out.truncate(start);
    return problem;
  };
}

/** No value: null where the field may be null, the empty text or map, and else a problem. */
export function encodeAbsent(field: TargetField, out: AvroBytes): Problem | null {
  if (field.nullable) out.long(field.nullBranch);
  else if (field.kind === 'string') out.string('');
  else if (field.kind === 'map') out.long(0);
  else return 'missing';
  return null;
}

function valueEncoder({ kind }: TargetField, { format, zone }: EncodeOptions): Encode {
  switch (kind) {
    case 'string':
      return (value, out) => {
        const text = textOf(value);
        if (text === null) return 'malformed';
        out.string(text);
        return null;
      };
    case 'int':
      return (value, out) => encodeWhole(value, out, 2n ** 31n);
    case 'long':
      return (value, out) => encodeWhole(value, out, 2n ** 63n);
    case 'timestamp':
      return (value, out) => encodeTime(value, out, format, zone);
    case 'decimal':
      return encodeDecimal;
    case 'map':
      return encodeMap;
  }
}

/** Null where the text could only be wrong: a number that lost digits when it was read. */
export function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') {
    return Number.isInteger(value) && !Number.isSafeInteger(value) ? null : String(value);
  }
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (Buffer.isBuffer(value)) return value.toString();
  return JSON.stringify(value);
}

function encodeWhole(value: unknown, out: AvroBytes, limit: bigint): Problem | null {
  const match = /^([+-]?\d{1,30})(?:\.0*)?$/.exec(textOf(value)?.trim() ?? '');
  if (match === null) return 'malformed';
  const number = Number(match[1]);
  const whole = Number.isSafeInteger(number) ? number : BigInt(match[1]!.replace('+', ''));
  if (whole >= limit || whole < -limit) return 'out_of_range';
  out.long(whole);
  return null;
}

function encodeTime(
  value: unknown,
  out: AvroBytes,
  format: TimeFormat,
  zone: LocalTime,
): Problem | null {
  const text = textOf(value)?.trim() ?? '';
  const time: Instant | null = format === 'iso' ? parseIso(text, zone) : parseEpoch(text, format);
  if (time === null) return 'malformed';
  if (typeof time === 'bigint' && BigInt.asIntN(64, time) !== time) return 'out_of_range';
  out.long(time);
  return null;
}

function encodeDecimal(value: unknown, out: AvroBytes): Problem | null {
  const match = /^([+-]?)(\d{0,30})(?:\.(\d{0,4})0*)?$/.exec(decimalText(value));
  if (match === null || (match[2] === '' && !match[3])) return 'malformed';
  const digits = (match[2] ?? '') + (match[3] ?? '').padEnd(4, '0');
  const magnitude = BigInt(digits);
  if (magnitude >= 10n ** 18n) return 'out_of_range';
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(match[1] === '-' ? -magnitude : magnitude);
  let start = 0;
  while (start < 7 && onlyRepeatsTheSign(bytes[start]!, bytes[start + 1]!)) start++;
  out.bytes(bytes.subarray(start));
  return null;
}

function onlyRepeatsTheSign(byte: number, next: number): boolean {
  return next < 0x80 ? byte === 0 : byte === 0xff;
}

/** Numbers that JavaScript writes with an exponent are written out. */
function decimalText(value: unknown): string {
  if (typeof value === 'number' && /e/.test(String(value))) return value.toFixed(20);
  return textOf(value)?.trim() ?? '';
}

function encodeMap(value: unknown, out: AvroBytes): Problem | null {
  let map: unknown = value;
  if (typeof value === 'string') {
    try {
      map = JSON.parse(value);
    } catch {
      return 'malformed';
    }
  }
  if (typeof map !== 'object' || map === null || Array.isArray(map)) return 'malformed';
  return encodeEntries(Object.entries(map), out);
}

/** A map, its keys in order so that equal maps have equal bytes. Null values are left out. */
export function encodeEntries(
  entries: readonly (readonly [string, unknown])[],
  out: AvroBytes,
): Problem | null {
  const present = entries
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([key, value]) => [key, textOf(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  if (present.some(([, text]) => text === null)) return 'malformed';
  if (present.length > 0) {
    out.long(present.length);
    for (const [key, text] of present) {
      out.string(key);
      out.string(text ?? '');
    }
  }
  out.long(0);
  return null;
}
