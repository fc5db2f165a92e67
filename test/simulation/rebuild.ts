/**
 * User-days folded anew from their events, day by day, while the processors are at rest. In: a world.
 * Out: what was otherwise is replaced; it may break off anywhere.
 */
import { foldDay } from '../../src/processor/day-fold.ts';
import type { Row } from './native-reader.ts';
import { isDefect, simulatedContext } from './simulated-context.ts';
import type { World } from './world.ts';

const TABLE = 'user_day_rows';
const HABITS = { pendingRows: 1, cachedUserDays: 0, intervalMs: 0 };

export async function rebuildUserDays(world: World): Promise<void> {
  const { scheduler } = world;
  let ended = false;
  const work = rebuild(world).finally(() => {
    ended = true;
  });
  await scheduler.run(() => ended, 40_000);
  await work;
}

async function rebuild(world: World): Promise<void> {
  const { tables, rules } = world;
  const process = { name: 'rebuild', alive: true };
  const context = simulatedContext(world, process, HABITS, rules, () => {});
  const rows = [...tables.rows('events_rows'), ...tables.rows(TABLE)];
  const places = new Map(rows.map((row) => [placeOf(row), row]));
  try {
    for (const [place, row] of places) {
      const { pieces } = await foldDay(context, String(row['source']), Number(row['event_date']));
      const folded = tables.parse(TABLE, Buffer.concat(pieces)).flat();
      const stored = tables.rows(TABLE).filter((one) => placeOf(one) === place);
      const known = new Set(stored.map(contentOf));
      const right = new Set(folded.map(contentOf));
      const wrong = stored.filter((one) => !right.has(contentOf(one)));
      tables.remove(TABLE, wrong);
      tables.put(
        TABLE,
        folded.filter((one) => !known.has(contentOf(one))),
      );
    }
  } catch (error) {
    world.scheduler.trace(`  the rebuild broke off: ${String(error)}`);
    if (isDefect(error)) world.violated(String((error as Error).stack));
  }
}

function placeOf(row: Row): string {
  return `${String(row['event_date'])} ${String(row['source'])}`;
}

/** All but the version. */
function contentOf(row: Row): string {
  return JSON.stringify({ ...row, version: 0 }, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
}
