/**
 * Every setting, declared once. Parsing, the texts of refusals, `tidemark config` and the documentation
 * all come from this table.
 */
import {
  fraction,
  hoursOf,
  httpUrl,
  instant,
  line,
  list,
  oneOf,
  textLike,
  timezone,
  wholeNumber,
  wholeRange,
  yesOrNo,
} from './kinds.ts';
import { knob, optional } from './knob.ts';

const MIB = 1024 * 1024;
const PORT = wholeNumber(1, 65_535);
const TOPIC = textLike(
  'a topic name of at most 249 letters, digits, dots, underscores and hyphens',
  /^[A-Za-z0-9._-]{1,249}$/,
);

const STREAM_NAME = /^(app-events|order-lines|user-attributes|products|orders|subscription-plans)$/;

function topic(variable: string, fallback: string, what: string) {
  return knob(variable, TOPIC, { fallback, meaning: `Topic of the stream of ${what}.` });
}

export const KNOBS = {
  storage: {
    dataDir: knob('TIDEMARK_DATA_DIR', line, {
      flag: '--data-dir',
      fallback: '.tidemark',
      meaning: 'Folder in which everything embedded lives.',
    }),
    schemasDir: optional('TIDEMARK_SCHEMAS_DIR', line, {
      whenUnset: 'the schemas that come with Tidemark',
      meaning:
        'Folder of Avro schemas that acts as the registry while SCHEMA_REGISTRY_URL is unset.',
    }),
  },

  clickhouse: {
    url: optional('CLICKHOUSE_URL', httpUrl, {
      secret: 'password',
      whenUnset: 'an embedded server in the data folder',
      meaning: 'The ClickHouse to use, with user, password and database.',
    }),
    port: optional('CLICKHOUSE_PORT', PORT, {
      whenUnset: 'a free port, printed and kept in the data folder',
      meaning: 'HTTP port of the embedded ClickHouse server.',
    }),
  },

  kafka: {
    brokers: optional(
      'KAFKA_BROKERS',
      list('a comma list of host:port', /^(\[[0-9a-fA-F:]+\]|[^\s:,/@]+):\d{1,5}$/),
      {
        whenUnset: 'an embedded development broker in the data folder',
        meaning: 'The Kafka to use: bootstrap brokers.',
      },
    ),
    ssl: knob('KAFKA_SSL', yesOrNo, {
      fallback: 'false',
      meaning: 'Whether to speak TLS to the brokers.',
    }),
    saslMechanism: optional(
      'KAFKA_SASL_MECHANISM',
      oneOf('plain', 'scram-sha-256', 'scram-sha-512'),
      {
        whenUnset: 'no authentication',
        meaning: 'How to authenticate to the brokers. Needs the user name and the password too.',
      },
    ),
    saslUsername: optional('KAFKA_SASL_USERNAME', line, {
      whenUnset: 'no authentication',
      meaning: 'User name for KAFKA_SASL_MECHANISM.',
    }),
    saslPassword: optional('KAFKA_SASL_PASSWORD', line, {
      secret: 'whole',
      whenUnset: 'no authentication',
      meaning: 'Password for KAFKA_SASL_MECHANISM.',
    }),
    clientId: knob('KAFKA_CLIENT_ID', line, {
      fallback: 'tidemark',
      meaning: "Name under which the brokers' logs and quotas know this process.",
    }),
    groupId: knob('KAFKA_GROUP_ID', line, {
      fallback: 'tidemark',
      meaning: 'Consumer group; processes of one group share the partitions.',
    }),
    sessionTimeoutMs: knob('KAFKA_SESSION_TIMEOUT_MS', wholeNumber(3_000, 1_800_000), {
      fallback: '10000',
      meaning:
        'Milliseconds without a heartbeat after which the brokers give the partitions to others. Within the bounds that the brokers allow.',
    }),
    fetchBytesPerPartition: knob(
      'KAFKA_FETCH_BYTES_PER_PARTITION',
      wholeNumber(64 * 1024, 256 * MIB),
      {
        fallback: String(4 * MIB),
        meaning:
          'Bytes fetched at most from one partition at a time. Larger is faster when catching up and takes more memory.',
      },
    ),
    fetchBytes: knob('KAFKA_FETCH_BYTES', wholeNumber(64 * 1024, 1024 * MIB), {
      fallback: String(32 * MIB),
      meaning: 'Bytes fetched at most from one broker at a time.',
    }),
    fetchWaitMs: knob('KAFKA_FETCH_WAIT_MS', wholeNumber(1, 60_000), {
      fallback: '100',
      meaning: 'Milliseconds that a broker may hold a fetch while nothing new has arrived.',
    }),
    port: optional('KAFKA_PORT', PORT, {
      whenUnset: 'a free port, printed and kept in the data folder',
      meaning: 'Port of the embedded development broker.',
    }),
  },

  topics: {
    appEvents: topic('KAFKA_TOPIC_APP_EVENTS', 'app-events', 'app events'),
    orderLines: topic('KAFKA_TOPIC_ORDER_LINES', 'order-lines', 'order lines'),
    userAttributes: topic('KAFKA_TOPIC_USER_ATTRIBUTES', 'user-attributes', 'user attributes'),
    products: topic('KAFKA_TOPIC_PRODUCTS', 'products', 'products'),
    orders: topic('KAFKA_TOPIC_ORDERS', 'orders', 'orders'),
    subscriptionPlans: topic(
      'KAFKA_TOPIC_SUBSCRIPTION_PLANS',
      'subscription-plans',
      'subscription plans',
    ),
  },

  streams: {
    names: optional('STREAMS', list('a comma list of streams', STREAM_NAME), {
      whenUnset: 'every stream whose topic exists',
      meaning:
        'Which streams to process: app-events, order-lines, user-attributes, products, orders, subscription-plans. The topics of those that are named must exist.',
    }),
  },

  registry: {
    url: optional('SCHEMA_REGISTRY_URL', httpUrl, {
      secret: 'password',
      whenUnset: 'the folder of schemas acts as the registry',
      meaning:
        'The Confluent-compatible schema registry to use, with user and password if it asks.',
    }),
  },

  rules: {
    timezone: knob('TIMEZONE', timezone, {
      fallback: 'UTC',
      meaning:
        'Time zone that decides to which calendar day an event belongs. Cannot change once the database holds data.',
    }),
    lookbackDays: knob('LOOKBACK_DAYS', wholeNumber(0, 60), {
      fallback: '2',
      meaning:
        "Calendar days that an event may be behind its partition's watermark; later is late.",
    }),
    minEventTime: knob('MIN_EVENT_TIME', instant, {
      fallback: '1980-01-01',
      meaning: 'Events before this are invalid (UTC unless it says its zone).',
    }),
    sessionGapSeconds: knob('SESSION_GAP_SECONDS', wholeNumber(1, 86_400), {
      fallback: '1800',
      meaning: 'Seconds between neighbouring events of a session at most; a longer gap splits.',
    }),
    maxFutureSkewSeconds: knob('MAX_FUTURE_SKEW_SECONDS', wholeNumber(0, 31_536_000), {
      fallback: '600',
      meaning: "Seconds that an event's time may be ahead of its record's time; beyond is future.",
    }),
    activeEventTypes: optional(
      'ACTIVE_EVENT_TYPES',
      list('a comma list of event types in snake_case', /^[a-z][a-z0-9_]{0,127}$/),
      {
        whenUnset: 'all event types count',
        meaning:
          'Event types that count as activity. Only seeds a new catalogue; `tidemark event-types` changes it later.',
      },
    ),
  },

  processor: {
    commitIntervalMs: knob('COMMIT_INTERVAL_MS', wholeNumber(0, 60_000), {
      fallback: '50',
      meaning:
        'Milliseconds that rows wait for others to be written with them. Larger means fewer, larger inserts and staler tables.',
    }),
    maxPendingRows: knob('MAX_PENDING_ROWS', wholeNumber(1_000, 10_000_000), {
      fallback: '100000',
      meaning: 'Rows of one partition that may wait to be written before its reading pauses.',
    }),
    maxPendingBytes: knob('MAX_PENDING_BYTES', wholeNumber(64 * 1024, 1024 * MIB), {
      fallback: String(16 * MIB),
      meaning: 'Bytes of these rows, likewise.',
    }),
    maxCachedUserDays: knob('MAX_CACHED_USER_DAYS', wholeNumber(1_000, 100_000_000), {
      fallback: '500000',
      meaning:
        'User-days of one partition that are kept in memory, some 200 bytes each and more for busy ones. Beyond, they are read again from ClickHouse when touched.',
    }),
  },

  refresh: {
    intervalSeconds: knob('REFRESH_INTERVAL_SECONDS', wholeNumber(1, 86_400), {
      fallback: '10',
      meaning:
        'Seconds between two looks at the stored marts (growth, cohorts, breaches and the like); what is stale then is brought up to date.',
    }),
    eventsRetentionDays: optional('EVENTS_RETENTION_DAYS', wholeNumber(1, 36_500), {
      whenUnset: 'all are kept',
      meaning:
        'Days of raw events that are kept at least, counted back from the watermark; whole months go. Aggregates stay. More than LOOKBACK_DAYS.',
    }),
    maxWideEventTypes: knob('MAX_WIDE_EVENT_TYPES', wholeNumber(0, 10_000), {
      fallback: '200',
      meaning:
        'Event types that get columns of their own in the wide tables, in the order in which they came; the rest stay in the maps.',
    }),
    retentionDays: knob('RETENTION_DAYS', wholeRange(1, 365), {
      fallback: '22..28',
      meaning:
        'Days after the first one, that being day 0, of which an active event makes a user retained (is_retained_4_weeks).',
    }),
    externalRetentionLabel: knob('EXTERNAL_RETENTION_LABEL', yesOrNo, {
      fallback: 'false',
      meaning:
        "Whether retained_label of a user's attributes, where there is one, goes before what events say in is_retained_4_weeks.",
    }),
    sourceIdleSeconds: knob('SOURCE_IDLE_SECONDS', wholeNumber(1, 31_536_000), {
      fallback: '3600',
      meaning:
        'Seconds of record time that the last record of a partition may be behind the newest of its stream; beyond, the partition is idle and is_complete does not wait for it.',
    }),
  },

  customers: {
    grossMargin: knob('GROSS_MARGIN', fraction, {
      fallback: '0.6',
      meaning:
        'Part of the revenue that is left when the goods are paid: what the value of customers is computed with.',
    }),
    cltvHorizonDays: knob('CLTV_HORIZON_DAYS', wholeNumber(1, 36_500), {
      fallback: '365',
      meaning: 'Days ahead for which cltv_predicted says what a customer will bring.',
    }),
    churnDays: knob('CHURN_DAYS', wholeNumber(1, 36_500), {
      fallback: '90',
      meaning: 'Days without an order beyond which a customer is churned.',
    }),
    rfmMode: knob('RFM_MODE', oneOf('ntile', 'quantile'), {
      fallback: 'ntile',
      meaning:
        'How recency, frequency and money become scores from 1 to 5: ntile makes five groups of equal size, equal values by customer id; with quantile equal values share a score.',
    }),
  },

  checks: {
    freshness: knob(
      'CHECK_FRESHNESS',
      hoursOf([
        'app-events',
        'order-lines',
        'user-attributes',
        'orders',
        'products',
        'subscription-plans',
        'marts',
      ]),
      {
        fallback:
          'app-events=1..2,order-lines=1..2,user-attributes=24..48,orders=24..48,marts=1..2',
        meaning:
          'Hours after which `check` warns that a stream brought nothing, and after which it is an error; marts: that a stored table lags behind what is stored. What is not listed may be of any age, and a stream that never brought a record is not checked.',
      },
    ),
    days: knob('CHECK_DAYS', wholeNumber(1, 36_500), {
      fallback: '30',
      meaning: 'How many of the last days `check` looks at where a check goes by days.',
    }),
    folder: optional('CHECKS_DIR', line, {
      whenUnset: 'only the checks that come with Tidemark',
      meaning: 'Folder of SQL files that are further checks, see docs/checks.md.',
    }),
  },

  http: {
    port: knob('HTTP_PORT', wholeNumber(0, 65_535), {
      fallback: '8080',
      meaning: 'Port of metrics and health; 0 takes a free one.',
    }),
    host: knob('HTTP_HOST', textLike('a host name or an address', /^[^\s/]+$/), {
      fallback: '127.0.0.1',
      meaning: 'Address that the HTTP port is bound to; 0.0.0.0 is reachable from everywhere.',
    }),
    token: optional('HTTP_TOKEN', textLike('at least 8 characters without spaces', /^\S{8,}$/), {
      secret: 'whole',
      whenUnset: 'everything on the HTTP port is open',
      meaning: 'Bearer token that everything but health and metrics asks for.',
    }),
  },

  logging: {
    level: knob('LOG_LEVEL', oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'), {
      fallback: 'info',
      meaning: 'The least severe messages that are logged.',
    }),
  },
};
