/** Requests of groups about the offsets that they have committed. */
import { NO_THROTTLE } from './api.ts';
import type { Api, Call } from './api.ts';
import type { Committed } from './committed-offsets.ts';
import { CODE } from './error-codes.ts';
import type { Code } from './error-codes.ts';

const MAX_METADATA_BYTES = 4096;

function offsetCommit({ version, request, response, state }: Call): void {
  const group = request.string();
  const generation = request.int32();
  const memberId = request.string();
  if (version <= 4) request.int64(); // How long to keep it: here for as long as the folder.
  const known = state.groups.get(group);
  const refusal: Code =
    known?.mayCommit(memberId, generation) ?? (generation < 0 ? CODE.none : CODE.illegalGeneration);
  const commits: Committed[] = [];
  const results = request.array(() => {
    const topic = request.string();
    const partitions = request.array(() => {
      const partition = request.int32();
      const offset = request.int64();
      const metadata = request.nullableString();
      let code = refusal;
      if (state.topics.partition(topic, partition) === undefined) {
        code = CODE.unknownTopicOrPartition;
      } else if (Buffer.byteLength(metadata ?? '') > MAX_METADATA_BYTES) {
        code = CODE.offsetMetadataTooLarge;
      }
      if (code === CODE.none) commits.push({ group, topic, partition, offset, metadata });
      return { partition, code };
    });
    return { topic, partitions };
  });
  state.offsets.commit(commits);
  if (version >= 3) response.int32(NO_THROTTLE);
  response.array(results, ({ topic, partitions }) => {
    response.string(topic).array(partitions, ({ partition, code }) => {
      response.int32(partition).int16(code);
    });
  });
}

function offsetFetch({ version, request, response, state }: Call): void {
  const group = request.string();
  const asked =
    request.nullableArray(() => {
      const topic = request.string();
      return { topic, partitions: request.array(() => request.int32()) };
    }) ?? byTopic(state.offsets.ofGroup(group));
  if (version >= 3) response.int32(NO_THROTTLE);
  response.array(asked, ({ topic, partitions }) => {
    response.string(topic).array(partitions, (partition) => {
      const committed = state.offsets.get(group, topic, partition);
      response.int32(partition).int64(committed?.offset ?? -1);
      response.string(committed?.metadata ?? '').int16(CODE.none);
    });
  });
  if (version >= 2) response.int16(CODE.none);
}

function byTopic(commits: readonly Committed[]): { topic: string; partitions: number[] }[] {
  return [...new Set(commits.map(({ topic }) => topic))].map((topic) => ({
    topic,
    partitions: commits.filter((each) => each.topic === topic).map(({ partition }) => partition),
  }));
}

export const OFFSET_APIS: readonly Api[] = [
  { key: 8, min: 2, max: 5, handle: offsetCommit },
  { key: 9, min: 1, max: 4, handle: offsetFetch },
];
