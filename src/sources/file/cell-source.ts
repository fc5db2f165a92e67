/** In: one entry of a mapping and the file's columns. Out: where a field's values come from, row by row. */
import { FileError } from './file-error.ts';
import type { FieldMapping, Mapping } from './mapping.ts';
import type { Row, RowShape } from './row-file.ts';
import { textOf } from './field-encoders.ts';
import type { TimeFormat } from './time.ts';

/** The value for a row; null or undefined where there is none. */
export type CellSource = (row: Row) => unknown;

export interface FieldSource {
  readonly read: CellSource;
  /** What messages call it, such as `column "ts"`. */
  readonly described: string;
  /** The unit of its times, where the mapping or the file says so. */
  readonly format: TimeFormat | undefined;
}

/**
 * Throws a FileError (`wrong_mapping`) when the entry names a column that the file does not have.
 * Null when the entry says that the field stays empty.
 */
export function fieldSource(
  field: string,
  entry: FieldMapping,
  file: RowShape,
  mapping: Mapping,
): FieldSource | null {
  if (entry === null) return null;
  if (typeof entry === 'string') return columnSource(field, { column: entry }, file, mapping);
  if (Array.isArray(entry)) return listSource(field, entry, file, mapping);
  if ('column' in entry) return columnSource(field, entry, file, mapping);
  if ('template' in entry) return templateSource(field, entry, file, mapping);
  const { value, format } = entry;
  return { read: () => value, described: 'its constant', format };
}

/** The position of a column that an entry names. */
export function locate(
  entry: string,
  column: string,
  file: RowShape,
  mapping: Pick<Mapping, 'name'>,
  mayBeMissing = false,
): number {
  const known = file.columns.some(({ name }) => name === column);
  if (!known && !(file.open && mayBeMissing)) {
    const has = file.open ? 'has in none of its first rows; those have' : 'does not have; it has';
    const columns = file.columns.map(({ name }) => name).join(', ') || 'no columns';
    throw new FileError(
      'wrong_mapping',
      `mapping ${mapping.name}: ${entry} takes column "${column}", which ${file.path} ${has} ${columns}`,
    );
  }
  return file.locate(column);
}

type ColumnEntry = Extract<FieldMapping, { column: string }>;

function columnSource(
  field: string,
  entry: ColumnEntry,
  file: RowShape,
  mapping: Mapping,
): FieldSource {
  const { column, default: fallback, strip_decimal: strip, format } = entry;
  const position = locate(field, column, file, mapping, fallback !== undefined);
  const read: CellSource =
    strip === true
      ? ({ cells }) => withoutDecimal(cells[position] ?? fallback)
      : fallback === undefined
        ? ({ cells }) => cells[position]
        : ({ cells }) => cells[position] ?? fallback;
  const time = file.columns.find(({ name }) => name === column)?.time;
  return { read, described: `column "${column}"`, format: format ?? time };
}

function templateSource(
  field: string,
  { template, format }: Extract<FieldMapping, { template: string }>,
  file: RowShape,
  mapping: Mapping,
): FieldSource {
  const parts = template.split(/\{([^{}]*)\}/).map((part, at): CellSource => {
    if (at % 2 === 0) return () => part;
    if (part === '@row') return ({ number }) => number;
    const position = locate(field, part, file, mapping);
    return ({ cells }) => cells[position];
  });
  const read: CellSource = (row) => {
    let text = '';
    for (const part of parts) {
      const value = part(row);
      if (value !== null && value !== undefined) text += textOf(value) ?? '';
    }
    return text;
  };
  return { read, described: `template "${template}"`, format };
}

/** A map of the columns that have a value, by their names. */
function listSource(
  field: string,
  columns: readonly string[],
  file: RowShape,
  mapping: Mapping,
): FieldSource {
  const positions = columns.map(
    (column) => [column, locate(field, column, file, mapping)] as const,
  );
  return {
    read: ({ cells }) =>
      Object.fromEntries(positions.map(([column, position]) => [column, cells[position]])),
    described: `columns ${columns.join(', ')}`,
    format: undefined,
  };
}

function withoutDecimal(value: unknown): unknown {
  if (value === null || value === undefined) return value;
  return textOf(value)?.replace(/\.0+$/, '') ?? value;
}
