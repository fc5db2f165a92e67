/** Requests about topics in: which there are, make them, enlarge them, delete them. */
import { NODE_ID, NO_THROTTLE } from './api.ts';
import type { Api, Call } from './api.ts';
import { CODE } from './error-codes.ts';
import type { Code } from './error-codes.ts';

/** A topic that is asked for by name and does not exist is made, unless the client forbids it. */
function metadata({ version, request, response, state }: Call): void {
  const asked = request.nullableArray(() => request.string());
  const mayCreate = version < 4 || request.boolean();
  const meansAll = asked === null || (version === 0 && asked.length === 0);
  const names = meansAll ? state.topics.all().map(({ name }) => name) : asked;

  if (version >= 3) response.int32(NO_THROTTLE);
  response.array([state], ({ host, port }) => {
    response.int32(NODE_ID).string(host).int32(port);
    if (version >= 1) response.string(null); // Rack.
  });
  if (version >= 2) response.string(state.clusterId);
  if (version >= 1) response.int32(NODE_ID); // The controller.
  response.array(names, (name) => {
    let code: Code = CODE.none;
    if (state.topics.get(name) === undefined) {
      code = mayCreate ? state.topics.create(name) : CODE.unknownTopicOrPartition;
    }
    response.int16(code).string(name);
    if (version >= 1) response.int8(0); // Not internal.
    const partitions = state.topics.get(name)?.partitions ?? [];
    response.array(partitions.keys(), (partition) => {
      response.int16(CODE.none).int32(partition).int32(NODE_ID);
      response.array([NODE_ID], (node) => response.int32(node)); // Replicas.
      response.array([NODE_ID], (node) => response.int32(node)); // Those in sync.
      if (version >= 5) response.int32(0); // Those off line.
    });
  });
}

function createTopics({ request, response, state }: Call): void {
  const topics = request.array(() => ({
    name: request.string(),
    partitions: request.int32(),
    replicas: request.int16(),
    assignments: request.array(() => [request.int32(), request.array(() => request.int32())]),
    config: request.array(() => [request.string(), request.nullableString() ?? ''] as const),
  }));
  request.int32(); // Patience; it is done at once.
  const dryRun = request.boolean();
  response.int32(NO_THROTTLE).array(topics, ({ name, partitions, assignments, config }) => {
    const count = assignments.length > 0 ? assignments.length : partitions;
    const code = state.topics.create(name, count, Object.fromEntries(config), { dryRun });
    response.string(name).int16(code).string(null);
  });
}

function createPartitions({ request, response, state }: Call): void {
  const topics = request.array(() => ({
    name: request.string(),
    count: request.int32(),
    assignments: request.nullableArray(() => request.array(() => request.int32())),
  }));
  request.int32();
  const dryRun = request.boolean();
  response.int32(NO_THROTTLE).array(topics, ({ name, count }) => {
    const code = state.topics.addPartitions(name, count, { dryRun });
    response.string(name).int16(code).string(null);
  });
}

function deleteTopics({ version, request, response, state }: Call): void {
  const names = request.array(() => request.string());
  if (version >= 1) response.int32(NO_THROTTLE);
  response.array(names, (name) => {
    const code = state.topics.delete(name);
    if (code === CODE.none) state.offsets.forget({ topic: name });
    response.string(name).int16(code);
  });
}

export const TOPIC_APIS: readonly Api[] = [
  { key: 3, min: 0, max: 6, handle: metadata },
  { key: 19, min: 2, max: 4, handle: createTopics },
  { key: 20, min: 0, max: 3, handle: deleteTopics },
  { key: 37, min: 0, max: 1, handle: createPartitions },
];
