/** Connection settings and a pino logger in, a kafkajs client out; consumers and producers share its mends. */
import type * as KafkaJs from 'kafkajs';
import type { Logger } from 'pino';
import { Kafka, logLevel } from './kafkajs-mends.ts';

export interface KafkaConnection {
  /** `host:port` of some brokers; the others are learnt from them. */
  readonly brokers: readonly string[];
  /** By which the brokers' logs and quotas know this client. Default `tidemark`. */
  readonly clientId?: string;
  readonly ssl?: boolean;
  readonly sasl?: KafkaCredentials;
  /** How often kafkajs repeats a request before it rejects. Default 8, which takes half a minute. */
  readonly retries?: number;
}

export interface KafkaCredentials {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

/** Connects to nothing yet. */
export function createKafka(connection: KafkaConnection, logger: Logger): KafkaJs.Kafka {
  return new Kafka({
    brokers: [...connection.brokers],
    clientId: connection.clientId ?? 'tidemark',
    ssl: connection.ssl ?? false,
    ...(connection.sasl === undefined ? {} : { sasl: saslOptions(connection.sasl) }),
    connectionTimeout: 5_000,
    requestTimeout: 30_000,
    retry: { initialRetryTime: 200, maxRetryTime: 5_000, retries: connection.retries ?? 8 },
    logLevel: logger.isLevelEnabled('trace') ? logLevel.DEBUG : logLevel.INFO,
    logCreator: () => logEntryTo(logger.child({ component: 'kafkajs' })),
  });
}

function saslOptions({ mechanism, username, password }: KafkaCredentials): KafkaJs.SASLOptions {
  switch (mechanism) {
    case 'plain':
      return { mechanism, username, password };
    case 'scram-sha-256':
      return { mechanism, username, password };
    case 'scram-sha-512':
      return { mechanism, username, password };
  }
}

/**
 * One level lower than kafkajs says, because it retries what it calls errors, and tells of every
 * pause and resume as news.
 */
function logEntryTo(logger: Logger): (entry: KafkaJs.LogEntry) => void {
  return ({ namespace, level, log: { message, timestamp: _, ...details } }) => {
    const text = `${namespace}: ${message}`;
    if (level === logLevel.ERROR) logger.warn(details, text);
    else if (level === logLevel.WARN) logger.info(details, text);
    else if (level === logLevel.INFO) logger.debug(details, text);
    else logger.trace(details, text);
  };
}
