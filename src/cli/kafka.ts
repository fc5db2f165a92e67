/** In: the configuration. Out: a client of its Kafka. */
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
