/**
 * In: the schemas of a subject, oldest first, and one that is to follow them. Out: why it may not, by
 * Avro's rules of resolution and the subject's level.
 */
import avro from 'avsc';
import type { Type } from 'avsc';
import { RegistryError } from './registry-port.ts';

/**
 * BACKWARD: the new schema reads what the latest one wrote; FORWARD: the latest one reads what the new
 * one writes; FULL: both; `_TRANSITIVE`: the same for all versions, not the latest alone.
 */
export const COMPATIBILITY_LEVELS = [
  'NONE',
  'BACKWARD',
  'BACKWARD_TRANSITIVE',
  'FORWARD',
  'FORWARD_TRANSITIVE',
  'FULL',
  'FULL_TRANSITIVE',
] as const;

export type CompatibilityLevel = (typeof COMPATIBILITY_LEVELS)[number];

export interface EarlierSchema {
  readonly version: number;
  readonly schema: string;
}

/** One sentence for each earlier version that does not go with the new schema. */
export function incompatibilities(
  level: CompatibilityLevel,
  schema: string,
  earlier: readonly EarlierSchema[],
): readonly string[] {
  if (level === 'NONE') return [];
  const next = parseAvro(schema);
  const reasons: string[] = [];
  for (const { version, schema: text } of level.endsWith('_TRANSITIVE')
    ? earlier
    : earlier.slice(-1)) {
    const previous = parseAvro(text);
    if (!level.startsWith('FORWARD')) {
      const why = misfit(previous, next);
      if (why !== null) {
        reasons.push(`the new schema cannot read what version ${version} wrote: ${why}`);
      }
    }
    if (!level.startsWith('BACKWARD')) {
      const why = misfit(next, previous);
      if (why !== null) {
        reasons.push(`version ${version} cannot read what the new schema writes: ${why}`);
      }
    }
  }
  return reasons;
}

/** Throws a RegistryError `schema_invalid` that says what is wrong with it. */
export function parseAvro(schema: string): Type {
  try {
    // Always the same form of unions: one that is wrapped and one that is not do not resolve.
    return avro.Type.forSchema(JSON.parse(schema) as avro.Schema, { wrapUnions: 'always' });
  } catch (cause) {
    throw new RegistryError('schema_invalid', `no Avro schema: ${messageOf(cause)}`, false, {
      cause,
    });
  }
}

/**
 * The same text for schemas that differ in spacing and in the order of their attributes alone. Throws a
 * RegistryError `schema_invalid` for what is nested too deep to be written.
 */
export function canonical(schema: string): string {
  try {
    return JSON.stringify(JSON.parse(schema), (_, value: unknown) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
        : value,
    );
  } catch (cause) {
    throw new RegistryError('schema_invalid', `no Avro schema: ${messageOf(cause)}`, false, {
      cause,
    });
  }
}

function misfit(writer: Type, reader: Type): string | null {
  try {
    reader.createResolver(writer);
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
