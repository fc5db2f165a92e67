/** Kafka with TLS and a password, really, by each mechanism there is. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { start } from '../cli/tidemark.ts';
import { opensslIsThere, selfSigned } from '../support/certificate.ts';
import { javaKafkaIsPossible, startJavaKafka } from '../support/kafka-java.ts';
import type { RealKafka } from '../support/kafka.ts';

const PASSWORD = 'hunter2-open-sesame';

const SCRAM = ['scram-sha-256', 'scram-sha-512'];
const MECHANISMS = ['plain', ...SCRAM];

const possible = javaKafkaIsPossible() && opensslIsThere();
if (!possible) process.stderr.write('TLS and SASL are not tested: that needs Java and openssl\n');

describe.skipIf(!possible)('Kafka with TLS and SASL', { timeout: 120_000 }, () => {
  let folder: string;
  let kafka: RealKafka;
  let environment: Record<string, string>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidemark-tls-'));
    const { key, certificate } = await selfSigned(folder);
    const both = join(folder, 'both.pem');
    await writeFile(both, (await readFile(key, 'utf8')) + (await readFile(certificate, 'utf8')));
    const special = (port: number, controllerPort: number) => ({
      listeners: `SASL_SSL://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
      'advertised.listeners': `SASL_SSL://127.0.0.1:${port}`,
      'listener.security.protocol.map': 'SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT',
      'inter.broker.listener.name': 'SASL_SSL',
      'sasl.mechanism.inter.broker.protocol': 'PLAIN',
      'sasl.enabled.mechanisms': MECHANISMS.join(',').toUpperCase(),
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.location': both,
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.location': certificate,
      'listener.name.sasl_ssl.plain.sasl.jaas.config':
        'org.apache.kafka.common.security.plain.PlainLoginModule required username="broker" ' +
        `password="inner" user_broker="inner" user_tidemark="${PASSWORD}";`,
      ...Object.fromEntries(
        SCRAM.map((mechanism) => [
          `listener.name.sasl_ssl.${mechanism}.sasl.jaas.config`,
          'org.apache.kafka.common.security.scram.ScramLoginModule required;',
        ]),
      ),
    });
    kafka = await startJavaKafka(
      special,
      SCRAM.map((mechanism) => `${mechanism.toUpperCase()}=[name=tidemark,password=${PASSWORD}]`),
    );
    environment = {
      TIDEMARK_DATA_DIR: folder,
      KAFKA_BROKERS: kafka.brokers.join(','),
      KAFKA_SSL: 'true',
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

  test.each(MECHANISMS)(
    '%s: who has the password and knows the authority is let in',
    async (name) => {
      const { status, stdout, stderr } = await send({ KAFKA_SASL_MECHANISM: name });
      expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toContain('10');
      expect(stderr).not.toContain(PASSWORD);
    },
  );

  test.each(MECHANISMS)(
    '%s: a wrong password ends with 2, and nobody is told either',
    async (name) => {
      const { status, stdout, stderr } = await send({
        KAFKA_SASL_MECHANISM: name,
        KAFKA_SASL_PASSWORD: 'not-the-one-4711',
      });
      expect(status).toBe(2);
      expect(stderr).toMatch(/authentication/i);
      expect(stdout + stderr).not.toMatch(/not-the-one-4711|hunter2/);
    },
  );

  test('a certificate of an authority that is not known is refused', async () => {
    const { status, stderr } = await send({
      KAFKA_SASL_MECHANISM: 'plain',
      NODE_EXTRA_CA_CERTS: '',
    });
    expect(status).toBe(3);
    expect(stderr).toMatch(/self-signed certificate/);
    expect(stderr).not.toContain(PASSWORD);
  });
});
