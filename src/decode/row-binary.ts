import type { RecordSchema } from './record-schema.ts';
import type { Slots } from './slots.ts';

/** Reads rows of some of a schema's fields, as ClickHouse writes them in RowBinary, into slots. */
export class RowBinaryReader {
  readonly #fields: readonly { index: number; nullable: boolean; text: boolean; wide: boolean }[];
  readonly #bytes: Buffer;
  #position = 0;

  /** Fields must be strings, ints, longs or timestamps. */
  constructor(schema: RecordSchema, fields: readonly string[], bytes: Buffer) {
    this.#bytes = bytes;
    this.#fields = fields.map((name) => {
      const index = schema.index(name);
      const { kind, nullable } = schema.fields[index]!;
      return { index, nullable, text: kind === 'string', wide: kind !== 'int' };
    });
  }

  /** Fills the slots of the fields with the next row; false at the end. */
  next(slots: Slots): boolean {
    const bytes = this.#bytes;
    if (this.#position >= bytes.length) return false;
    for (const { index, nullable, text, wide } of this.#fields) {
      if (nullable && bytes[this.#position++] === 1) {
        slots.start[index] = -1;
      } else if (text) {
        const length = this.#readLength();
        slots.bytes[index] = bytes;
        slots.start[index] = this.#position;
        this.#position += length;
        slots.end[index] = this.#position;
      } else {
        slots.start[index] = 0;
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
