type FileErrorCode =
  /** There is no such file, or it is not known how to read it. */
  | 'wrong_file'
  /** The mapping, or what it says of the file and the stream, is wrong. */
  | 'wrong_mapping'
  /** The file cannot be read to its end. */
  | 'unreadable_file';

/** A file or a mapping that cannot be used; the message names it and says what to do. */
export class FileError extends Error {
  override readonly name = 'FileError';
  readonly code: FileErrorCode;
  readonly retryable = false;

  constructor(code: FileErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** What went wrong underneath, in a few words. */
export function causeOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
