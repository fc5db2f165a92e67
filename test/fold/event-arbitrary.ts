/** Draws sets of valid events that are hard to fold: ids close to each other, ties, gaps at the limit. */
import fc from 'fast-check';
import { anyText } from '../support/any-text.ts';
import type { SentEvent } from '../simulation/log.ts';
import { DAY, event, eventTypes, MONDAY, rulesWith, SECOND } from '../streams/app-event-samples.ts';

const UUID = '7c9e6679-7425-40de-944b-e07fc1f90ae7';

/** The same UUID with one bit changed: a digit that differs by a power of two. */
const nearUuid = fc
  .tuple(fc.integer({ min: 0, max: 35 }), fc.constantFrom(1, 2, 4, 8))
  .map(([at, bit]) => {
    const digit = Number.parseInt(UUID[at]!, 16);
    if (Number.isNaN(digit)) return UUID;
    return `${UUID.slice(0, at)}${(digit ^ bit).toString(16)}${UUID.slice(at + 1)}`;
  });

const id = fc.oneof(
  fc.uuid(),
  nearUuid,
  fc.uuid().map((uuid) => uuid.toUpperCase()),
  fc.constantFrom(
    '00000000-0000-0000-0000-000000000000',
    'ffffffff-ffff-ffff-ffff-ffffffffffff',
    UUID.toUpperCase(),
    UUID.replaceAll('-', ''),
    `${UUID.slice(0, 35)}g`,
    `${UUID} `,
    '0',
    '9',
    'A',
    'a',
    'é',
    '\u{1F600}',
    '～',
    'a\0b',
    'x'.repeat(128),
    `${'x'.repeat(127)}y`,
  ),
);

const gap = rulesWith().sessionGapSeconds * SECOND;

/** Within three days, many at the same time, and many just as far apart as a session allows. */
const time = fc
  .tuple(
    fc.integer({ min: 0, max: 2 }),
    fc.integer({ min: 0, max: 40 }),
    fc.constantFrom(0, 0, 0, 1, -1, 999_999),
  )
  .map(([day, gaps, micros]) => MONDAY + day * DAY + Math.max(0, gaps * gap + micros));

const type = fc.oneof(
  fc.constantFrom(...eventTypes.map(({ name }) => name), 'PageView'),
  fc.integer({ min: 0, max: 30 }).map((number) => `custom_${number}`),
);
const text = fc.oneof(
  fc.constantFrom(null, 'ios', 'iPhone', 'web', '', ' X '),
  anyText({ maxLength: 5 }),
);

const anyEvent: fc.Arbitrary<SentEvent> = fc
  .record({
    event_id: id,
    user_id: fc.constantFrom('ann', 'bob', 'Zoë', '\u{1F600}'),
    event_type: type,
    event_time: time,
    platform: text,
    utm_source: text,
    country: fc.constantFrom(null, 'DE', 'ID'),
    miles: fc.oneof(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 0, max: 2 ** 45 })),
  })
  .map(({ miles, ...fields }) => {
    const moves = eventTypes.some(
      ({ name, miles: kind }) => name === fields.event_type && kind !== 'none',
    );
    return event({ ...fields, miles_amount: moves ? miles : null });
  });

/** Events of three days that are all different: no two of one user and day have the same id. */
export const distinctEvents = fc.uniqueArray(anyEvent, {
  maxLength: 60,
  selector: ({ user_id, event_id, event_time }) =>
    JSON.stringify([user_id, event_id, Math.floor(event_time / DAY)]),
});

/** A set of events, and the same set in another order with repeats. */
export const eventsTwice = distinctEvents.chain((events) =>
  fc.record({
    events: fc.constant(events),
    again: fc
      .tuple(
        fc.shuffledSubarray(events, { minLength: events.length }),
        fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 20 }),
      )
      .map(([shuffled, repeats]) => {
        const again = [...shuffled];
        if (events.length === 0) return again;
        for (const [which, where] of repeats) {
          again.splice(where % (again.length + 1), 0, events[which % events.length]!);
        }
        return again;
      }),
  }),
);
