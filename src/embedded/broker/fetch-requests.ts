/** Consumers' requests in, ranges of logs out, later when there is nothing yet. */
import { NO_THROTTLE } from './api.ts';
import type { Api, BrokerState, Call } from './api.ts';
import { CODE } from './error-codes.ts';
import type { Code } from './error-codes.ts';

interface Wanted {
  readonly partition: number;
  readonly offset: number;
  readonly maxBytes: number;
}

interface WantedTopic {
  readonly name: string;
  readonly partitions: readonly Wanted[];
}

interface FetchRequest {
  readonly maxWaitMs: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly topics: readonly WantedTopic[];
}

/** Whatever a client asks for. */
const MAX_WAIT_MS = 60_000;
const MAX_RESPONSE_BYTES = 64 * 1024 * 1024;

async function fetch(call: Call): Promise<void> {
  const fetching = readFetch(call);
  if (fetching.maxWaitMs > 0 && !isReady(fetching, call.state)) await ready(fetching, call.state);
  answer(fetching, call);
}

function readFetch({ version, request }: Call): FetchRequest {
  request.int32(); // Id of a replica; clients have none.
  const maxWaitMs = Math.min(request.int32(), MAX_WAIT_MS);
  const minBytes = request.int32();
  const maxBytes = Math.min(request.int32(), MAX_RESPONSE_BYTES);
  request.int8(); // Isolation: nothing here is ever uncommitted.
  if (version >= 7) {
    request.int32();
    request.int32(); // Session and its epoch: none is offered, so every fetch names all it wants.
  }
  const topics = request.array(() => ({
    name: request.string(),
    partitions: request.array(() => {
      const partition = request.int32();
      if (version >= 9) request.int32(); // Epoch of the leader, which never changes.
      const offset = request.int64();
      if (version >= 5) request.int64(); // Where the log of a replica begins.
      return { partition, offset, maxBytes: request.int32() };
    }),
  }));
  return { maxWaitMs, minBytes, maxBytes, topics };
}

/** Whether there is enough to answer, or an error to tell of. */
function isReady({ topics, minBytes }: FetchRequest, state: BrokerState): boolean {
  let bytes = 0;
  for (const { name, partitions } of topics) {
    for (const { partition, offset } of partitions) {
      const log = state.topics.partition(name, partition);
      if (log === undefined || offset < 0 || offset > log.end) return true;
      bytes += log.bytesFrom(offset);
      if (bytes > 0 && bytes >= minBytes) return true;
    }
  }
  return minBytes <= 0;
}

/** Resolves when the fetch can be answered or has waited for long enough. */
function ready(fetching: FetchRequest, state: BrokerState): Promise<void> {
  return new Promise((resolve) => {
    const release: (() => void)[] = [];
    const end = () => {
      clearTimeout(timer);
      for (const each of release) each();
      resolve();
    };
    const timer = setTimeout(end, fetching.maxWaitMs);
    const look = () => {
      if (isReady(fetching, state)) end();
    };
    for (const { name, partitions } of fetching.topics) {
      for (const { partition } of partitions) {
        const log = state.topics.partition(name, partition);
        if (log !== undefined) release.push(log.watch(look));
      }
    }
  });
}

function answer({ topics, maxBytes }: FetchRequest, { version, response, state }: Call): void {
  let left = maxBytes;
  let isFirst = true;
  response.int32(NO_THROTTLE);
  if (version >= 7) response.int16(CODE.none).int32(0);
  response.array(topics, ({ name, partitions }) => {
    response.string(name).array(partitions, (wanted) => {
      const { code, end, records } = read(name, wanted, left, isFirst, state);
      if (records.length > 0) isFirst = false;
      left = Math.max(0, left - records.length);
      response.int32(wanted.partition).int16(code).int64(end).int64(end);
      if (version >= 5) response.int64(0);
      response.int32(-1); // Aborted transactions: there are none.
      if (version >= 11) response.int32(-1); // A replica to be preferred.
      response.bytes(records);
    });
  });
}

interface Range {
  readonly code: Code;
  /** The offset after the last record of the log; -1 with an error. */
  readonly end: number;
  readonly records: Buffer;
}

/** The first range of an answer has a batch at least, however large, so that every client gets on. */
function read(
  name: string,
  { partition, offset, maxBytes }: Wanted,
  left: number,
  isFirst: boolean,
  state: BrokerState,
): Range {
  const log = state.topics.partition(name, partition);
  const records = Buffer.alloc(0);
  if (log === undefined) return { code: CODE.unknownTopicOrPartition, end: -1, records };
  const { end } = log;
  if (offset < 0 || offset > end) return { code: CODE.offsetOutOfRange, end: -1, records };
  const limit = Math.min(maxBytes, left);
  return { code: CODE.none, end, records: log.read(offset, limit, isFirst) };
}

const LATEST = -1;
const EARLIEST = -2;

function listOffsets({ version, request, response, state }: Call): void {
  request.int32(); // Id of a replica.
  if (version >= 2) request.int8(); // Isolation.
  const topics = request.array(() => ({
    name: request.string(),
    partitions: request.array(() => ({ partition: request.int32(), time: request.int64() })),
  }));
  if (version >= 2) response.int32(NO_THROTTLE);
  response.array(topics, ({ name, partitions }) => {
    response.string(name).array(partitions, ({ partition, time }) => {
      const log = state.topics.partition(name, partition);
      response.int32(partition);
      if (log === undefined) response.int16(CODE.unknownTopicOrPartition).int64(-1).int64(-1);
      else if (time === LATEST) response.int16(CODE.none).int64(-1).int64(log.end);
      else if (time === EARLIEST) response.int16(CODE.none).int64(-1).int64(0);
      else {
        const found = log.offsetAtTime(time) ?? { time: -1, offset: -1 };
        response.int16(CODE.none).int64(found.time).int64(found.offset);
      }
    });
  });
}

export const FETCH_APIS: readonly Api[] = [
  { key: 1, min: 4, max: 11, handle: fetch },
  { key: 2, min: 1, max: 3, handle: listOffsets },
];
