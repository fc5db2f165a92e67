/** Producers' requests in, appended batches out. */
import { NO_THROTTLE } from './api.ts';
import type { Api, Call } from './api.ts';
import { CODE } from './error-codes.ts';
import type { Appended } from './partition-log.ts';

let lastProducerId = 0;

function produce({ version, request, response, state }: Call): void | 'silent' {
  const transaction = request.nullableString();
  const acks = request.int16();
  request.int32(); // Patience with replicas, of which there are none.
  const results = request.array(() => {
    const name = request.string();
    const topic = state.topics.get(name);
    const partitions = request.array(() => {
      const partition = request.int32();
      const records = request.bytes();
      const log = topic?.partitions[partition];
      let result: Appended = { code: CODE.unknownTopicOrPartition, offset: -1, time: -1 };
      if (transaction !== null) result = { ...result, code: CODE.transactionsNotAllowed };
      else if (topic !== undefined && log !== undefined) {
        result = log.append(records, topic.maxBatchBytes);
      }
      return { partition, ...result };
    });
    return { name, partitions };
  });
  if (acks === 0) return 'silent';
  response.array(results, ({ name, partitions }) => {
    response.string(name).array(partitions, ({ partition, code, offset, time }) => {
      response.int32(partition).int16(code).int64(offset).int64(time);
      if (version >= 5) response.int64(0); // Where the log begins.
    });
  });
  response.int32(NO_THROTTLE);
}

/** Ids are never given twice, not by a broker that was started again either. */
function initProducerId({ request, response }: Call): void {
  const transaction = request.nullableString();
  response.int32(NO_THROTTLE);
  if (transaction !== null) {
    response.int16(CODE.transactionsNotAllowed).int64(-1).int16(-1);
    return;
  }
  lastProducerId = Math.max(lastProducerId + 1, Date.now() * 1_000);
  response.int16(CODE.none).int64(lastProducerId).int16(0);
}

export const PRODUCE_APIS: readonly Api[] = [
  // Clients of librdkafka take a broker that does not name version 0 for one without compression.
  { key: 0, min: 3, max: 7, advertisedMin: 0, handle: produce },
  { key: 22, min: 0, max: 1, handle: initProducerId },
];
