/** Kafka with TLS and a password, really; ClickHouse and the registry have their own certificates the same way. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { start } from '../cli/tidemark.ts';
import { javaKafkaIsPossible, startJavaKafka } from '../support/kafka-java.ts';
import type { RealKafka } from '../support/kafka.ts';

const PASSWORD = 'hunter2-open-sesame';

function openssl(...argv: string[]): boolean {
  return spawnSync('openssl', argv, { stdio: 'ignore' }).status === 0;
}

const possible = javaKafkaIsPossible() && openssl('version');
if (!possible) process.stderr.write('TLS and SASL are not tested: that needs Java and openssl\n');

describe.skipIf(!possible)('Kafka with TLS and SASL', { timeout: 120_000 }, () => {
  let folder: string;
  let kafka: RealKafka;
  let environment: Record<string, string>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidemark-tls-'));
    const [key, certificate, both] = ['key.pem', 'certificate.pem', 'both.pem'].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    const made = openssl(
      ...'req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=127.0.0.1'.split(' '),
      '-addext',
      'subjectAltName=IP:127.0.0.1',
      '-keyout',
      key,
      '-out',
      certificate,
    );
    expect(made).toBe(true);
    await writeFile(both, (await readFile(key, 'utf8')) + (await readFile(certificate, 'utf8')));
    kafka = await startJavaKafka((port, controllerPort) => ({
      listeners: `SASL_SSL://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
      'advertised.listeners': `SASL_SSL://127.0.0.1:${port}`,
      'listener.security.protocol.map': 'SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT',
      'inter.broker.listener.name': 'SASL_SSL',
      'sasl.mechanism.inter.broker.protocol': 'PLAIN',
      'sasl.enabled.mechanisms': 'PLAIN',
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.location': both,
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.location': certificate,
      'listener.name.sasl_ssl.plain.sasl.jaas.config':
        'org.apache.kafka.common.security.plain.PlainLoginModule required username="broker" ' +
        `password="inner" user_broker="inner" user_tidemark="${PASSWORD}";`,
    }));
    environment = {
      TIDEMARK_DATA_DIR: folder,
      KAFKA_BROKERS: kafka.brokers.join(','),
      KAFKA_SSL: 'true',
      KAFKA_SASL_MECHANISM: 'plain',
      KAFKA_SASL_USERNAME: 'tidemark',
      KAFKA_SASL_PASSWORD: PASSWORD,
      NODE_EXTRA_CA_CERTS: certificate,
      LOG_LEVEL: 'debug',
    };
  }, 120_000);
  afterAll(async () => {
    await kafka?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const send = (other: Readonly<Record<string, string>>) =>
    start(['generate', '--events', '10', '--json'], { ...environment, ...other }).ended;

  test('who has the password and knows the authority is let in', async () => {
    const { status, stdout, stderr } = await send({});
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('10');
    expect(stderr).not.toContain(PASSWORD);
  });

  test('a wrong password ends with 2, and nobody is told either of them', async () => {
    const { status, stdout, stderr } = await send({ KAFKA_SASL_PASSWORD: 'not-the-one-4711' });
    expect(status).toBe(2);
    expect(stderr).toMatch(/authentication/i);
    expect(stdout + stderr).not.toMatch(/not-the-one-4711|hunter2/);
  });

  test('a certificate of an authority that is not known is refused', async () => {
    const { status, stderr } = await send({ NODE_EXTRA_CA_CERTS: '' });
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/self-signed certificate/);
    expect(stderr).not.toContain(PASSWORD);
  });
});
