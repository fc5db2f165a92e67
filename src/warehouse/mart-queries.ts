/** What the refresher asks ClickHouse, as text. In: a refresh statement. Out: the queries that surround it. */
import { createHash } from 'node:crypto';
import type { RefreshStatement } from './schema-files.ts';

/**
 * The reference data that statements may read, by the name under which they do: a hash of whatever of it
 * matters to them. A new event type that is like all others changes nothing.
 */
const REFERENCES: Readonly<Record<string, string>> = {
  event_types: `
SELECT groupArray((event_type, counts_as_active, server_side, miles)) FROM
(
    SELECT * FROM event_types FINAL
    WHERE NOT counts_as_active OR server_side OR miles != 'none'
    ORDER BY event_type
)`,
  channel_group_expressions:
    'SELECT groupArray((expression, channel_group)) FROM channel_group_expressions',
  rules: 'SELECT argMax((timezone, lookback_days, session_gap_seconds), epoch) FROM rules',
  view_settings:
    'SELECT groupArray((name, value)) FROM (SELECT * FROM view_settings FINAL ORDER BY name)',
};

/** All of them in one row, each hashed, a UInt64 as text; and the server's time. */
export const REFERENCE_HASHES = `SELECT\n    toString(now64(3, 'UTC')) AS now,\n${Object.entries(
  REFERENCES,
)
  .map(([name, query]) => `    toString(cityHash64(toString((${query})))) AS ${name}`)
  .join(',\n')}`;

/** Of a keyed mart: the keys whose rows are missing, or made of other versions or by another statement. */
export function staleKeys({ table, key = '', sources }: RefreshStatement): string {
  // Only a part that was not there before can hold what was not there before.
  const fresh = sources
    .map(
      (source) =>
        `SELECT ${key} FROM ${source} WHERE concat('${source}/', _part) IN {parts: Array(String)}`,
    )
    .join(' UNION ALL ');
  const candidates = `
        WHERE cityHash64(${key}) % {chunks: UInt32} = {chunk: UInt32}
            AND ({everything: Bool} OR ${key} IN (${fresh}))`;
  const versions = sources.map(
    (source) => `SELECT ${key} AS key, version FROM ${source} FINAL${candidates}`,
  ).join(`
        UNION ALL
        `);
  return `
    SELECT s.key
    FROM
    (
        SELECT key, sum(version) AS version
        FROM
        (
        ${versions}
        )
        GROUP BY key
    ) AS s
    LEFT JOIN
    (
        SELECT ${key} AS key, min(version) AS version, max(made_by != {made_by: UInt64}) AS outdated
        FROM ${table} FINAL${candidates}
        GROUP BY key
    ) AS t ON t.key = s.key
    WHERE s.version != t.version OR t.outdated OR {full: Bool}`;
}

/** How many keys are stale, and if they are no more than `few` and fit into a parameter, which. */
export function countStaleKeys(refresh: RefreshStatement): string {
  return `
SELECT
    toUInt32(count()) AS keys,
    keys <= {few: UInt32} AND sum(${LENGTH_IN_URL}) <= ${NAMED_LENGTH} AS can_be_named,
    arrayResize(groupArray({few: UInt32} + 1)(toString(key)), if(can_be_named, keys, 0)) AS named
FROM (${staleKeys(refresh)})`;
}

/** ClickHouse takes parameters of up to 131,072 characters, as they are in the URL. */
const NAMED_LENGTH = 130_000;
/** With its quotes and a comma; what is escaped for SQL and then for the URL becomes six characters. */
const LENGTH_IN_URL = `length(toString(key)) * if(match(toString(key), '^[0-9A-Za-z_.-]*$'), 1, 6) + 9`;

/** The statement with the stale keys in their place: those that are `named`, or all that are to be found. */
export function refreshQuery(refresh: RefreshStatement, named: boolean): string {
  const { statement, key } = refresh;
  if (key === undefined) return statement;
  return named
    ? statement.replaceAll('({stale})', '{named: Array(String)}')
    : statement.replaceAll('{stale}', staleKeys(refresh));
}

/** Of a mart that is computed as a whole: what its source is made of, as UInt64 in text. */
export function sourceState(source: string): string {
  return `
SELECT
    toString(sum(m.version)) AS version,
    toString(sum(cityHash64(m.version, m.made_by))) AS state
FROM ${source} AS m FINAL`;
}

/** The parts of tables, each as `TABLE/PART`. */
export const SOURCE_PARTS = `
SELECT concat(table, '/', name) AS name
FROM system.parts
WHERE database = currentDatabase() AND table IN {tables: Array(String)} AND active`;

/** Checksum of a text and of the reference data that it names: 64 bits, as a decimal number. */
export function madeBy(text: string, references: Readonly<Record<string, string>>): string {
  const read = Object.entries(references).filter(
    ([name]) => !(name in REFERENCES) || new RegExp(`\\b${name}\\b`).test(text),
  );
  const hash = createHash('sha256').update(JSON.stringify([text, read]));
  return hash.digest().readBigUInt64LE().toString();
}
