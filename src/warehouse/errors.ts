/** What goes wrong between us and ClickHouse, as one class: whatever was thrown in, a verdict out. */
import { ClickHouseError } from '@clickhouse/client';

export class WarehouseError extends Error {
  override readonly name = 'WarehouseError';
  /** ClickHouse's error number, or the network's code such as `ECONNREFUSED` or `TIMEOUT`. */
  readonly code: string;
  /** Whether the same request may succeed later as it is. */
  readonly retryable: boolean;

  constructor(message: string, code: string, retryable: boolean, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.retryable = retryable;
  }
}

/**
 * Numbers of ClickHouse's errors that pass: overload, limits of the moment, replicas that are away,
 * a server that is stopping, a full disk.
 */
const PASSING = new Set([
  '159', // TIMEOUT_EXCEEDED
  '160', // TOO_SLOW
  '201', // QUOTA_EXCEEDED
  '202', // TOO_MANY_SIMULTANEOUS_QUERIES
  '203', // NO_FREE_CONNECTION
  '209', // SOCKET_TIMEOUT
  '210', // NETWORK_ERROR
  '225', // NO_ZOOKEEPER
  '236', // ABORTED
  '241', // MEMORY_LIMIT_EXCEEDED
  '242', // TABLE_IS_READ_ONLY
  '243', // NOT_ENOUGH_SPACE
  '252', // TOO_MANY_PARTS
  '279', // ALL_CONNECTION_TRIES_FAILED
  '285', // TOO_FEW_LIVE_REPLICAS
  '286', // UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE
  '289', // REPLICA_IS_NOT_IN_QUORUM
  '319', // UNKNOWN_STATUS_OF_INSERT
  '394', // QUERY_WAS_CANCELLED
  '425', // SYSTEM_ERROR
  '439', // CANNOT_SCHEDULE_TASK
  '473', // DEADLOCK_AVOIDED
  '499', // S3_ERROR
  '692', // TOO_MANY_MUTATIONS
  '722', // ASYNC_LOAD_WAIT_FAILED
  '745', // SERVER_OVERLOADED
  '999', // KEEPER_EXCEPTION
]);

/** Codes of network errors that do not pass by waiting: a wrong certificate, a wrong protocol. */
const LASTING_NETWORK_CODES =
  /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_INVALID|HPE_)/;

/**
 * The error to throw for something that a request to ClickHouse threw.
 * @param doing what was tried, as in `insert into events_rows`
 */
export function warehouseError(thrown: unknown, doing: string): WarehouseError {
  if (thrown instanceof WarehouseError) return thrown;
  const options = { cause: thrown };
  if (thrown instanceof ClickHouseError) {
    const text = `ClickHouse refused to ${doing}: ${thrown.message} (code ${thrown.code})`;
    return new WarehouseError(text, thrown.code, PASSING.has(thrown.code), options);
  }
  if (!(thrown instanceof Error)) {
    return new WarehouseError(`could not ${doing}: ${String(thrown)}`, 'UNKNOWN', false, options);
  }
  const text = `could not ${doing}: ${thrown.message || thrown.name}`;
  if ('code' in thrown && typeof thrown.code === 'string') {
    const retryable = !LASTING_NETWORK_CODES.test(thrown.code);
    return new WarehouseError(text, thrown.code, retryable, options);
  }
  if (/timeout/i.test(thrown.message)) return new WarehouseError(text, 'TIMEOUT', true, options);
  if (/socket hang up|aborted by the server|premature/i.test(thrown.message)) {
    return new WarehouseError(text, 'ECONNRESET', true, options);
  }
  // An answer that is not ClickHouse's own comes from a proxy before it.
  if (/bad gateway|service unavailable|gateway time-?out/i.test(thrown.message)) {
    return new WarehouseError(text, 'PROXY', true, options);
  }
  return new WarehouseError(text, 'UNKNOWN', false, options);
}
