/** A block in ClickHouse's Native format, written independently of the encoder under test. */
export type HandColumn = readonly [name: string, type: string, data: Buffer];

export function nativeBlock(rows: number, columns: readonly HandColumn[]): Buffer {
  return Buffer.concat([
    varint(columns.length),
    varint(rows),
    ...columns.flatMap(([name, type, data]) => [text(name), text(type), data]),
  ]);
}

export function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) | 0x80);
  bytes.push(value);
  return Buffer.from(bytes);
}

export function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([varint(bytes.length), bytes]);
}

export function texts(...values: string[]): Buffer {
  return Buffer.concat(values.map(text));
}

export function nullableTexts(...values: (string | null)[]): Buffer {
  return Buffer.concat([
    Buffer.from(values.map((value) => (value === null ? 1 : 0))),
    ...values.map((value) => text(value ?? '')),
  ]);
}

export function uint8s(...values: number[]): Buffer {
  return Buffer.from(values);
}

export function uint16s(...values: number[]): Buffer {
  return Buffer.from(Uint16Array.from(values).buffer);
}

export function uint32s(...values: number[]): Buffer {
  return Buffer.from(Uint32Array.from(values).buffer);
}

export function int64s(...values: number[]): Buffer {
  return Buffer.from(BigInt64Array.from(values.map(BigInt)).buffer);
}
