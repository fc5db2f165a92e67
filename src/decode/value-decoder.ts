import type { Reason } from '../streams/reasons.ts';
import { AvroWalker } from './avro-walker.ts';
import type { RecordSchema } from './record-schema.ts';
import type { Slots } from './slots.ts';
import { DecodeError, IncompatibleSchemaError, resolveWriter } from './writer-resolution.ts';

const MAGIC = 0;
const HEADER_BYTES = 5;

type Writer =
  | { readonly kind: 'same' }
  | { readonly kind: 'translate'; translate(bytes: Buffer): Buffer }
  | { readonly kind: 'refused'; readonly reason: 'unknown_schema_id' | 'incompatible_schema' };

/** A schema that must be asked for before decoding can go on. */
export interface SchemaWanted {
  readonly schemaId: number;
}

/**
 * Decodes values in Confluent's wire format: magic byte 0, schema id (4 bytes, big-endian), Avro body.
 * A body in the stream's own encoding is walked in place; one of another compatible writer is first
 * translated into it.
 */
export class ValueDecoder {
  readonly #schema: RecordSchema;
  readonly #walker: AvroWalker;
  readonly #writers = new Map<number, Writer>();
  #lastId: number | undefined;
  #lastWriter: Writer = { kind: 'refused', reason: 'unknown_schema_id' };

  constructor(schema: RecordSchema) {
    this.#schema = schema;
    this.#walker = new AvroWalker(schema);
  }

  /** Fills the slots from `bytes[from, to)`, or says why not, or which schema it needs first. */
  decode(bytes: Buffer, from: number, to: number, slots: Slots): Reason | SchemaWanted | null {
    if (to === from) return 'empty_value';
    if (to - from < HEADER_BYTES || bytes[from] !== MAGIC) return 'not_confluent_avro';
    const id = bytes.readInt32BE(from + 1);
    if (id !== this.#lastId) {
      const known = this.#writers.get(id);
      if (known === undefined) return { schemaId: id };
      this.#lastId = id;
      this.#lastWriter = known;
    }
    const writer = this.#lastWriter;
    if (writer.kind === 'same') return this.#walker.walk(bytes, from + HEADER_BYTES, to, slots);
    if (writer.kind === 'refused') return writer.reason;
    try {
      const translated = writer.translate(bytes.subarray(from + HEADER_BYTES, to));
      return this.#walker.walk(translated, 0, translated.length, slots);
    } catch (error) {
      if (error instanceof DecodeError) return error.code;
      throw error;
    }
  }

  /** Takes the answer of a registry: the schema with this id, or undefined when there is none. */
  learn(id: number, schema: string | undefined): void {
    this.#writers.set(id, this.#resolve(schema));
  }

  /** Forgets refusals, so that a schema registered meanwhile is found. */
  forgetUnknown(): void {
    for (const [id, writer] of this.#writers) {
      if (writer.kind === 'refused' && writer.reason === 'unknown_schema_id')
        this.#writers.delete(id);
    }
    this.#lastId = undefined;
  }

  #resolve(schema: string | undefined): Writer {
    if (schema === undefined) return { kind: 'refused', reason: 'unknown_schema_id' };
    try {
      return resolveWriter(schema, this.#schema.json);
    } catch (error) {
      if (error instanceof IncompatibleSchemaError) {
        return { kind: 'refused', reason: 'incompatible_schema' };
      }
      throw error;
    }
  }
}
