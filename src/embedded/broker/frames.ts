/** In: the bytes of a connection as they come. Out: whole frames, without their size in front. */
import { ProtocolError } from './frame-reader.ts';

const SIZE_BYTES = 4;

export class FrameAssembler {
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #length = 0;

  /** @param maxBytes of a frame; a larger one is refused as soon as it announces itself */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that are held. Never more than what was received, whatever size a frame says to have. */
  get length(): number {
    return this.#length;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /** Undefined when the next frame is not whole yet. */
  next(): Buffer | undefined {
    if (this.#length < SIZE_BYTES) return undefined;
    if (this.#chunks[0]!.length < SIZE_BYTES) this.#join();
    const size = this.#chunks[0]!.readInt32BE(0);
    if (size < 0 || size > this.#maxBytes) {
      throw new ProtocolError(`a request of ${size} bytes; up to ${this.#maxBytes} are taken`);
    }
    const end = SIZE_BYTES + size;
    if (this.#length < end) return undefined;
    if (this.#chunks[0]!.length < end) this.#join();
    const first = this.#chunks[0]!;
    const rest = first.subarray(end);
    if (rest.length > 0) this.#chunks[0] = rest;
    else this.#chunks.shift();
    this.#length -= end;
    return first.subarray(SIZE_BYTES, end);
  }

  #join(): void {
    this.#chunks = [Buffer.concat(this.#chunks)];
  }
}
