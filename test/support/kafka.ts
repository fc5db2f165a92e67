/**
 * A real Kafka for tests. Out: brokers to connect to, from (in this order) KAFKA_BROKERS, Docker, or
 * Java and Maven. Without any of them tests are skipped, loudly; with CI=true they fail instead.
 */
import { startJavaKafka, javaKafkaIsPossible } from './kafka-java.ts';
import { dockerAnswers, startDockerKafka } from './kafka-docker.ts';
import { embeddedKafka } from './kafka-embedded.ts';

export interface RealKafka extends AsyncDisposable {
  /** `host:port` of the brokers. */
  readonly brokers: readonly string[];
  /** Process id of the broker, where it is a process of ours. */
  readonly pid: number | undefined;
  /** Stops the broker in good order; its data stays for `restart`. */
  stop(): Promise<void>;
  /** Kills the broker; its data stays for `restart`. */
  kill9(): Promise<void>;
  /** Starts the broker again on the same port with the same data. */
  restart(): Promise<void>;
}

/** Where a real Kafka can come from here; undefined when from nowhere. */
export function kafkaOrigin(): 'given' | 'docker' | 'java' | undefined {
  if (process.env['KAFKA_BROKERS']) return 'given';
  if (dockerAnswers()) return 'docker';
  if (javaKafkaIsPossible()) return 'java';
  const message =
    'REAL KAFKA IS MISSING: set KAFKA_BROKERS, start Docker, or install Java 17 and Maven';
  if (process.env['CI'] === 'true') throw new Error(message);
  process.stderr.write(`${message}. Its tests are skipped.\n`);
  return undefined;
}

/** Starts one (about 4 s), or takes the one that KAFKA_BROKERS names. Close it with `await using`. */
export async function realKafka(): Promise<RealKafka> {
  switch (kafkaOrigin()) {
    case 'given':
      return givenKafka();
    case 'docker':
      return startDockerKafka();
    case 'java':
      return startJavaKafka();
    case undefined:
      throw new Error('no real Kafka: skip this test where kafkaOrigin() is undefined');
  }
}

let shared: Promise<RealKafka> | undefined;

/**
 * The same one for all suites of this process that do no harm to it, and the topics and groups of which
 * have names of their own. It ends with the process.
 */
export function sharedKafka(): Promise<RealKafka> {
  shared ??= realKafka().then(({ brokers }) => notOurs(brokers, 'shared with others'));
  return shared;
}

export interface KafkaKind {
  readonly name: string;
  readonly embedded: boolean;
  open(): Promise<RealKafka>;
}

/**
 * For suites that both have to pass, a real Kafka, first where there is one, and the embedded broker.
 * `own`: none that other suites use too.
 */
export function kafkaKinds({ own = false } = {}): readonly KafkaKind[] {
  const embedded = { name: 'the embedded broker', embedded: true, open: embeddedKafka };
  if (kafkaOrigin() === undefined) return [embedded];
  return [{ name: 'a real Kafka', embedded: false, open: own ? realKafka : sharedKafka }, embedded];
}

function givenKafka(): RealKafka {
  return notOurs(process.env['KAFKA_BROKERS']!.split(','), 'those of KAFKA_BROKERS');
}

function notOurs(brokers: readonly string[], why: string): RealKafka {
  const refuse = () => {
    throw new Error(`the brokers are ${why}, and not to be stopped`);
  };
  return {
    brokers,
    pid: undefined,
    stop: refuse,
    kill9: refuse,
    restart: refuse,
    [Symbol.asyncDispose]: async () => {},
  };
}
