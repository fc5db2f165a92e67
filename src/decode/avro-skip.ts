/** In: a writer's type. Out: how to move over one value of it without looking at more than its extent. */
import type { AvroInput } from './avro-bytes.ts';
import { takesNoBytes } from './avro-schema.ts';
import type { SchemaNode } from './avro-schema.ts';
import { DecodeError } from './decode-error.ts';

/** Moves the input past one value. `depth` is how many records the value is in. */
export type Skip = (input: AvroInput, depth: number) => void;

/** Records within records; only a recursive schema can ask for more. */
export const MAX_DEPTH = 64;

/** Compiles skips; one for all types of a schema, so that recursive ones come to an end. */
export class Skips {
  readonly #records = new Map<SchemaNode, Skip>();

  of(type: SchemaNode): Skip {
    switch (type.kind) {
      case 'null':
        return () => {};
      case 'boolean':
        return (input) => input.skip(1);
      case 'int':
      case 'long':
      case 'enum':
        return (input) => input.skipVarint();
      case 'float':
        return (input) => input.skip(4);
      case 'double':
        return (input) => input.skip(8);
      case 'bytes':
      case 'string':
        return (input) => input.skipSized();
      case 'fixed':
        return (input) => input.skip(type.size);
      case 'array':
        return skipBlocks(this.of(type.items));
      case 'map': {
        const value = this.of(type.values);
        return skipBlocks((input, depth) => {
          input.skipSized();
          value(input, depth);
        });
      }
      case 'union': {
        const branches = type.branches.map((branch) => this.of(branch));
        return (input, depth) => branchAt(branches, input)(input, depth);
      }
      case 'record':
        return this.#record(type);
    }
  }

  #record(type: SchemaNode & { kind: 'record' }): Skip {
    const known = this.#records.get(type);
    if (known !== undefined) return known;
    const fields: Skip[] = [];
    const skip: Skip = (input, depth) => {
      if (depth >= MAX_DEPTH) throw new DecodeError('undecodable');
      for (const field of fields) field(input, depth + 1);
    };
    this.#records.set(type, skip);
    // What takes no bytes is not walked either: records of nothing but records make no end of it.
    const filled = type.fields.filter((field) => !takesNoBytes(field.type));
    fields.push(...filled.map((field) => this.of(field.type)));
    return skip;
  }
}

function skipBlocks(item: Skip): Skip {
  return (input, depth) => {
    for (let count = blockCount(input); count > 0; count = blockCount(input)) {
      while (count-- > 0) item(input, depth);
    }
  };
}

/** The number of items of the next block of an array or map; 0 after the last. */
export function blockCount(input: AvroInput): number {
  const count = input.long();
  if (count < 0) input.skipVarint(); // the block's size in bytes, for readers that trust it
  // Every item takes a byte at least (`parseSchema` sees to it), so a larger count cannot be true.
  if (Math.abs(count) > input.remaining) throw new DecodeError('truncated');
  return Math.abs(count);
}

export function branchAt<Branch>(branches: readonly Branch[], input: AvroInput): Branch {
  const branch = branches[input.long()];
  if (branch === undefined) throw new DecodeError('undecodable');
  return branch;
}
