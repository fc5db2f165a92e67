/** A query behind a figure and an address of the API: what it is called, what it reads, how far back. */

export interface Dataset {
  /** Its address: `/api/NAME`. */
  readonly name: string;
  /** A sentence: what one row is. */
  readonly description: string;
  /** Views whose comments define its columns, by name. */
  readonly views: readonly string[];
  /** What columns mean that no view has. */
  readonly meanings?: Readonly<Record<string, string>>;
  /** May say `{days: UInt32}`: so many days up to the newest one are meant. */
  readonly sql: string;
}

export type Row = Readonly<Record<string, unknown>>;

export interface Range {
  /** As in the address: `?days=90`. */
  readonly value: string;
  readonly label: string;
  readonly days: number;
}

/** As far back as a day can be counted, with room to add it to any day that ClickHouse can hold. */
const ALL_DAYS = 20_000;

export const RANGES: readonly Range[] = [
  { value: '30', label: '30 days', days: 30 },
  { value: '90', label: '90 days', days: 90 },
  { value: '365', label: '365 days', days: 365 },
  { value: 'all', label: 'all', days: ALL_DAYS },
];

export const DEFAULT_RANGE = RANGES[1]!;

/** Undefined when there is no such range. */
export function rangeOf(value: string | undefined): Range | undefined {
  return value === undefined ? DEFAULT_RANGE : RANGES.find((range) => range.value === value);
}

export function isRanged({ sql }: Dataset): boolean {
  return sql.includes(DAYS);
}

const DAYS = '{days: UInt32}';

/** The query with the range written out, as a person can run it. */
export function shownSql({ sql }: Dataset, { days }: Range): string {
  return sql.replaceAll(DAYS, String(days));
}

/** The condition that a day, a column named like this, is within the range. */
export function withinRange(column: string, stream = 'app-events'): string {
  return `${column} + ${DAYS} > (SELECT max(last_day) FROM stream_watermarks WHERE stream = '${stream}')`;
}

/** Null for NULL and what is no number. */
export function numberIn(row: Row, column: string): number | null {
  const value = row[column];
  return typeof value === 'number' ? value : null;
}

/** Empty for NULL. */
export function textIn(row: Row, column: string): string {
  const value = row[column];
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Whether a row of a day or month is settled; rows without the column are. */
export function isSettled(row: Row): boolean {
  return row['is_complete'] !== false;
}
