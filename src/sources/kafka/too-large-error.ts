/** Decompressed bytes would grow beyond the bound: a decompression bomb, or a bound set too low. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
  readonly code = 'batch_too_large';
  readonly retryable = false;

  constructor(maxBytes: number, options?: ErrorOptions) {
    super(`the batch decompresses to more than ${maxBytes} bytes`, options);
  }
}
