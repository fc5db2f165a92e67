/**
 * In: the schema that a record was written with and the one that it is to be read with. Out: nothing to
 * do when they agree, or how to rewrite the record's bytes as the reader's schema would have written them.
 */
import { AvroInput, AvroOutput } from './avro-bytes.ts';
import { parseSchema } from './avro-schema.ts';
import type { SchemaNode } from './avro-schema.ts';
import { DecodeError, IncompatibleSchemaError } from './decode-error.ts';
import { sameUnit } from './primitive-translation.ts';
import { compileTranslation, writerField } from './translation.ts';

export { DecodeError, IncompatibleSchemaError } from './decode-error.ts';

export type WriterResolution =
  /** Byte for byte the reader's encoding, and the same meaning. */
  | { readonly kind: 'same' }
  | {
      readonly kind: 'translate';
      /**
       * Rewrites one whole record; nothing may follow it. Throws a `DecodeError` for bad bytes. Keeps
       * no state, so a bad record does not touch the next.
       */
      translate(bytes: Buffer): Buffer;
    };

/** Throws an `IncompatibleSchemaError` when no record of the writer's can be read. */
export function resolveWriter(
  writerSchemaJson: string,
  readerSchemaJson: object,
): WriterResolution {
  const writer = parseSchema(parseJson(writerSchemaJson));
  const reader = parseSchema(readerSchemaJson);
  if (agree(writer, reader, new Map())) return { kind: 'same' };
  const translateValue = compileTranslation(writer, reader);
  return {
    kind: 'translate',
    translate(bytes) {
      const input = new AvroInput(bytes);
      const output = new AvroOutput(bytes.length + 256);
      translateValue(input, output, 0);
      if (input.remaining > 0) throw new DecodeError('trailing_bytes');
      return output.result();
    },
  };
}

/** Whether whatever the writer encodes, the reader reads as the same without being told the difference. */
function agree(
  writer: SchemaNode,
  reader: SchemaNode,
  seen: Map<SchemaNode, Set<SchemaNode>>,
): boolean {
  if (writer.kind !== reader.kind || sameUnit(writer, reader) !== null) return false;
  const readers = seen.get(writer) ?? new Set();
  seen.set(writer, readers);
  if (readers.has(reader)) return true;
  readers.add(reader);
  if (writer.kind === 'record' && reader.kind === 'record') {
    return (
      writer.fields.length === reader.fields.length &&
      reader.fields.every(
        (field, i) =>
          writerField(writer, field) === i && agree(writer.fields[i]!.type, field.type, seen),
      )
    );
  }
  if (writer.kind === 'union' && reader.kind === 'union') {
    return (
      writer.branches.length === reader.branches.length &&
      writer.branches.every((branch, i) => agree(branch, reader.branches[i]!, seen))
    );
  }
  if (writer.kind === 'array' && reader.kind === 'array') {
    return agree(writer.items, reader.items, seen);
  }
  if (writer.kind === 'map' && reader.kind === 'map') {
    return agree(writer.values, reader.values, seen);
  }
  if (writer.kind === 'enum' && reader.kind === 'enum') {
    return (
      writer.symbols.length === reader.symbols.length &&
      writer.symbols.every((symbol, i) => symbol === reader.symbols[i])
    );
  }
  if (writer.kind === 'fixed' && reader.kind === 'fixed') return writer.size === reader.size;
  return true;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    // Some registries give the name of a primitive type without its quotes.
    if (/^\w+$/.test(text)) return text;
    throw new IncompatibleSchemaError('the schema is not JSON', { cause });
  }
}
