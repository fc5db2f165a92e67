/** Why the embedded ClickHouse could not be started. */
export type EmbeddedClickHouseErrorCode =
  /** The optional packages are missing. */
  | 'NOT_INSTALLED'
  /** The data folder cannot be created or written to. */
  | 'DATA_DIR_NOT_WRITABLE'
  /** Something else listens on the port that was asked for. */
  | 'PORT_TAKEN'
  /** ClickHouse ended, or did not answer in time. */
  | 'START_FAILED';

export class EmbeddedClickHouseError extends Error {
  override readonly name = 'EmbeddedClickHouseError';
  readonly code: EmbeddedClickHouseErrorCode;

  constructor(code: EmbeddedClickHouseErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
