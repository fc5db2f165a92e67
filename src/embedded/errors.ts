/** Why an embedded server could not be started. */
export type EmbeddedServerErrorCode =
  /** The optional packages that it needs are missing. */
  | 'NOT_INSTALLED'
  /** The data folder cannot be created or written to. */
  | 'DATA_DIR_NOT_WRITABLE'
  /** Something else listens on the port that was asked for. */
  | 'PORT_TAKEN'
  /** It ended, or did not answer in time. */
  | 'START_FAILED';

export class EmbeddedServerError extends Error {
  override readonly name = 'EmbeddedServerError';
  readonly code: EmbeddedServerErrorCode;

  constructor(code: EmbeddedServerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
