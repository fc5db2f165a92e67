import { createServer } from 'node:net';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { tidemark } from './tidemark.ts';

const FIXTURE = fileURLToPath(new URL('../fixtures/greenery/events.csv', import.meta.url));
const MAPPING = fileURLToPath(new URL('../../examples/greenery-events.json', import.meta.url));
const PRODUCE = ['produce', FIXTURE, '--stream', 'app-events'];

/** A port of loopback that nothing listens on. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

test.each([
  'run',
  'produce',
  'migrate',
  'refresh',
  'status',
  'sql',
  'event-types',
  'dead-letters',
  'schemas',
  'config',
])('%s --help shows an example on stdout and ends with 0', async (command) => {
  const { status, stdout, stderr } = await tidemark([command, '--help']);
  expect(stdout).toMatch(/Example:\n +\S.*tidemark /);
  expect(stdout).toContain(`Usage: tidemark ${command}`);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test.each([
  [[], 'Usage: tidemark'],
  [['nonsense'], "unknown command 'nonsense'"],
  [['sql'], "missing required argument 'query'"],
  [['sql', 'SELECT 1', '--nope'], "unknown option '--nope'"],
  [['sql', 'SELECT 1', '--param', 'x'], '--param must be name=value, got "x"'],
  [['produce', FIXTURE], "required option '--stream <name>' not specified"],
  [[...PRODUCE, '--rate', 'fast'], 'must be a whole number from 1 to 10000000'],
  [['produce', FIXTURE, '--stream', 'events'], '--stream must be one of app-events, order-lines'],
])('wrong usage ends with 2 and says what is wrong: %j', async (argv, text) => {
  const { status, stdout, stderr } = await tidemark(argv);
  expect(stderr).toContain(text);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
});

test('wrong settings end with 2, all of them named, before anything is started', async () => {
  const environment = { LOOKBACK_DAYS: 'two', HTTP_PORT: 'x' };
  const { status, stderr } = await tidemark(['status'], environment);
  expect(stderr).toBe(
    'tidemark: LOOKBACK_DAYS must be a whole number from 0 to 60, got "two"\n' +
      'HTTP_PORT must be a whole number from 0 to 65535, got "x"\n',
  );
  expect(status).toBe(2);
});

test('config shows the settings in effect, their origin and meaning, and no secret', async () => {
  const environment = {
    LOOKBACK_DAYS: '3',
    CLICKHOUSE_URL: `http://u:hunter22@127.0.0.1:${await closedPort()}/db`,
  };
  const { status, stdout, stderr } = await tidemark(
    ['config', '--data-dir', '/x', '--json'],
    environment,
  );
  const { settings } = JSON.parse(stdout) as { settings: { name: string }[] };
  const named = (name: string) => settings.find((setting) => setting.name === name);
  expect(named('LOOKBACK_DAYS')).toMatchObject({
    value: '3',
    origin: 'environment',
    fallback: '2',
  });
  expect(named('TIDEMARK_DATA_DIR')).toMatchObject({ value: '/x', origin: 'flag' });
  expect(stdout + stderr).not.toContain('hunter22');
  expect(stderr).toContain('The rules in the database cannot be shown');
  expect(status).toBe(0);
  const shown = await tidemark(['config'], environment);
  expect(shown.stdout).toMatch(/^LOOKBACK_DAYS +3 +environment +Calendar days/m);
});

test('a ClickHouse that cannot be reached ends with 3', async () => {
  const environment = { CLICKHOUSE_URL: `http://127.0.0.1:${await closedPort()}/x` };
  const { status, stderr } = await tidemark(['status'], environment);
  expect(stderr).toContain('ECONNREFUSED');
  expect(status).toBe(3);
});

test('a Kafka that cannot be reached ends with 3 and is named', async () => {
  const broker = `127.0.0.1:${await closedPort()}`;
  const { status, stderr } = await tidemark([...PRODUCE, '--map', MAPPING], {
    KAFKA_BROKERS: broker,
  });
  expect(stderr).toContain(`none of the brokers of KAFKA_BROKERS (${broker}) can be reached`);
  expect(status).toBe(3);
});

test.each([
  [['produce', '/nowhere.csv', '--stream', 'app-events'], '/nowhere.csv cannot be read'],
  [[...PRODUCE, '--map', '/nowhere.json'], 'mapping /nowhere.json cannot be read'],
  [[...PRODUCE, '--map', FIXTURE], 'is not JSON'],
  [PRODUCE, 'event_time of stream app-events has no column of its name'],
])('a wrong file or mapping ends with 2 before Kafka is asked: %j', async (argv, text) => {
  const { status, stderr } = await tidemark(argv, { KAFKA_BROKERS: '127.0.0.1:1' });
  expect(stderr).toContain(text);
  expect(status).toBe(2);
});
