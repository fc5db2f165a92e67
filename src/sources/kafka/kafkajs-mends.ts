/**
 * kafkajs 2.2.4 with what it lacks. Everything of kafkajs is taken from here, because some of its
 * modules are replaced before it loads; each mend gives its reason.
 */
import { Module, createRequire } from 'node:module';
import type * as KafkaJs from 'kafkajs';
import { murmur2 } from './murmur2.ts';
import { encodeRecord } from './record-encoding.ts';
import type { OutgoingMessage } from './record-encoding.ts';
import { splitBatches, withoutAborted } from './opaque-batches.ts';
import type { OpaqueBatch } from './opaque-batches.ts';

const MENDED_VERSION = '2.2.4';
const require = createRequire(import.meta.url);

/** kafkajs has no types for its inside: what is asked of it is stated where it is used. */
function load<T>(path: string): T {
  const exports: unknown = require(path);
  return exports as T;
}

const { version } = load<{ version: string }>('kafkajs/package.json');
if (version !== MENDED_VERSION) {
  throw new Error(
    `kafkajs ${version} is installed, but its mends were made for ${MENDED_VERSION}: ` +
      'install that one, or read them again against the new source',
  );
}

function replaceModule(path: string, exports: unknown): void {
  const filename = require.resolve(path);
  if (require.cache[filename] !== undefined) {
    throw new Error('kafkajs was loaded before its mends: import it from kafkajs-mends.ts only');
  }
  const module = new Module(filename);
  module.exports = exports;
  module.loaded = true;
  require.cache[filename] = module;
}

interface FetchDecoder {
  readInt32(): number;
  canReadBytes(length: number): boolean;
  readBytes(length: number): Buffer;
}

/**
 * An object per record, with strings for its numbers, costs kafkajs more than all that we do with
 * the record. Batches stay whole, and `KafkaRecordBatch` walks them in place. This also means that
 * kafkajs never decompresses anything: it has no bound on the size, and gzip alone.
 */
replaceModule(
  'kafkajs/src/protocol/requests/fetch/v4/decodeMessages',
  async (decoder: FetchDecoder): Promise<OpaqueBatch[]> => {
    const size = decoder.readInt32();
    if (size <= 0 || !decoder.canReadBytes(size)) return [];
    return splitBatches(decoder.readBytes(size));
  },
);

/**
 * kafkajs takes one aborted transaction off its list per message, so that with several open ones
 * the first messages of a fetch slip through; and it relies on their order.
 */
replaceModule(
  'kafkajs/src/consumer/filterAbortedMessages',
  (fetched: {
    messages: OpaqueBatch[];
    abortedTransactions?: { firstOffset: string; producerId: string }[];
  }): OpaqueBatch[] =>
    fetched.abortedTransactions === undefined || fetched.abortedTransactions.length === 0
      ? fetched.messages
      : withoutAborted(fetched.messages, fetched.abortedTransactions),
);

/** The hash of kafkajs computes with ever longer numbers: a key of a megabyte takes it minutes. */
replaceModule('kafkajs/src/producer/partitioners/default/murmur2', murmur2);

/** kafkajs copies the list of a partition for every message that it adds. */
replaceModule(
  'kafkajs/src/producer/groupMessagesPerPartition',
  ({ partitionMetadata, messages, partitioner, topic }: Grouping): Record<number, unknown[]> => {
    const byPartition: Record<number, unknown[]> = {};
    if (partitionMetadata.length === 0) return byPartition;
    for (const message of messages) {
      (byPartition[partitioner({ topic, partitionMetadata, message })] ??= []).push(message);
    }
    return byPartition;
  },
);

/** Half a kilobyte of fresh memory for every record, and none without a value among its headers. */
{
  const { prototype } = load<{ prototype: object }>('kafkajs/src/protocol/encoder');
  replaceModule('kafkajs/src/protocol/recordBatch/record/v0', (message: OutgoingMessage) => {
    const buf = encodeRecord(message);
    return Object.assign(Object.create(prototype), { buf, offset: buf.length }) as object;
  });
}

interface Grouping {
  readonly topic: string;
  readonly partitionMetadata: KafkaJs.PartitionMetadata[];
  readonly messages: readonly KafkaJs.Message[];
  readonly partitioner: (args: KafkaJs.PartitionerArgs) => number;
}

interface RequestQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests(): void;
}

/**
 * The queue of a connection wakes itself up without a pause for as long as nothing is pending:
 * more than a thousand timers a second on an idle consumer.
 */
{
  const queue = load<{ prototype: RequestQueue }>('kafkajs/src/network/requestQueue');
  const original = queue.prototype.scheduleCheckPendingRequests;
  queue.prototype.scheduleCheckPendingRequests = function schedule(this: RequestQueue): void {
    if (this.pending.length > 0) original.call(this);
  };
}

