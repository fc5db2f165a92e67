/**
 * In: an Avro schema as JSON. Out: a graph of nodes in which names are resolved (a recursive schema is
 * a cyclic graph) and what decides neither encoding nor meaning (docs, order, custom attributes) is gone.
 */
import { IncompatibleSchemaError, shown } from './decode-error.ts';

export type SchemaNode =
  PrimitiveNode | FixedNode | EnumNode | ArrayNode | MapNode | UnionNode | RecordNode;

export type Primitive =
  'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'bytes' | 'string';

/** Only those that change how a number is meant; any other is read as its base type, as Avro says. */
export type Logical =
  | { readonly is: 'instant'; readonly perSecond: bigint }
  | { readonly is: 'decimal'; readonly scale: number }
  /** A date or a time that is no instant: `what` is its name. */
  | { readonly is: 'calendar'; readonly what: string };

export interface PrimitiveNode {
  readonly kind: Primitive;
  readonly logical: Logical | null;
}
export interface FixedNode {
  readonly kind: 'fixed';
  readonly name: string;
  readonly size: number;
  readonly logical: Logical | null;
}
export interface EnumNode {
  readonly kind: 'enum';
  readonly name: string;
  readonly symbols: readonly string[];
  readonly fallback: string | null;
}
export interface ArrayNode {
  readonly kind: 'array';
  readonly items: SchemaNode;
}
export interface MapNode {
  readonly kind: 'map';
  readonly values: SchemaNode;
}
export interface UnionNode {
  readonly kind: 'union';
  readonly branches: readonly SchemaNode[];
}
export interface RecordNode {
  readonly kind: 'record';
  readonly name: string;
  readonly fields: readonly FieldNode[];
}
export interface FieldNode {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly type: SchemaNode;
  /** The default as JSON; undefined when there is none. */
  readonly fallback: unknown;
}

const PRIMITIVES: ReadonlySet<string> = new Set<Primitive>([
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  'string',
]);

const LOGICAL: Readonly<Record<string, readonly [base: string, Logical]>> = {
  'timestamp-millis': ['long', { is: 'instant', perSecond: 1_000n }],
  'timestamp-micros': ['long', { is: 'instant', perSecond: 1_000_000n }],
  'timestamp-nanos': ['long', { is: 'instant', perSecond: 1_000_000_000n }],
  'local-timestamp-millis': ['long', { is: 'calendar', what: 'local-timestamp-millis' }],
  'local-timestamp-micros': ['long', { is: 'calendar', what: 'local-timestamp-micros' }],
  'local-timestamp-nanos': ['long', { is: 'calendar', what: 'local-timestamp-nanos' }],
  'time-micros': ['long', { is: 'calendar', what: 'time-micros' }],
  'time-millis': ['int', { is: 'calendar', what: 'time-millis' }],
  date: ['int', { is: 'calendar', what: 'date' }],
};

const MAX_NESTING = 64;

/** Throws an `IncompatibleSchemaError` when the JSON is not an Avro schema in one piece. */
export function parseSchema(json: unknown): SchemaNode {
  return new Parser().parse(json, '', 0);
}

/** The part of a name that its namespace leaves over. */
export function simpleName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

class Parser {
  readonly #named = new Map<string, SchemaNode>();

