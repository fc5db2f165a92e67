import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rulesWith } from '../streams/app-event-samples.ts';
import { distinctEvents, eventsTwice } from './event-arbitrary.ts';
import { foldEvents, modelRows, rowOf, type Folded } from './fold-events.ts';

const rules = rulesWith();

test('a user-day is what the definitions say of its distinct events', () => {
  fc.assert(
    fc.property(distinctEvents, (events) => {
      const { blocks } = foldEvents(events, rules);
      const rows = new Map([...blocks].map(([key, block]) => [key, rowOf(block)]));
      expect(rows).toEqual(modelRows(events, rules));
    }),
    { numRuns: 40 },
  );
});

test('any order and any repetition of the events gives the same bytes', () => {
  fc.assert(
    fc.property(eventsTwice, ({ events, again }) => {
      const once = foldEvents(events, rules);
      const twice = foldEvents(again, rules);
      expect(once.duplicates).toBe(0);
      expect(twice.duplicates).toBe(again.length - events.length);
      expect(textOf(twice)).toEqual(textOf(once));
    }),
    { numRuns: 40 },
  );
});

test('in other time zones and with other gaps the same holds', () => {
  const others = fc
    .record({
      timezone: fc.constantFrom('America/New_York', 'Asia/Kolkata', 'Pacific/Apia'),
      sessionGapSeconds: fc.constantFrom(0, 1, 1799, 86_400),
    })
    .map(rulesWith);
  fc.assert(
    fc.property(distinctEvents, others, (events, other) => {
      const seen = new Set<string>();
      const days = events.filter((event) => {
        const [key] = modelRows([event], other).keys();
        const id = JSON.stringify([key, event.event_id]);
        return !seen.has(id) && seen.add(id);
      });
      const rows = [...foldEvents(days, other).blocks].map(([key, block]) => [key, rowOf(block)]);
      expect(rows).toEqual([...modelRows(days, other)]);
    }),
    { numRuns: 40 },
  );
});

function textOf({ blocks }: Folded): Map<string, string> {
  return new Map([...blocks].map(([key, block]) => [key, block.toString('latin1')]));
}
