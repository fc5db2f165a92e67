/** In: what a command threw. Out: the exit status that scripts see, and what a person is told. */
export const EXIT = {
  done: 0,
  /** The checks or the work found a fault. */
  fault: 1,
  /** Wrong usage or configuration. */
  usage: 2,
  /** Something that is needed cannot be reached. */
  unreachable: 3,
  interrupted: 130,
} as const;

export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];

/** The command was asked for something that cannot be; the message says what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'wrong_usage';
  readonly retryable = false;
}

/** What a command did is not what it should be; the message says why. */
export class WorkError extends Error {
  override readonly name = 'WorkError';
  readonly code = 'work_failed';
  readonly retryable = false;
}

/** By the `code` of an error. Whatever is not listed is a fault of the work. */
const STATUS_BY_CODE: Readonly<Record<string, ExitStatus>> = {
  wrong_usage: EXIT.usage,
  wrong_configuration: EXIT.usage,
  wrong_file: EXIT.usage,
  wrong_mapping: EXIT.usage,
  unreadable_file: EXIT.fault,
  registry_not_writable: EXIT.usage,
  schema_folder_invalid: EXIT.usage,
  schema_outdated: EXIT.usage,
  NEWER_SCHEMA: EXIT.usage,
  TIMEZONE_FIXED: EXIT.usage,
  address_unavailable: EXIT.usage,
  PORT_TAKEN: EXIT.usage,
  DATA_DIR_NOT_WRITABLE: EXIT.usage,
  NOT_INSTALLED: EXIT.usage,
  START_FAILED: EXIT.unreachable,
  kafka_unreachable: EXIT.unreachable,
  lease_taken: EXIT.unreachable,
  lease_lost: EXIT.unreachable,
  registry_unavailable: EXIT.unreachable,
  registry_forbidden: EXIT.usage,
  // Of ClickHouse: no such database, no such user, wrong password.
  '81': EXIT.usage,
  '192': EXIT.usage,
  '193': EXIT.usage,
  '194': EXIT.usage,
  '516': EXIT.usage,
  // Of networks and HTTP.
  TIMEOUT: EXIT.unreachable,
  PROXY: EXIT.unreachable,
  EAI_AGAIN: EXIT.unreachable,
  ECONNABORTED: EXIT.unreachable,
  ECONNREFUSED: EXIT.unreachable,
  ECONNRESET: EXIT.unreachable,
  EHOSTUNREACH: EXIT.unreachable,
  ENETUNREACH: EXIT.unreachable,
  ENOTFOUND: EXIT.unreachable,
  EPIPE: EXIT.unreachable,
  ETIMEDOUT: EXIT.unreachable,
};

const UNREACHABLE_KAFKA =
  /^KafkaJS(Connection|BrokerNotFound|NumberOfRetriesExceeded|RequestTimeout|GroupCoordinatorNotFound)/;
const WRONG_KAFKA = /^KafkaJS(SASLAuthentication|NotImplemented)/;

/** Codes of Node and of OpenSSL. */
const WRONG_CERTIFICATE = /^(ERR_TLS_CERT|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/;

export function exitStatusOf(error: unknown): ExitStatus {
  if (!(error instanceof Error)) return EXIT.fault;
  if (error.name === 'AbortError') return EXIT.interrupted;
  if ('code' in error && typeof error.code === 'string') {
    const status = STATUS_BY_CODE[error.code];
    if (status !== undefined) return status;
    if (WRONG_CERTIFICATE.test(error.code)) return EXIT.unreachable;
  }
  if (WRONG_KAFKA.test(error.name)) return EXIT.usage;
  if (UNREACHABLE_KAFKA.test(error.name)) return EXIT.unreachable;
  return EXIT.fault;
}

/** The message for a person, with the causes that it does not name; with the stack for what nobody has foreseen. */
export function explanationOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const foreseen = 'code' in error || error.name.startsWith('KafkaJS');
  if (!foreseen) return error.stack ?? error.message;
  let text = error.message;
  for (let { cause } = error; cause instanceof Error; { cause } = cause) {
    if (!text.includes(cause.message)) text += `\n  caused by: ${cause.message}`;
  }
  return text;
}
