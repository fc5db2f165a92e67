/** What every request of the protocol is answered with: by name and version. */
import type { CommittedOffsets } from './committed-offsets.ts';
import type { FrameReader } from './frame-reader.ts';
import type { FrameWriter } from './frame-writer.ts';
import type { Group } from './group.ts';
import type { Topics } from './topics.ts';

/** Everything that the broker holds. */
export interface BrokerState {
  /** Tells the brokers of different data folders apart. */
  readonly clusterId: string;
  readonly host: string;
  readonly port: number;
  readonly topics: Topics;
  readonly offsets: CommittedOffsets;
  readonly groups: Map<string, Group>;
}

export interface Call {
  readonly version: number;
  readonly clientId: string;
  /** After the request's header. */
  readonly request: FrameReader;
  /** After the response's header. */
  readonly response: FrameWriter;
  readonly state: BrokerState;
}

/** `silent`: the client wants no answer. Throws a ProtocolError when the request is malformed. */
export type Handler = (call: Call) => void | 'silent' | Promise<void>;

export interface Api {
  readonly key: number;
  readonly min: number;
  readonly max: number;
  /** What clients are told in place of `min`. */
  readonly advertisedMin?: number;
  readonly handle: Handler;
}

/** This broker is alone. */
export const NODE_ID = 0;

/** Milliseconds by which a client is slowed down: never. */
export const NO_THROTTLE = 0;
