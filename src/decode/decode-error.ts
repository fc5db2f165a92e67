/** How reading a record fails: its bytes are bad, or its schema cannot be read as the stream's at all. */
import type { Reason } from '../streams/reasons.ts';

export type DecodeErrorCode = Extract<
  Reason,
  'truncated' | 'trailing_bytes' | 'undecodable' | 'number_out_of_range' | 'invalid_utf8'
>;

/** The bytes are not one record of the writer's schema that the reader's schema can hold. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
  readonly code: DecodeErrorCode;

  constructor(code: DecodeErrorCode) {
    super(code);
    this.code = code;
  }
}

/** No record of the writer's schema can be read as one of the reader's. The message says where and why. */
export class IncompatibleSchemaError extends Error {
  override readonly name = 'IncompatibleSchemaError';
  readonly code = 'incompatible_schema';
  readonly retryable = false;
}

const SHOWN_CHARACTERS = 200;

/** JSON as a message can hold it: whoever wrote a schema may have nested anything a million deep. */
export function shown(json: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(json) ?? 'nothing';
  } catch {
    return 'nested too deep to be shown';
  }
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}
