import { expect, test } from 'vitest';
import { ConfigurationError, readConfiguration, settings } from '../../src/config/configuration.ts';

const read = (environment: Record<string, string>, flags: Record<string, string> = {}) =>
  readConfiguration({ environment, flags });

function refusalOf(environment: Record<string, string>, flags: Record<string, string> = {}) {
  try {
    read(environment, flags);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
}

test('nothing set gives the defaults of the definitions', () => {
  const { rules, storage, http, kafka, clickhouse, registry, topics } = read({});
  expect(rules).toEqual({
    timezone: 'UTC',
    lookbackDays: 2,
    minEventTime: Date.UTC(1980, 0, 1) * 1000,
    sessionGapSeconds: 1800,
    maxFutureSkewSeconds: 600,
    activeEventTypes: undefined,
  });
  expect(storage.dataDir).toBe('.tidemark');
  expect(http).toEqual({ port: 8080, host: '127.0.0.1', token: undefined });
  expect(kafka.brokers).toBeUndefined();
  expect(clickhouse.url).toBeUndefined();
  expect(registry.url).toBeUndefined();
  expect(topics.appEvents).toBe('app-events');
});

test('values of every kind are taken as they are meant', () => {
  const { customers, kafka, rules, refresh, logging, clickhouse, topics } = read({
    KAFKA_BROKERS: 'a:9092, b:9093,[::1]:9092',
    KAFKA_SSL: 'TRUE',
    KAFKA_SASL_MECHANISM: 'SCRAM-SHA-256',
    KAFKA_SASL_USERNAME: 'u',
    KAFKA_SASL_PASSWORD: 'p',
    TIMEZONE: 'Asia/Jakarta',
    LOOKBACK_DAYS: ' 0 ',
    MIN_EVENT_TIME: '2001-02-03T04:05:06+01:00',
    ACTIVE_EVENT_TYPES: 'page_view,checkout',
    LOG_LEVEL: 'Debug',
    RETENTION_DAYS: '14..20',
    GROSS_MARGIN: '.45',
    RFM_MODE: 'Quantile',
    CLICKHOUSE_URL: 'https://u:p@host:8443/analytics',
    KAFKA_TOPIC_APP_EVENTS: 'prod.events_v2',
  });
  expect(kafka.brokers).toEqual(['a:9092', 'b:9093', '[::1]:9092']);
  expect(kafka.ssl).toBe(true);
  expect(kafka.saslMechanism).toBe('scram-sha-256');
  expect(rules.timezone).toBe('Asia/Jakarta');
  expect(rules.lookbackDays).toBe(0);
  expect(rules.minEventTime).toBe(Date.UTC(2001, 1, 3, 3, 5, 6) * 1000);
  expect(rules.activeEventTypes).toEqual(['page_view', 'checkout']);
  expect(refresh.retentionDays).toEqual({ from: 14, to: 20 });
  expect(customers).toMatchObject({ grossMargin: 0.45, churnDays: 90, rfmMode: 'quantile' });
  expect(logging.level).toBe('debug');
  expect(clickhouse.url).toBe('https://u:p@host:8443/analytics');
  expect(topics.appEvents).toBe('prod.events_v2');
});

test('a time without a zone is UTC', () => {
  expect(read({ MIN_EVENT_TIME: '2001-02-03T04:05' }).rules.minEventTime).toBe(
    Date.UTC(2001, 1, 3, 4, 5) * 1000,
  );
});

test.each([
  ['LOOKBACK_DAYS', 'two', 'LOOKBACK_DAYS must be a whole number from 0 to 60, got "two"'],
  ['LOOKBACK_DAYS', '61', 'LOOKBACK_DAYS must be a whole number from 0 to 60, got "61"'],
  ['LOOKBACK_DAYS', '2.5', 'LOOKBACK_DAYS must be a whole number from 0 to 60, got "2.5"'],
  ['GROSS_MARGIN', '0', 'GROSS_MARGIN must be a number above 0, at most 1, such as 0.6, got "0"'],
  [
    'GROSS_MARGIN',
    '60%',
    'GROSS_MARGIN must be a number above 0, at most 1, such as 0.6, got "60%"',
  ],
  ['LOOKBACK_DAYS', '-1', 'LOOKBACK_DAYS must be a whole number from 0 to 60, got "-1"'],
  [
    'RETENTION_DAYS',
    '28..22',
    'RETENTION_DAYS must be a range such as 22..28, of whole numbers from 1 to 365, got "28..22"',
  ],
  [
    'RETENTION_DAYS',
    '22-28',
    'RETENTION_DAYS must be a range such as 22..28, of whole numbers from 1 to 365, got "22-28"',
  ],
  [
    'TIMEZONE',
    'Mars/North',
    'TIMEZONE must be an IANA time zone such as UTC or Asia/Jakarta, got "Mars/North"',
  ],
  [
    'TIMEZONE',
    '+07:00',
    'TIMEZONE must be an IANA time zone such as UTC or Asia/Jakarta, got "+07:00"',
  ],
  [
    'MIN_EVENT_TIME',
    '1980-02-30',
    'MIN_EVENT_TIME must be a day such as 1980-01-01 or a time such as 1980-01-01T00:00:00Z, got "1980-02-30"',
  ],
  [
    'KAFKA_BROKERS',
    'localhost',
    'KAFKA_BROKERS must be a comma list of host:port, got "localhost"',
  ],
  ['KAFKA_BROKERS', 'a:1,', 'KAFKA_BROKERS must be a comma list of host:port, got "a:1,"'],
  ['KAFKA_SSL', 'maybe', 'KAFKA_SSL must be true or false, got "maybe"'],
  [
    'LOG_LEVEL',
    'loud',
    'LOG_LEVEL must be one of trace, debug, info, warn, error, fatal, silent, got "loud"',
  ],
  ['HTTP_PORT', '70000', 'HTTP_PORT must be a whole number from 0 to 65535, got "70000"'],
  [
    'CLICKHOUSE_URL',
    'host:8123',
    'CLICKHOUSE_URL must be a URL such as http://user:password@host:8123/name, got "host:8123"',
  ],
  [
    'ACTIVE_EVENT_TYPES',
    'Page View',
    'ACTIVE_EVENT_TYPES must be a comma list of event types in snake_case, got "Page View"',
  ],
])('%s=%s is refused with the name, what is accepted and the value', (name, value, text) => {
  expect(refusalOf({ [name]: value })).toEqual([text]);
});

test('all wrong settings are named at once', () => {
  expect(refusalOf({ LOOKBACK_DAYS: 'x', HTTP_PORT: 'y', TIMEZONE: 'z' })).toHaveLength(3);
});

test('a wrong option is named as it was typed', () => {
  expect(refusalOf({}, { TIDEMARK_DATA_DIR: '' })).toEqual([
    '--data-dir must be text without line breaks, got ""',
  ]);
});

test('an option wins over the environment, and an empty variable counts as unset', () => {
  const environment = { TIDEMARK_DATA_DIR: '/a', LOOKBACK_DAYS: '' };
  expect(read(environment, { TIDEMARK_DATA_DIR: '/b' }).storage.dataDir).toBe('/b');
  expect(read(environment).rules.lookbackDays).toBe(2);
});

test('variables that are not ours are ignored', () => {
  expect(refusalOf({ KAFKA_TOPIC_PAYMENTS: '!', PATH: '/bin' })).toEqual([]);
});

test('settings that contradict each other are refused', () => {
  expect(refusalOf({ KAFKA_SASL_MECHANISM: 'plain' })).toEqual([
    'KAFKA_SASL_USERNAME must be set when KAFKA_SASL_MECHANISM is, and is not',
    'KAFKA_SASL_PASSWORD must be set when KAFKA_SASL_MECHANISM is, and is not',
  ]);
  expect(refusalOf({ KAFKA_TOPIC_ORDERS: 'app-events' })).toEqual([
    'two streams have the topic "app-events"; each needs its own',
  ]);
});

test('secrets appear neither in what is shown nor in refusals', () => {
  const environment = {
    CLICKHOUSE_URL: 'http://reader:hunter22@host:8123/db',
    SCHEMA_REGISTRY_URL: 'ftp://u:hunter22@host',
    HTTP_TOKEN: 'hunter22 hunter22',
    KAFKA_SASL_PASSWORD: 'hunter22',
  };
  const shown = settings({ environment });
  expect(JSON.stringify(shown)).not.toContain('hunter22');
  expect(shown.find(({ name }) => name === 'CLICKHOUSE_URL')?.value).toBe(
    'http://reader:***@host:8123/db',
  );
  const refusal = refusalOf(environment).join('\n');
  expect(refusal).toContain('SCHEMA_REGISTRY_URL must be');
  expect(refusal).toContain('HTTP_TOKEN must be');
  expect(refusal).not.toContain('hunter22');
});

test('every setting says what it means, and its default is one that it accepts', () => {
  expect(() => read({})).not.toThrow();
  const unexplained = settings({ environment: {} }).filter(
    ({ meaning, fallback, whenUnset }) =>
      !meaning.endsWith('.') || (fallback ?? whenUnset) === null,
  );
  expect(unexplained).toEqual([]);
});

test('the origin of a setting is told', () => {
  const origins = new Map(
    settings({
      environment: { LOOKBACK_DAYS: '3' },
      flags: { TIDEMARK_DATA_DIR: '/x' },
    }).map(({ name, origin }) => [name, origin]),
  );
  expect(origins.get('LOOKBACK_DAYS')).toBe('environment');
  expect(origins.get('TIDEMARK_DATA_DIR')).toBe('flag');
  expect(origins.get('TIMEZONE')).toBe('default');
  expect(origins.get('KAFKA_BROKERS')).toBe('unset');
});