  parse(json: unknown, namespace: string, nesting: number): SchemaNode {
    if (nesting > MAX_NESTING) throw invalid(`it is nested more than ${MAX_NESTING} deep`);
    if (typeof json === 'string') return this.#reference(json, namespace);
    if (Array.isArray(json)) {
      const branches = json.map((branch) => this.parse(branch, namespace, nesting + 1));
      if (branches.length === 0 || branches.some(({ kind }) => kind === 'union')) {
        throw invalid('a union is empty or directly in another');
      }
      return { kind: 'union', branches };
    }
    if (typeof json !== 'object' || json === null) throw invalid(`${shown(json)} is no type`);
    const schema: Record<string, unknown> = { ...json };
    const { type } = schema;
    switch (type) {
      case 'record':
      case 'error':
        return this.#record(schema, namespace, nesting);
      case 'enum': {
        const name = fullName(schema, namespace);
        const symbols = strings(schema['symbols'], `symbols of ${name}`);
        const fallback = typeof schema['default'] === 'string' ? schema['default'] : null;
        return this.#define(name, { kind: 'enum', name, symbols, fallback });
      }
      case 'fixed': {
        const name = fullName(schema, namespace);
        const { size } = schema;
        if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
          throw invalid(`size of ${name} is ${shown(size)}`);
        }
        return this.#define(name, { kind: 'fixed', name, size, logical: logical(schema, 'fixed') });
      }
      case 'array': {
        const items = this.parse(schema['items'], namespace, nesting + 1);
        // Such an array of any length is a few bytes long, and would be walked item by item.
        if (takesNoBytes(items)) throw invalid('the items of an array take no bytes');
        return { kind: 'array', items };
      }
      case 'map':
        return { kind: 'map', values: this.parse(schema['values'], namespace, nesting + 1) };
      default: {
        const node = this.parse(type, namespace, nesting + 1);
        return isPrimitive(node) ? { kind: node.kind, logical: logical(schema, node.kind) } : node;
      }
    }
  }

  #record(schema: Record<string, unknown>, namespace: string, nesting: number): RecordNode {
    const name = fullName(schema, namespace);
    const fields: FieldNode[] = [];
    const node: RecordNode = { kind: 'record', name, fields };
    this.#define(name, node);
    const own = name.slice(0, Math.max(0, name.lastIndexOf('.')));
    if (!Array.isArray(schema['fields'])) throw invalid(`record ${name} has no fields`);
    const list: readonly unknown[] = schema['fields'];
    for (const json of list) {
      const field: Record<string, unknown> = typeof json === 'object' ? { ...json } : {};
      if (typeof field['name'] !== 'string') throw invalid(`a field of ${name} has no name`);
      fields.push({
        name: field['name'],
        aliases: field['aliases'] === undefined ? [] : strings(field['aliases'], 'aliases'),
        type: this.parse(field['type'], own, nesting + 1),
        fallback: field['default'],
      });
    }
    if (new Set(fields.map((field) => field.name)).size < fields.length) {
      throw invalid(`two fields of ${name} have the same name`);
    }
    return node;
  }

  #reference(name: string, namespace: string): SchemaNode {
    const node = this.#named.get(qualified(name, namespace)) ?? this.#named.get(name);
    if (node !== undefined) return node;
    if (PRIMITIVES.has(name)) return { kind: name as Primitive, logical: null };
    throw invalid(`the type ${shown(name)} is not defined`);
  }

  #define<Node extends SchemaNode>(name: string, node: Node): Node {
    if (this.#named.has(name)) throw invalid(`the type ${name} is defined twice`);
    this.#named.set(name, node);
    return node;
  }
}

function isPrimitive(node: SchemaNode): node is PrimitiveNode {
  return PRIMITIVES.has(node.kind);
}

/** Whether every value of a type is of no length, so that any number of them may follow from few bytes. */
export function takesNoBytes(
  node: SchemaNode,
  seen: Map<SchemaNode, boolean> = new Map<SchemaNode, boolean>(),
): boolean {
  if (node.kind === 'null') return true;
  if (node.kind === 'fixed') return node.size === 0;
  if (node.kind !== 'record') return false;
  const known = seen.get(node);
  if (known !== undefined) return known;
  // A record within itself adds nothing. Each is looked at once: a schema of n records has up to 2^n ways
  // to the last one.
  seen.set(node, true);
  const empty = node.fields.every((field) => takesNoBytes(field.type, seen));
  seen.set(node, empty);
  return empty;
}

function logical(schema: Record<string, unknown>, base: Primitive | 'fixed'): Logical | null {
  const { logicalType, scale = 0 } = schema;
  if (logicalType === 'decimal' && (base === 'bytes' || base === 'fixed')) {
    if (typeof scale === 'number' && Number.isInteger(scale) && scale >= 0 && scale <= 1000) {
      return { is: 'decimal', scale };
    }
    throw invalid(`scale of a decimal is ${shown(scale)}`);
  }
  if (typeof logicalType !== 'string' || !Object.hasOwn(LOGICAL, logicalType)) return null;
  const known = LOGICAL[logicalType];
  return known !== undefined && known[0] === base ? known[1] : null;
}

function fullName(schema: Record<string, unknown>, namespace: string): string {
  const { name, namespace: own } = schema;
  if (typeof name !== 'string' || name === '') throw invalid('a named type has no name');
  return qualified(name, typeof own === 'string' ? own : namespace);
}

function qualified(name: string, namespace: string): string {
  return namespace === '' || name.includes('.') ? name : `${namespace}.${name}`;
}

function strings(json: unknown, what: string): readonly string[] {
  if (Array.isArray(json) && json.every((item) => typeof item === 'string')) return json;
  throw invalid(`${what} are ${shown(json)}`);
}

function invalid(what: string): IncompatibleSchemaError {
  return new IncompatibleSchemaError(`not a schema that can be read: ${what}`);
}
