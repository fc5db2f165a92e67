/** In: a mapping file. Out: what each field of a record is made from, checked for its form only. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { FileError, causeOf } from './file-error.ts';

const format = z.enum(['iso', 'epoch_s', 'epoch_ms', 'epoch_us']);
const constant = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const FIELD_FORMS =
  '"column", {"column": …} with "default", "strip_decimal" or "format", {"value": …}, {"template": …}, a list of columns, or null';

const field = z.union(
  [
    z.string(),
    z.null(),
    z.array(z.string()),
    z.strictObject({
      column: z.string(),
      default: constant.optional(),
      strip_decimal: z.boolean().optional(),
      format: format.optional(),
    }),
    z.strictObject({ value: constant, format: format.optional() }),
    z.strictObject({ template: z.string(), format: format.optional() }),
  ],
  { error: `must be one of the forms ${FIELD_FORMS}` },
);

const where = z.union(
  [
    z.strictObject({ column: z.string(), not_empty: z.literal(true) }),
    z.strictObject({
      column: z.string(),
      in: z.array(z.union([z.string(), z.number()])).min(1),
    }),
  ],
  { error: 'must be {"column": …, "not_empty": true} or {"column": …, "in": […]}' },
);

const mapping = z.object({ where: where.optional() }).catchall(field);

export type FieldMapping = z.output<typeof field>;
export type WhereMapping = z.output<typeof where>;

export interface Mapping {
  /** How messages name the mapping: its file. */
  readonly name: string;
  readonly where: WhereMapping | undefined;
  readonly fields: ReadonlyMap<string, FieldMapping>;
}

/** No mapping: columns go to the fields of the same name. */
export const NO_MAPPING: Mapping = { name: 'no mapping', where: undefined, fields: new Map() };

/** Throws a FileError (`wrong_mapping`) that names every entry which has none of the forms. */
export async function readMapping(path: string): Promise<Mapping> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    const what = error instanceof SyntaxError ? 'is not JSON' : 'cannot be read';
    throw new FileError('wrong_mapping', `mapping ${path} ${what}: ${causeOf(error)}`, error);
  }
  return parseMapping(json, path);
}

export function parseMapping(json: unknown, name: string): Mapping {
  const parsed = mapping.safeParse(json);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) =>
      path.length === 0
        ? `mapping ${name} must be an object`
        : `mapping ${name}: ${path[0]?.toString()} ${message}`,
    );
    throw new FileError('wrong_mapping', problems.join('\n'));
  }
  const { where: condition, ...fields } = parsed.data;
  return { name, where: condition, fields: new Map(Object.entries(fields)) };
}