/** What kafkajs asks of a member of a group at moments for which it has no event of its own. */
export interface GroupHooks {
  /** Awaited before the member joins (again): the last moment at which its partitions are its own. */
  beforeJoin(): Promise<void>;
  /** The log does not have the offset that was asked for. */
  offsetOutOfRange(topic: string, partition: number): void;
  /** What other members can know of this one. */
  readonly mark: Buffer;
  /** Whether a member with this mark is dead, and only the group does not know yet. */
  isGhost(mark: Buffer): boolean;
}

interface Coordinator {
  describeGroups(request: { groupIds: readonly string[] }): Promise<{
    groups: readonly { members: readonly { memberId: string; memberMetadata: Buffer }[] }[];
  }>;
  leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>;
}

interface ConsumerGroup {
  readonly groupId: string;
  readonly memberId: string | null;
  readonly cluster: {
    findGroupCoordinator(request: { groupId: string }): Promise<Coordinator>;
  };
  readonly assigners: readonly { readonly hooks?: GroupHooks }[];
  joinAndSync(): Promise<void>;
  recoverFromOffsetOutOfRange(error: { topic: string; partition: number }): Promise<void>;
}

/**
 * Before a join, kafkajs gives no chance to finish what was read; and on an offset out of range it
 * commits a default by itself and goes on elsewhere. Where reading goes on is for us to decide. And a
 * process that was killed and started again would wait for its own ghost until the session times out.
 */
{
  const group = load<{ prototype: ConsumerGroup }>('kafkajs/src/consumer/consumerGroup');
  const { joinAndSync, recoverFromOffsetOutOfRange } = group.prototype;
  const hooksOf = (member: ConsumerGroup) => member.assigners.find(({ hooks }) => hooks)?.hooks;
  group.prototype.joinAndSync = async function join(this: ConsumerGroup): Promise<void> {
    const hooks = hooksOf(this);
    await hooks?.beforeJoin();
    if (hooks !== undefined && this.memberId === null) await expelGhosts(this, hooks);
    return joinAndSync.call(this);
  };
  group.prototype.recoverFromOffsetOutOfRange = async function recover(
    this: ConsumerGroup,
    error: { topic: string; partition: number },
  ): Promise<void> {
    const hooks = hooksOf(this);
    if (hooks === undefined) return recoverFromOffsetOutOfRange.call(this, error);
    hooks.offsetOutOfRange(error.topic, error.partition);
  };
}

const kafkajs = load<typeof KafkaJs>('kafkajs');

export const { Kafka, Partitioners, logLevel, CompressionTypes } = kafkajs;

/** Speaks for members that are dead. When that fails the group finds out by itself, only later. */
async function expelGhosts(
  { cluster, groupId }: ConsumerGroup,
  { isGhost }: GroupHooks,
): Promise<void> {
  try {
    const coordinator = await cluster.findGroupCoordinator({ groupId });
    const { groups } = await coordinator.describeGroups({ groupIds: [groupId] });
    for (const { memberId, memberMetadata } of groups.flatMap(({ members }) => members)) {
      const metadata = kafkajs.AssignerProtocol.MemberMetadata.decode(memberMetadata);
      if (metadata === null || !isGhost(metadata.userData)) continue;
      await coordinator.leaveGroup({ groupId, memberId });
    }
  } catch {
    // Joining meets the same trouble, and says so.
  }
}

/** The round-robin assigner, carrying the hooks to the group that uses it. */
export function assignerWithHooks(hooks: GroupHooks): KafkaJs.PartitionAssigner {
  return (config) => {
    const assigner = kafkajs.PartitionAssigners.roundRobin(config);
    const { name, version } = assigner;
    const { mark: userData } = hooks;
    return {
      ...assigner,
      assign: (group) => assigner.assign(group),
      protocol: ({ topics }) => ({
        name,
        metadata: kafkajs.AssignerProtocol.MemberMetadata.encode({ version, topics, userData }),
      }),
      hooks,
    };
  };
}

/** The offset that a batch was asked for; kafkajs has it, but not in its types. */
export function fetchedOffset(batch: KafkaJs.Batch): number {
  return Number((batch as KafkaJs.Batch & { readonly fetchedOffset: string }).fetchedOffset);
}

/** The bytes of the Kafka batches that a fetch brought, as the replaced decoder left them. */
export function batchBytes(batch: KafkaJs.Batch): Buffer[] {
  return batch.messages.map(({ value }) => value!);
}

/** Whether this error of a heartbeat or commit means that the member has to join again. */
export function mustRejoin(error: unknown): error is Error {
  return (
    error instanceof kafkajs.KafkaJSProtocolError &&
    [
      'REBALANCE_IN_PROGRESS',
      'NOT_COORDINATOR_FOR_GROUP',
      'ILLEGAL_GENERATION',
      'UNKNOWN_MEMBER_ID',
    ].includes(error.type)
  );
}
