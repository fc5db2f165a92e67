/** In: the configuration. Out: a client of its Kafka, the embedded broker started when it is the one. */
import { connect, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Kafka } from 'kafkajs';
import type { Logger } from 'pino';
import type { Configuration } from '../config/configuration.ts';
import type { EmbeddedBroker } from '../embedded/broker/broker.ts';
import { createKafka } from '../sources/kafka/kafka-client.ts';
import type { Invocation } from './invocation.ts';

export interface OpenKafka extends AsyncDisposable {
  readonly kafka: Kafka;
  /** `host:port` of some brokers. */
  readonly brokers: readonly string[];
  /** Whether it is the development broker of the data folder. */
  readonly embedded: boolean;
  /** Resolves when an embedded broker has ended; never for brokers that were configured. */
  readonly exited: Promise<void>;
}

/**
 * The brokers of KAFKA_BROKERS, one of which answers; without it the embedded broker of the data folder,
 * which ends with the command that started it.
 * @throws KafkaUnreachableError, EmbeddedServerError
 */
export async function openKafka(
  configuration: Configuration,
  { signal }: Pick<Invocation, 'signal'>,
  logger: Logger,
): Promise<OpenKafka> {
  if (configuration.kafka.brokers !== undefined) {
    await requireReachable(configuration);
    return configured(configuration, logger);
  }
  const { startEmbeddedBroker } = await import('../embedded/broker/broker.ts');
  const broker = await startEmbeddedBroker({
    dataDir: configuration.storage.dataDir,
    port: configuration.kafka.port,
    signal,
  });
  const { brokers, owned } = broker;
  logger.info(
    { brokers, dataDir: configuration.storage.dataDir },
    owned
      ? 'the embedded Kafka broker was started: it is for development only'
      : 'the embedded Kafka broker of another command is used',
  );
  return embedded(configuration, broker, logger);
}

/**
 * For commands that only look: as `openKafka`, but an embedded broker is not started; undefined when
 * none is running.
 */
export async function findKafka(
  configuration: Configuration,
  logger: Logger,
): Promise<OpenKafka | undefined> {
  if (configuration.kafka.brokers !== undefined) {
    await requireReachable(configuration);
    return configured(configuration, logger);
  }
  const { findEmbeddedBroker } = await import('../embedded/broker/broker.ts');
  const broker = await findEmbeddedBroker(configuration.storage.dataDir);
  return broker && embedded(configuration, broker, logger);
}

function configured({ kafka }: Configuration, logger: Logger): OpenKafka {
  const { brokers = [], clientId, ssl, saslMechanism, saslUsername, saslPassword } = kafka;
  const sasl =
    saslMechanism === undefined
      ? {}
      : {
          sasl: {
            mechanism: saslMechanism,
            username: saslUsername ?? '',
            password: saslPassword ?? '',
          },
        };
  return {
    kafka: createKafka({ brokers, clientId, ssl, ...sasl }, logger),
    brokers,
    embedded: false,
    exited: new Promise(() => {}),
    [Symbol.asyncDispose]: async () => {},
  };
}

function embedded({ kafka }: Configuration, broker: EmbeddedBroker, logger: Logger): OpenKafka {
  const { brokers, exited } = broker;
  return {
    kafka: createKafka({ brokers, clientId: kafka.clientId }, logger),
    brokers,
    embedded: true,
    exited,
    [Symbol.asyncDispose]: () => broker.close(),
  };
}

/** No broker answers; kafkajs would go on trying for long. */
class KafkaUnreachableError extends Error {
  override readonly name = 'KafkaUnreachableError';
  readonly code = 'kafka_unreachable';
  readonly retryable = true;
}

const PROBE_MS = 5_000;

/** Throws when none of the brokers takes a connection, or none has a certificate that is known. */
async function requireReachable({ kafka }: Configuration): Promise<void> {
  const brokers = kafka.brokers ?? [];
  try {
    await Promise.any(brokers.map((broker) => probe(broker, kafka.ssl)));
  } catch (error) {
    const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [error];
    const reason = first instanceof Error ? first.message : String(first);
    throw new KafkaUnreachableError(
      `none of the brokers of KAFKA_BROKERS (${brokers.join(', ')}) can be reached: ${reason}`,
      { cause: first },
    );
  }
}

function probe(broker: string, ssl: boolean): Promise<void> {
  const { hostname, port } = new URL(`tcp://${broker}`);
  return new Promise((resolve, reject) => {
    const address = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) };
    const servername = isIP(address.host) === 0 ? address.host : '';
    const socket = ssl ? connectTls({ ...address, servername }) : connect(address);
    socket.setTimeout(PROBE_MS, () => socket.destroy(new Error(`${broker} does not answer`)));
    socket.once('error', reject);
    socket.once(ssl ? 'secureConnect' : 'connect', () => {
      socket.destroy();
      resolve();
    });
  });
}
