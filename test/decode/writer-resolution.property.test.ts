import avro from 'avsc';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DecodeError } from '../../src/decode/decode-error.ts';
import { resolveWriter } from '../../src/decode/writer-resolution.ts';

/** A type of the writer, the types it can be read as, and values in avsc's form. */
interface Sample {
  readonly writer: unknown;
  readonly readers: readonly unknown[];
  readonly value: fc.Arbitrary<unknown>;
  /** Of a reader's field, in JSON; by the kind of reader. */
  readonly fallbacks: readonly unknown[];
}

// avsc refuses the two outermost safe integers.
const safe = fc.integer({ min: 2 - 2 ** 53, max: 2 ** 53 - 2 });
const text = fc.string({ unit: 'binary', maxLength: 20 });
const bytes = fc.uint8Array({ maxLength: 20 }).map((content) => Buffer.from(content));
const sample = (
  writer: unknown,
  value: fc.Arbitrary<unknown>,
  readers: readonly unknown[],
  fallbacks: readonly unknown[],
): Sample => ({ writer, value, readers: [writer, ...readers], fallbacks });

const simple: readonly Sample[] = [
  sample('null', fc.constant(null), [], [null]),
  sample('boolean', fc.boolean(), [], [true]),
  sample('int', fc.integer(), ['long', 'double'], [-5, 7, 0.5]),
  sample('long', safe, ['double'], [2 ** 53 - 2, 0.5]),
  sample('float', fc.float({ noNaN: true }), ['double'], [0.5, 0.25]),
  sample('double', fc.double({ noNaN: true }), [], [0.1]),
  sample('string', text, ['bytes'], ['é', '\u00ff']),
  sample('bytes', bytes, [], ['\u00ff']),
];

const type: fc.Arbitrary<Sample> = fc.letrec<{ type: Sample }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 2 },
    fc.constantFrom(...simple),
    tie('type')
      .filter(({ writer }) => writer !== 'null')
      .map((items) => ({
        writer: { type: 'array', items: items.writer },
        readers: items.readers.map((reader) => ({ type: 'array', items: reader })),
        value: fc.array(items.value, { maxLength: 4 }),
        fallbacks: items.readers.map(() => []),
      })),
    tie('type').map((values) => ({
      writer: { type: 'map', values: values.writer },
      readers: values.readers.map((reader) => ({ type: 'map', values: reader })),
      value: fc.dictionary(
        text.filter((key) => key !== '__proto__'),
        values.value,
        { maxKeys: 4 },
      ),
      fallbacks: values.readers.map(() => ({})),
    })),
    fc.constantFrom(...simple.slice(1)).map((branch) => ({
      writer: ['null', branch.writer],
      readers: branch.readers.flatMap((reader) => [
        ['null', reader],
        [reader, 'null'],
      ]),
      value: fc.option(branch.value.map((value) => ({ [String(branch.writer)]: value }))),
      fallbacks: branch.fallbacks.flatMap((fallback) => [null, fallback]),
    })),
  ),
})).type;

interface Pair {
  readonly writer: object;
  readonly reader: object;
  readonly value: Record<string, unknown>;
}

/** A writer's record and a reader's: fields dropped, added, renamed, promoted, in another order. */
const pair: fc.Arbitrary<Pair> = fc
  .array(
    fc.record({
      type,
      use: fc.constantFrom('keep', 'keep', 'rename', 'drop', 'add'),
      choice: fc.nat(),
      seed: fc.nat(),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .chain((fields) => {
    const named = fields.map((field, i) => {
      const choice = field.choice % field.type.readers.length;
      return { ...field, name: `f${i}`, choice, reader: field.type.readers[choice] };
    });
    const writer = named
      .filter(({ use }) => use !== 'add')
      .map(({ name, type: { writer: written } }) => ({ name, type: written }));
    const readers = named
      .filter(({ use }) => use !== 'drop')
      .map(({ name, use, reader, type: { fallbacks }, choice }) => ({
        name: use === 'rename' ? `new_${name}` : name,
        type: reader,
        ...(use === 'rename' ? { aliases: [name] } : {}),
        ...(use === 'add' ? { default: fallbacks[choice] } : {}),
      }));
    const values = Object.fromEntries(
      named.filter(({ use }) => use !== 'add').map(({ name, type: { value } }) => [name, value]),
    );
    return fc.record({
      writer: fc.constant({ type: 'record', name: 'R', fields: writer }),
      reader: fc
        .shuffledSubarray(readers, { minLength: readers.length })
        .map((shuffled) => ({ type: 'record', name: 'R', fields: shuffled })),
      value: fc.record(values),
    });
  });

test('whatever a compatible writer sends is read as avsc reads it', () => {
  fc.assert(
    fc.property(pair, ({ writer, reader, value }) => {
      const [from, to] = [avroType(writer), avroType(reader)];
      const encoded = from.toBuffer(value);
      const resolved = resolveWriter(JSON.stringify(writer), reader);
      const read: unknown = to.fromBuffer(
        resolved.kind === 'same' ? encoded : resolved.translate(encoded),
      );
      expect(read).toEqual(to.fromBuffer(encoded, to.createResolver(from)));
    }),
    { numRuns: 300 },
  );
});

test('damaged bytes end as a DecodeError or as a record, and never touch the next', () => {
  fc.assert(
    fc.property(
      pair,
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
      fc.option(fc.nat()),
      ({ writer, reader, value }, damages, cut) => {
        const encoded = avroType(writer).toBuffer(value);
        const resolved = resolveWriter(JSON.stringify(writer), reader);
        if (resolved.kind === 'same') return;
        const before = Buffer.from(resolved.translate(encoded));
        const bad = Buffer.from(
          encoded.subarray(0, cut === null ? undefined : cut % (encoded.length + 1)),
        );
        for (const [at, byte] of damages) if (bad.length > 0) bad[at % bad.length] = byte;
        const outcome = outcomeOf(() => resolved.translate(bad));
        // What was translated is a record of the reader's: avsc would throw.
        if (!(outcome instanceof DecodeError)) avroType(reader).fromBuffer(outcome);
        expect(resolved.translate(encoded)).toEqual(before);
      },
    ),
    { numRuns: 300 },
  );
});

test('every cut of a record is truncated, and every byte behind it is trailing', () => {
  fc.assert(
    fc.property(pair, ({ writer, reader, value }) => {
      const encoded = avroType(writer).toBuffer(value);
      const resolved = resolveWriter(JSON.stringify(writer), reader);
      if (resolved.kind === 'same') return;
      for (let length = 0; length < encoded.length; length++) {
        expect(() => resolved.translate(encoded.subarray(0, length))).toThrow(
          new DecodeError('truncated'),
        );
      }
      expect(() => resolved.translate(Buffer.concat([encoded, Buffer.alloc(1)]))).toThrow(
        new DecodeError('trailing_bytes'),
      );
    }),
  );
});

function outcomeOf(translate: () => Buffer): Buffer | DecodeError {
  try {
    return translate();
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
}

function avroType(schema: object): avro.Type {
  return avro.Type.forSchema(schema as avro.Schema, { wrapUnions: true });
}
