/**
 * The embedded development broker. In: a data folder. Out: a broker on loopback that speaks Kafka's
 * protocol and keeps its topics in the folder, started in a child process, or the one that another
 * process has already started there.
 */
import { connect } from 'node:net';
import { findServer, startServer } from '../embedded-server.ts';
import type { EmbeddedServer, EmbeddedServerOptions, ServerKind } from '../embedded-server.ts';
import { programArguments } from '../launch.ts';
import { clusterIdOf } from './cluster-id.ts';
import { FrameReader } from './frame-reader.ts';
import { FrameWriter } from './frame-writer.ts';
import { FrameAssembler } from './frames.ts';
import { HOST } from './server.ts';

export interface EmbeddedBroker extends EmbeddedServer {
  /** `127.0.0.1:PORT`, as KAFKA_BROKERS has them. */
  readonly brokers: readonly string[];
}

/**
 * Starts the broker of a data folder, or finds the one that is running there. It ends with the process
 * that started it, however that ends.
 * @throws EmbeddedServerError
 */
export async function startEmbeddedBroker(options: EmbeddedServerOptions): Promise<EmbeddedBroker> {
  return withBrokers(await startServer(BROKER, options));
}

/**
 * The broker that another process has started for a data folder, if one is running.
 * @throws EmbeddedServerError `DATA_DIR_NOT_WRITABLE`
 */
export async function findEmbeddedBroker(dataDir: string): Promise<EmbeddedBroker | undefined> {
  const server = await findServer(BROKER, dataDir);
  return server && withBrokers(server);
}

function withBrokers(server: EmbeddedServer): EmbeddedBroker {
  return { ...server, brokers: [`${HOST}:${server.port}`] };
}

const BROKER: ServerKind = {
  title: 'Kafka broker',
  name: 'kafka',
  portSetting: 'KAFKA_PORT',
  arguments: ({ storage }, port) => [
    ...programArguments(new URL('./broker-process', import.meta.url)),
    storage,
    String(port),
  ],
  serves: async (port, folder) => (await clusterIdAt(port)) === clusterIdOf(folder.storage),
  lockedMessage: 'another broker serves this folder',
  portTakenMessage: 'EADDRINUSE',
};

const METADATA = { key: 3, version: 2 };
const PROBE_MS = 5_000;
const MAX_ANSWER_BYTES = 64 * 1024;

/** What the broker on a port, if any, calls its cluster. */
async function clusterIdAt(port: number): Promise<string | null> {
  const request = new FrameWriter().int16(METADATA.key).int16(METADATA.version);
  request
    .int32(0)
    .string('tidemark-probe')
    .array([], () => {}); // No topics.
  const socket = connect(port, HOST);
  socket.setTimeout(PROBE_MS, () => socket.destroy());
  const frames = new FrameAssembler(MAX_ANSWER_BYTES);
  try {
    socket.write(Buffer.concat(request.frame()));
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      frames.add(chunk);
      const frame = frames.next();
      if (frame !== undefined) return readClusterId(new FrameReader(frame));
    }
  } catch {
    // Nobody listens, or somebody who speaks otherwise.
  } finally {
    socket.destroy();
  }
  return null;
}

function readClusterId(answer: FrameReader): string | null {
  answer.int32(); // Correlation.
  answer.array(() => [answer.int32(), answer.string(), answer.int32(), answer.nullableString()]);
  return answer.nullableString();
}
