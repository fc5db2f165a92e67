/** Rules as text: rules in, their JSON or fingerprint out, and back from JSON. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { EventType, Rules } from '../streams/rules.ts';

/**
 * Version of the rules that are code and not configuration: raise it with every change of how a
 * record is classified or folded.
 */
export const RULES_CODE_VERSION = 1;

/**
 * Hash of whatever decides an outcome or a fold. What decides neither is left out: the epoch,
 * `countsAsActive`, the order of lists, and in an open list entries that say no more than the
 * defaults, since an unlisted name is treated just the same.
 */
export function rulesFingerprint(rules: Rules): string {
  const { eventTypes, platforms, stockCodes, forgotten = [], eventsFrom } = rules;
  const types = eventTypes.types
    .filter((type) => eventTypes.closed || decidesSomething(type))
    .map(({ name, aliases, serverSide, miles }) => [name, aliases.toSorted(), serverSide, miles]);
  const names = platforms.platforms
    .filter(({ aliases }) => platforms.closed || aliases.length > 0)
    .map(({ name, aliases }) => [name, aliases.toSorted()]);
  const canonical = JSON.stringify([
    RULES_CODE_VERSION,
    rules.timezone,
    lookbackText(rules.lookbackDays),
    rules.maxFutureSkewSeconds,
    rules.minEventTime,
    rules.sessionGapSeconds,
    eventTypes.closed,
    sortedByText(types),
    platforms.closed,
    sortedByText(names),
    sortedByText(stockCodes.map(({ code, lineKind }) => [code, lineKind])),
    // What there was nothing of before it could be told leaves older fingerprints as they are.
    ...(forgotten.length > 0
      ? [sortedByText(forgotten.map(({ field, sha256 }) => [field, sha256]))]
      : []),
    ...(eventsFrom === undefined ? [] : [eventsFrom]),
  ]);
  return createHash('sha256').update(canonical).digest('hex');
}

/** Without those who were forgotten: they may be many, and have a table of their own. */
export function rulesToJson({ epoch: _epoch, forgotten: _forgotten, ...rules }: Rules): string {
  return JSON.stringify({ ...rules, lookbackDays: lookbackText(rules.lookbackDays) });
}

/** @throws ZodError when the text is not what `rulesToJson` writes. */
export function rulesFromJson(json: string, epoch: number): Rules {
  return { ...STORED_RULES.parse(JSON.parse(json)), epoch };
}

const STORED_RULES = z.object({
  timezone: z.string(),
  lookbackDays: z.union([z.number(), z.literal('unlimited').transform(() => Infinity)]),
  maxFutureSkewSeconds: z.number(),
  minEventTime: z.number(),
  sessionGapSeconds: z.number(),
  eventTypes: z.object({
    closed: z.boolean(),
    types: z.array(
      z.object({
        name: z.string(),
        aliases: z.array(z.string()),
        countsAsActive: z.boolean(),
        serverSide: z.boolean(),
        miles: z.enum(['earned', 'redeemed', 'none']),
      }),
    ),
  }),
  platforms: z.object({
    closed: z.boolean(),
    platforms: z.array(z.object({ name: z.string(), aliases: z.array(z.string()) })),
  }),
  // Rules that were recorded before there were any name none.
  stockCodes: z
    .array(z.object({ code: z.string(), lineKind: z.enum(['manual', 'non_product']) }))
    .default([]),
  eventsFrom: z.number().optional(),
});

/** JSON has no infinity. */
function lookbackText(days: number): number | 'unlimited' {
  return days === Infinity ? 'unlimited' : days;
}

function decidesSomething({ aliases, serverSide, miles }: EventType): boolean {
  return aliases.length > 0 || serverSide || miles !== 'none';
}

function sortedByText(values: readonly unknown[]): string[] {
  return values.map((value) => JSON.stringify(value)).sort();
}
