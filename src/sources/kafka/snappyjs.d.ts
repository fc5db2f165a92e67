declare module 'snappyjs' {
  /** Throws when the stream is broken or announces more than `maxLength` bytes. */
  export function uncompress(compressed: Buffer, maxLength?: number): Buffer;
  export function compress(uncompressed: Buffer): Buffer;
}
