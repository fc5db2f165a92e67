/** In: a field's default as it stands in a schema. Out: its Avro encoding. */
import { AvroOutput } from './avro-bytes.ts';
import type { SchemaNode } from './avro-schema.ts';
import { IncompatibleSchemaError, shown } from './decode-error.ts';

/** Throws an `IncompatibleSchemaError` when the default is not a value of the type. */
export function encodeDefault(type: SchemaNode, value: unknown): Buffer {
  const output = new AvroOutput(64);
  write(type, value, output);
  return output.result();
}

function write(type: SchemaNode, value: unknown, output: AvroOutput): void {
  const mismatch = (): IncompatibleSchemaError =>
    new IncompatibleSchemaError(`${shown(value)} is no default of type ${type.kind}`);
  switch (type.kind) {
    case 'null':
      if (value !== null) throw mismatch();
      return;
    case 'boolean':
      if (typeof value !== 'boolean') throw mismatch();
      return output.byte(value ? 1 : 0);
    case 'int':
    case 'long':
      if (!Number.isSafeInteger(value)) throw mismatch();
      return output.long(Number(value));
    case 'float':
    case 'double':
      if (typeof value !== 'number') throw mismatch();
      return type.kind === 'float' ? output.float(value) : output.double(value);
    case 'string':
      if (typeof value !== 'string') throw mismatch();
      return output.sized(Buffer.from(value));
    case 'bytes':
      if (typeof value !== 'string') throw mismatch();
      return output.sized(Buffer.from(value, 'latin1'));
    case 'fixed':
      if (typeof value !== 'string' || value.length !== type.size) throw mismatch();
      return output.raw(Buffer.from(value, 'latin1'));
    case 'enum': {
      const index = type.symbols.findIndex((symbol) => symbol === value);
      if (index < 0) throw mismatch();
      return output.long(index);
    }
    case 'array': {
      if (!Array.isArray(value)) throw mismatch();
      if (value.length > 0) output.long(value.length);
      for (const item of value) write(type.items, item, output);
      return output.long(0);
    }
    case 'map': {
      if (!isObject(value)) throw mismatch();
      const entries = Object.entries(value);
      if (entries.length > 0) output.long(entries.length);
      for (const [key, entry] of entries) {
        output.sized(Buffer.from(key));
        write(type.values, entry, output);
      }
      return output.long(0);
    }
    case 'union': {
      // Avro: a union's default is of its first branch.
      const [first] = type.branches;
      if (first === undefined) throw mismatch();
      output.long(0);
      return write(first, value, output);
    }
    case 'record': {
      if (!isObject(value)) throw mismatch();
      for (const field of type.fields) {
        const own = Object.hasOwn(value, field.name) ? value[field.name] : field.fallback;
        write(field.type, own, output);
      }
    }
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
