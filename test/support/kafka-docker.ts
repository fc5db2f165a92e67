import { spawnSync } from 'node:child_process';
import { GenericContainer, Wait } from 'testcontainers';
import { freePort } from './free-port.ts';
import type { RealKafka } from './kafka.ts';
import { brokerProperties } from './kafka-properties.ts';

/** Whether a Docker engine answers, not merely whether its client is installed. */
export function dockerAnswers(): boolean {
  const { status } = spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], {
    stdio: 'ignore',
    timeout: 10_000,
  });
  return status === 0;
}

export async function startDockerKafka(): Promise<RealKafka> {
  const port = await freePort();
  const properties = brokerProperties({ host: '0.0.0.0', port, controllerPort: 9093 });
  const environment = Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [
      `KAFKA_${name.toUpperCase().replaceAll('.', '_')}`,
      value,
    ]),
  );
  const container = await new GenericContainer('apache/kafka:4.1.0')
    .withEnvironment(environment)
    .withExposedPorts({ container: port, host: port })
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .start();
  const end = async (signal: string) => {
    spawnSync('docker', ['kill', '--signal', signal, container.getId()], { stdio: 'ignore' });
    spawnSync('docker', ['wait', container.getId()], { stdio: 'ignore', timeout: 30_000 });
  };
  return {
    brokers: [`127.0.0.1:${port}`],
    pid: undefined,
    stop: () => end('TERM'),
    kill9: () => end('KILL'),
    restart: () => container.restart(),
    [Symbol.asyncDispose]: async () => {
      await container.stop();
    },
  };
}
