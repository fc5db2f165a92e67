/** In: the shape of a schema. Out: the data dictionary, a page of Markdown. */
import { CATEGORIES } from './categories.ts';
import type { Column, Table } from './schema-shape.ts';

const isStored = ({ name }: Table) => name.endsWith('_rows');
const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');

export function dataDictionary(tables: readonly Table[]): string {
  const shown = tables.filter(({ kind }) => kind !== 'feed');
  const forPeople = shown.filter((table) => !isStored(table));
  const stored = shown.filter(isStored);
  return [
    '# Data dictionary',
    'Every table and column, read from the schema itself: the comments are those that `DESCRIBE` shows. What each table means to the last detail: [definitions.md](definitions.md). Where it all comes from: [lineage.svg](lineage.svg).',
    'This page and the picture are made by `npm run docs`, and `npm test` fails when they are not those of the schema.',
    '![What is made from what](lineage.svg)',
    '## Tables',
    table(
      ['table', 'what it is'],
      forPeople.map(({ name, comment }) => [`[\`${name}\`](#${name})`, cell(comment)]),
    ),
    '## Categories: what they mean, and what to do',
    'Where a value depends on thresholds, an interval `[a, b)` has a and not b. `Unknown` always says that there was nothing to judge: no active users, or no earlier period. Categories of customers and orders are explained at their columns below, and in the tables `rfm_segments`, `churn_groups` and `stock_codes`, which may be edited.',
    ...CATEGORIES.map(({ table: of, column, values }) =>
      [
        `### \`${of}.${column}\``,
        table(
          ['value', 'when', 'what to do'],
          values.map((row) => row.map(cell)),
        ),
      ].join('\n\n'),
    ),
    '## Tables and their columns',
    ...forPeople.map(section),
    '## Stored tables',
    'What the views above are made of. Rows may be there several times until they are merged; read the views.',
    table(
      ['table', 'made from', 'what it is'],
      stored.map(({ name, from, comment }) => [`\`${name}\``, sources(from), cell(comment)]),
    ),
  ]
    .join('\n\n')
    .concat('\n');
}

function section({ name, kind, comment, columns, from }: Table): string {
  const made = from.length === 0 ? '' : ` Made from ${sources(from)}.`;
  return [
    `### ${name}`,
    `${kind === 'view' ? 'View' : 'Table'}. ${cell(comment)}${made}`,
    ...(columns.length === 0 ? [] : [columnsTable(columns)]),
  ].join('\n\n');
}

function columnsTable(columns: readonly Column[]): string {
  return table(
    ['column', 'type', 'meaning'],
    columns.map(({ name, type, comment }) => [
      `\`${name}\``,
      `\`${type.replaceAll('|', '\\|')}\``,
      cell(comment),
    ]),
  );
}

const sources = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(', ');

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
