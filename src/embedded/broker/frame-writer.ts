/** Fields in, the frames of Kafka's protocol out. Record sets are passed on without a copy. */
export class FrameWriter {
  readonly #parts: Buffer[] = [];
  #bytes = Buffer.allocUnsafe(512);
  #used = 4;
  #earlier = 0;

  #reserve(size: number): number {
    if (this.#used + size > this.#bytes.length) {
      this.#flush();
      this.#bytes = Buffer.allocUnsafe(Math.max(4096, size));
    }
    const at = this.#used;
    this.#used += size;
    return at;
  }

  #flush(): void {
    this.#parts.push(this.#bytes.subarray(0, this.#used));
    this.#earlier += this.#used;
    this.#bytes = this.#bytes.subarray(this.#used);
    this.#used = 0;
  }

  int8(value: number): this {
    const at = this.#reserve(1);
    this.#bytes.writeInt8(value, at);
    return this;
  }

  int16(value: number): this {
    const at = this.#reserve(2);
    this.#bytes.writeInt16BE(value, at);
    return this;
  }

  int32(value: number): this {
    const at = this.#reserve(4);
    this.#bytes.writeInt32BE(value, at);
    return this;
  }

  int64(value: number): this {
    const at = this.#reserve(8);
    this.#bytes.writeBigInt64BE(BigInt(value), at);
    return this;
  }

  string(text: string | null): this {
    if (text === null) return this.int16(-1);
    const length = Buffer.byteLength(text);
    this.int16(length);
    const at = this.#reserve(length);
    this.#bytes.write(text, at);
    return this;
  }

  bytes(bytes: Buffer): this {
    this.int32(bytes.length);
    this.#flush();
    this.#parts.push(bytes);
    this.#earlier += bytes.length;
    return this;
  }

  array<T>(items: Iterable<T>, writeItem: (item: T) => void): this {
    const list = [...items];
    this.int32(list.length);
    for (const item of list) writeItem(item);
    return this;
  }

  /** The whole frame, its size in front. Nothing may be written afterwards. */
  frame(): readonly Buffer[] {
    this.#flush();
    this.#parts[0]!.writeInt32BE(this.#earlier - 4, 0);
    return this.#parts;
  }
}
