/** In: the configuration. Out: a client of its Kafka. */
import { connect } from 'node:net';
import type { Kafka } from 'kafkajs';
import type { Logger } from 'pino';
import type { Configuration } from '../config/configuration.ts';
import { createKafka } from '../sources/kafka/kafka-client.ts';
import { UsageError } from './exit-status.ts';

/** Connects to nothing yet. Throws a UsageError when no Kafka is configured. */
export function configuredKafka({ kafka }: Configuration, logger: Logger): Kafka {
  const { brokers, clientId, ssl, saslMechanism, saslUsername, saslPassword } = kafka;
  if (brokers === undefined) {
    throw new UsageError('no Kafka is configured: set KAFKA_BROKERS to host:port of some brokers');
  }
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
  return createKafka({ brokers, clientId, ssl, ...sasl }, logger);
}

/** No broker answers; kafkajs would go on trying for long. */
class KafkaUnreachableError extends Error {
  override readonly name = 'KafkaUnreachableError';
  readonly code = 'kafka_unreachable';
  readonly retryable = true;
}

const PROBE_MS = 5_000;

/** Throws when none of the brokers takes a connection. */
export async function requireReachable({ kafka }: Configuration): Promise<void> {
  const brokers = kafka.brokers ?? [];
  try {
    await Promise.any(brokers.map(probe));
  } catch (error) {
    const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [error];
    const reason = first instanceof Error ? first.message : String(first);
    throw new KafkaUnreachableError(
      `none of the brokers of KAFKA_BROKERS (${brokers.join(', ')}) can be reached: ${reason}`,
      { cause: error },
    );
  }
}

function probe(broker: string): Promise<void> {
  const { hostname, port } = new URL(`tcp://${broker}`);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) });
    socket.setTimeout(PROBE_MS, () => socket.destroy(new Error(`${broker} does not answer`)));
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}
