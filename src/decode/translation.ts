/**
 * In: a writer's type and a reader's. Out: how to turn the bytes of the one into bytes of the other, by
 * Avro's rules of resolution, without making values in between. Two things differ from those rules:
 * record names need not agree, and a time or a decimal changes its unit instead of its meaning.
 */
import type { AvroInput, AvroOutput } from './avro-bytes.ts';
import { encodeDefault } from './avro-default.ts';
import { simpleName } from './avro-schema.ts';
import type { EnumNode, FieldNode, RecordNode, SchemaNode, UnionNode } from './avro-schema.ts';
import { blockCount, branchAt, MAX_DEPTH, Skips } from './avro-skip.ts';
import type { Skip } from './avro-skip.ts';
import { DecodeError, IncompatibleSchemaError } from './decode-error.ts';
import { translatePrimitive } from './primitive-translation.ts';

/** Reads one value and writes it. `depth` is how many records the value is in. */
export type Translate = (input: AvroInput, output: AvroOutput, depth: number) => void;

/** Writes one field of a record; `starts` holds where the writer's fields begin. */
type TranslateField = (
  input: AvroInput,
  output: AvroOutput,
  depth: number,
  starts: readonly number[],
) => void;

/** Throws an `IncompatibleSchemaError` that names the place when no value could be translated. */
export function compileTranslation(writer: SchemaNode, reader: SchemaNode): Translate {
  return new Compiler().compile(writer, reader, '');
}

class Compiler {
  readonly #skips = new Skips();
  readonly #records = new Map<RecordNode, Map<RecordNode, Translate>>();

  compile(writer: SchemaNode, reader: SchemaNode, path: string): Translate {
    if (writer.kind === 'union') return this.#fromUnion(writer, reader, path);
    if (reader.kind === 'union') return this.#intoUnion(writer, reader, path);
    if (writer.kind === 'record' && reader.kind === 'record') {
      return this.#record(writer, reader, path);
    }
    if (writer.kind === 'array' && reader.kind === 'array') {
      return blocks(this.compile(writer.items, reader.items, `${path}[]`));
    }
    if (writer.kind === 'map' && reader.kind === 'map') {
      const value = this.compile(writer.values, reader.values, `${path}{}`);
      return blocks((input, output, depth) => {
        output.sized(input.text());
        value(input, output, depth);
      });
    }
    if (writer.kind === 'enum' && reader.kind === 'enum') return enumeration(writer, reader);
    const translate = translatePrimitive(writer, reader);
    if (typeof translate === 'function') return translate;
    throw new IncompatibleSchemaError(`${path === '' ? 'the schema' : path}: ${translate}`);
  }

  /** Whether a branch fits is decided by the data: a nullable writer fits as long as it sends values. */
  #fromUnion(writer: UnionNode, reader: SchemaNode, path: string): Translate {
    let misfit: IncompatibleSchemaError | undefined;
    let fits = false;
    const branches = writer.branches.map((branch): Translate => {
      try {
        const translate = this.compile(branch, reader, path);
        fits ||= branch.kind !== 'null' || writer.branches.length === 1;
        return translate;
      } catch (error) {
        if (!(error instanceof IncompatibleSchemaError)) throw error;
        if (branch.kind !== 'null') misfit ??= error;
        return refuse;
      }
    });
    if (!fits) throw misfit ?? new IncompatibleSchemaError(`${path}: null where a value is needed`);
    return (input, output, depth) => branchAt(branches, input)(input, output, depth);
  }

  /** The first branch of the very same type, else the first that the value can be promoted to. */
  #intoUnion(writer: SchemaNode, reader: UnionNode, path: string): Translate {
    let misfit: IncompatibleSchemaError | undefined;
    const order = [...reader.branches.keys()].sort(
      (a, b) => closeness(writer, reader.branches[b]!) - closeness(writer, reader.branches[a]!),
    );
    for (const index of order) {
      try {
        const translate = this.compile(writer, reader.branches[index]!, path);
        return (input, output, depth) => {
          output.long(index);
          translate(input, output, depth);
        };
      } catch (error) {
        if (!(error instanceof IncompatibleSchemaError)) throw error;
        if (reader.branches[index]?.kind !== 'null') misfit ??= error;
      }
    }
    throw misfit ?? new IncompatibleSchemaError(`${path}: ${writer.kind} where null is needed`);
  }

  #record(writer: RecordNode, reader: RecordNode, path: string): Translate {
    const ofWriter = this.#records.get(writer) ?? new Map<RecordNode, Translate>();
    this.#records.set(writer, ofWriter);
    const known = ofWriter.get(reader);
    if (known !== undefined) return known;
    const skips: Skip[] = [];
    const fields: TranslateField[] = [];
    const translate: Translate = (input, output, depth) => {
      if (depth >= MAX_DEPTH) throw new DecodeError('undecodable');
      // The fields come in the writer's order and go out in the reader's.
      const starts = skips.map((skip) => {
        const start = input.position;
        skip(input, depth + 1);
        return start;
      });
      const end = input.position;
      for (const field of fields) field(input, output, depth + 1, starts);
      input.position = end;
    };
    ofWriter.set(reader, translate);
    skips.push(...writer.fields.map((field) => this.#skips.of(field.type)));
    try {
      fields.push(...reader.fields.map((field) => this.#field(writer, field, path)));
    } catch (error) {
      // What refers to this pair from within itself must not use it, and what comes later must not find it.
      fields.push(refuse);
      ofWriter.delete(reader);
      throw error;
    }
    return translate;
  }

  #field(writer: RecordNode, field: FieldNode, path: string): TranslateField {
    const place = path === '' ? field.name : `${path}.${field.name}`;
    const from = writerField(writer, field);
    if (from < 0) {
      if (field.fallback === undefined) {
        throw new IncompatibleSchemaError(
          `${place}: not in the writer's schema, and has no default`,
        );
      }
      const encoded = encodeDefault(field.type, field.fallback);
      return (_, output) => output.raw(encoded);
    }
    const value = this.compile(writer.fields[from]!.type, field.type, place);
    return (input, output, depth, starts) => {
      input.position = starts[from]!;
      value(input, output, depth);
    };
  }
}

/** The position of the writer's field that a reader's field is read from, or -1. */
export function writerField(writer: RecordNode, field: FieldNode): number {
  const byName = writer.fields.findIndex(({ name }) => name === field.name);
  if (byName >= 0) return byName;
  return writer.fields.findIndex(({ name }) => field.aliases.includes(name));
}

function closeness(writer: SchemaNode, reader: SchemaNode): number {
  if (writer.kind !== reader.kind) return 0;
  if (!('name' in writer) || !('name' in reader)) return 1;
  return simpleName(writer.name) === simpleName(reader.name) ? 2 : 1;
}

function blocks(item: Translate): Translate {
  return (input, output, depth) => {
    for (let count = blockCount(input); count > 0; count = blockCount(input)) {
      output.long(count);
      while (count-- > 0) item(input, output, depth);
    }
    output.long(0);
  };
}

function enumeration(writer: EnumNode, reader: EnumNode): Translate {
  const fallback = reader.fallback === null ? -1 : reader.symbols.indexOf(reader.fallback);
  const indices = writer.symbols.map((symbol) => {
    const index = reader.symbols.indexOf(symbol);
    return index < 0 ? fallback : index;
  });
  return (input, output) => {
    const index = branchAt(indices, input);
    if (index < 0) throw new DecodeError('undecodable');
    output.long(index);
  };
}

const refuse: Translate = () => {
  throw new DecodeError('undecodable');
};
