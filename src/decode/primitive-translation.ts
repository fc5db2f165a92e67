/** In: a writer's type and a reader's that hold no others. Out: how to turn one into the other, or why not. */
import type { AvroInput, AvroOutput } from './avro-bytes.ts';
import type { Logical, SchemaNode } from './avro-schema.ts';
import { DecodeError } from './decode-error.ts';

type TranslateValue = (input: AvroInput, output: AvroOutput) => void;

/** A sentence when there is no way. */
export function translatePrimitive(
  writer: SchemaNode,
  reader: SchemaNode,
): TranslateValue | string {
  const unit = sameUnit(writer, reader);
  if (typeof unit === 'string') return unit;
  const refusal = `${writer.kind} cannot be read as ${reader.kind}`;
  switch (reader.kind) {
    case 'null':
      return writer.kind === 'null' ? () => {} : refusal;
    case 'boolean':
      if (writer.kind !== 'boolean') return refusal;
      return (input, output) => output.byte(input.boolean());
    case 'int':
      return writer.kind === 'int' ? (input, output) => output.long(input.int()) : refusal;
    case 'long':
      if (writer.kind !== 'int' && writer.kind !== 'long') return refusal;
      if (unit !== null) return unit;
      return writer.kind === 'int'
        ? (input, output) => output.long(input.int())
        : (input, output) => output.long(input.long());
    case 'float':
    case 'double': {
      const write: (output: AvroOutput, value: number) => void =
        reader.kind === 'float'
          ? (output, value) => output.float(value)
          : (output, value) => output.double(value);
      if (writer.kind === 'int') return (input, output) => write(output, input.int());
      if (writer.kind === 'long') return (input, output) => write(output, Number(input.bigLong()));
      if (writer.kind === 'float')
        return (input, output) => write(output, input.take(4).readFloatLE());
      if (writer.kind !== 'double' || reader.kind === 'float') return refusal;
      return (input, output) => output.raw(input.take(8));
    }
    case 'string':
      if (writer.kind !== 'string' && writer.kind !== 'bytes') return refusal;
      return (input, output) => output.sized(input.text());
    case 'bytes':
      if (unit !== null) return unit;
      if (writer.kind === 'string') return (input, output) => output.sized(input.text());
      return writer.kind === 'bytes' ? (input, output) => output.sized(input.sized()) : refusal;
    case 'fixed':
      if (writer.kind !== 'fixed' || writer.size !== reader.size) return refusal;
      return (input, output) => output.raw(input.take(writer.size));
    default:
      return refusal;
  }
}

/**
 * Whether numbers of the writer's type mean the same in the reader's: null when they do (a writer that
 * names no unit is taken to use the reader's), else how to convert them, else why that cannot be.
 */
export function sameUnit(writer: SchemaNode, reader: SchemaNode): TranslateValue | string | null {
  const to = logicalOf(reader);
  const from = logicalOf(writer);
  if (to === null) return null;
  if (to.is === 'instant') {
    if (from === null || (from.is === 'instant' && from.perSecond === to.perSecond)) return null;
    if (from.is === 'instant') return rescaledInstant(from.perSecond, to.perSecond);
    return `${from.is === 'calendar' ? from.what : from.is} is not a moment in time`;
  }
  if (to.is === 'calendar') {
    if (from === null || (from.is === 'calendar' && from.what === to.what)) return null;
    return `another kind of time than ${to.what}`;
  }
  if (writer.kind === 'string') return 'a string is not a decimal in bytes';
  if (from === null && writer.kind === 'bytes') return null;
  if (from?.is !== 'decimal') return `${writer.kind} is not a decimal in bytes`;
  if (from.scale > to.scale)
    return `a decimal of scale ${from.scale} does not fit scale ${to.scale}`;
  if (from.scale === to.scale && writer.kind === reader.kind) return null;
  if (reader.kind !== 'bytes') return 'decimals in fixed bytes are not converted';
  const factor = 10n ** BigInt(to.scale - from.scale);
  return (input, output) => {
    const digits = writer.kind === 'fixed' ? input.take(writer.size) : input.sized();
    output.sized(factor === 1n ? digits : twosComplement(integerOf(digits) * factor));
  };
}

function logicalOf(type: SchemaNode): Logical | null {
  return 'logical' in type ? type.logical : null;
}

/** To a coarser unit rounds down, to the unit that the moment is in. */
function rescaledInstant(from: bigint, to: bigint): TranslateValue {
  return (input, output) => {
    const scaled = input.bigLong() * to;
    const value = Number((scaled - (((scaled % from) + from) % from)) / from);
    if (!Number.isSafeInteger(value)) throw new DecodeError('number_out_of_range');
    output.long(value);
  };
}

/** More digits than any decimal has; longer ones would only cost time. */
const LONGEST_DECIMAL = 1024;

function integerOf(digits: Buffer): bigint {
  if (digits.length > LONGEST_DECIMAL) throw new DecodeError('number_out_of_range');
  return digits.length === 0
    ? 0n
    : BigInt.asIntN(8 * digits.length, BigInt(`0x${digits.toString('hex')}`));
}

function twosComplement(value: bigint): Buffer {
  let length = 1;
  while (BigInt.asIntN(8 * length, value) !== value) length++;
  const digits = BigInt.asUintN(8 * length, value).toString(16);
  return Buffer.from(digits.padStart(2 * length, '0'), 'hex');
}
