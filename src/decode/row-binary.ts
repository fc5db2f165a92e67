import type { FieldKind, RecordSchema } from './record-schema.ts';
import type { Slots } from './slots.ts';

interface StoredField {
  readonly index: number;
  readonly nullable: boolean;
  readonly kind: FieldKind;
}

/** Reads rows of some of a schema's fields, as ClickHouse writes them in RowBinary, into slots. */
export class RowBinaryReader {
  readonly #fields: readonly StoredField[];
  readonly #bytes: Buffer;
  #position = 0;

  /** Fields must not be maps. */
  constructor(schema: RecordSchema, fields: readonly string[], bytes: Buffer) {
    this.#bytes = bytes;
    this.#fields = fields.map((name) => {
      const index = schema.index(name);
      const { kind, nullable } = schema.fields[index]!;
      if (kind === 'map') throw new Error(`${name} is a map: nothing folds those`);
      return { index, nullable, kind };
    });
  }

  /** Fills the slots of the fields with the next row; false at the end. */
  next(slots: Slots): boolean {
    const bytes = this.#bytes;
    if (this.#position >= bytes.length) return false;
    for (const { index, nullable, kind } of this.#fields) {
      if (nullable && bytes[this.#position++] === 1) {
        slots.start[index] = -1;
      } else if (kind === 'string') {
        const length = this.#readLength();
        slots.bytes[index] = bytes;
        slots.start[index] = this.#position;
        this.#position += length;
        slots.end[index] = this.#position;
      } else if (kind === 'decimal') {
        // As in Avro, the highest byte first.
        const end = this.#position + 8;
        slots.replace(index, Buffer.from(bytes.subarray(this.#position, end)).reverse());
        this.#position = end;
      } else {
        slots.start[index] = 0;
        const wide = kind !== 'int';
        slots.number[index] = wide
          ? Number(bytes.readBigInt64LE(this.#position))
          : bytes.readInt32LE(this.#position);
        this.#position += wide ? 8 : 4;
      }
    }
    return true;
  }

  #readLength(): number {
    let length = 0;
    let shift = 0;
    let byte: number;
    do {
      byte = this.#bytes[this.#position++]!;
      length |= (byte & 0x7f) << shift;
      shift += 7;
    } while (byte >= 0x80);
    return length;
  }
}
