import { expect, test } from 'vitest';
import { ByteMap } from '../../src/decode/byte-map.ts';
import type { Slots } from '../../src/decode/slots.ts';
import { REASONS } from '../../src/streams/reasons.ts';
import type { Rules } from '../../src/streams/rules.ts';
import type { Interpreter } from '../../src/streams/stream.ts';
import type { SentEvent } from '../simulation/log.ts';
import { binary, readNative } from '../simulation/native-reader.ts';
import {
  DAY,
  event,
  eventType,
  eventTypes,
  rulesWith,
  slotsOf,
  stream,
} from './app-event-samples.ts';

const closedTypes = rulesWith({ eventTypes: { closed: true, types: eventTypes } });
const { platforms } = rulesWith().platforms;
const closedPlatforms = rulesWith({ platforms: { closed: true, platforms } });
const earliest = rulesWith().minEventTime;
/** 2149-06-06 in UTC. */
const END = 65_535 * DAY;

const anyRules = rulesWith();
const breaches: readonly [string, Partial<SentEvent>, Rules?][] = [
  ['event_id_empty', { event_id: '' }],
  ['event_id_too_long', { event_id: 'x'.repeat(129) }],
  ['event_id_too_long', { event_id: '€'.repeat(43) }],
  ['user_id_empty', { user_id: '' }],
  ['user_id_too_long', { user_id: 'x'.repeat(129) }],
  ...['', ' ', 'Like', 'page-view', 'page view', '_like', 'like_', 'a__b', '1st', 'gefällt'].map(
    (name): [string, Partial<SentEvent>] => ['event_type_malformed', { event_type: name }],
  ),
  ['event_type_malformed', { event_type: 'x'.repeat(129) }],
  ['event_type_malformed', { event_type: 'Like' }, closedTypes],
  ['unknown_event_type', { event_type: 'dance' }, closedTypes],
  ['time_out_of_range', { event_time: earliest - 1 }],
  ['time_out_of_range', { event_time: 0 }],
  ['time_out_of_range', { event_time: -DAY }],
  ['time_out_of_range', { event_time: END }],
  ['time_out_of_range', { event_time: -(2 ** 53) }],
  ['time_out_of_range', { event_time: 2 ** 53 - 1 }],
  ['miles_missing', { event_type: 'miles_earned' }],
  ['miles_missing', { event_type: 'miles_redeemed' }],
  ['miles_missing', { event_type: 'earn' }],
  ['miles_negative', { event_type: 'miles_earned', miles_amount: -1 }],
  ['miles_negative', { event_type: 'miles_redeemed', miles_amount: -(2 ** 53) }],
  ['miles_unexpected', { miles_amount: 0 }],
  ['miles_unexpected', { miles_amount: 5 }],
  ['miles_unexpected', { miles_amount: -5 }],
  ['miles_unexpected', { event_type: 'dance', miles_amount: 5 }],
  ['platform_unknown', { platform: 'toaster' }, closedPlatforms],
  ...[
    '',
    'shop',
    '/cart',
    'https:/x',
    'https://',
    '://x',
    '1x://a',
    'https://a b',
    'a\n://b',
    'é://x',
    'https://x\u007f',
  ].map((url): [string, Partial<SentEvent>] => ['page_url_malformed', { page_url: url }]),
];

test.each(breaches)('%s: %j', (reason, given, rules = anyRules) => {
  expect(check(given, rules)).toBe(reason);
});

test('every reason that a rule of app events gives is tested here, and listed', () => {
  const ofRules = /^(event_|user_id_|unknown_event_type|time_|miles_|platform_|page_url_)/;
  const listed = Object.keys(REASONS).filter((reason) => ofRules.test(reason));
  expect([...new Set(breaches.map(([reason]) => reason))].sort()).toEqual(listed.sort());
});

test.each<[string, Partial<SentEvent>, Rules?]>([
  ['an id of 128 bytes', { event_id: 'x'.repeat(128) }],
  ['a user of 128 bytes', { user_id: `${'€'.repeat(42)}xx` }],
  ['an id that is a space', { event_id: ' ' }],
  ['a type of 128 bytes', { event_type: 'x'.repeat(128) }],
  ['a type with digits', { event_type: 'step2_of_3' }],
  ['the first moment', { event_time: earliest }],
  ['the last moment', { event_time: END - 1 }],
  ['no miles', { event_type: 'miles_earned', miles_amount: 0 }],
  ['the most miles', { event_type: 'miles_redeemed', miles_amount: 2 ** 53 - 1 }],
  ['a listed type of a closed catalogue', { event_type: 'like' }, closedTypes],
  ['an alias in a closed catalogue', { event_type: 'PageView' }, closedTypes],
  ['a listed platform of a closed list', { platform: ' iPhone ' }, closedPlatforms],
  ['no platform with a closed list', { platform: null }, closedPlatforms],
  ['a blank platform with a closed list', { platform: ' \t' }, closedPlatforms],
  ['a URL', { page_url: 'https://example.org/ä?b=c#d' }],
  ['a URL of an app', { page_url: 'my-app+x.y://h' }],
  ['a country as it is', { country: 'de' }],
])('allowed: %s', (_, given, rules = anyRules) => {
  expect(check(given, rules)).toBeNull();
});

test('of several breaches the first in this order is the reason', () => {
  const rules = rulesWith({ platforms: { closed: true, platforms } });
  const wrong: Partial<SentEvent>[] = [
    { event_id: '' },
    { user_id: '' },
    { event_type: 'No Type' },
    { event_time: 0 },
    { miles_amount: -1 },
    { platform: 'toaster' },
    { page_url: 'nowhere' },
  ];
  const reasons = wrong.map((_, first) =>
    check(Object.assign({}, ...wrong.slice(first)) as Partial<SentEvent>, rules),
  );
  expect(reasons).toEqual([
    'event_id_empty',
    'user_id_empty',
    'event_type_malformed',
    'time_out_of_range',
    'miles_unexpected',
    'platform_unknown',
    'page_url_malformed',
  ]);
});

test.each([
  [null, null],
  ['', null],
  [' \t\n', null],
  ['ios', 'ios'],
  ['iOS', 'ios'],
  [' iPad\n', 'ios'],
  ['BROWSER', 'web'],
  ['Toaster', 'toaster'],
  ['ÄPFEL ', 'äpfel'],
  ['\u00a0web\u00a0', 'web'],
])('the platform %j is kept as %j', (sent, kept) => {
  const slots = checked({ platform: sent });
  expect(textOf(slots, 'platform')).toBe(kept);
});

test.each([
  [null, null],
  ['', null],
  ['  ', null],
  ['google', 'google'],
  [' Google_CPC ', 'google_cpc'],
  ['Ünïcode', 'ünïcode'],
  ['two words', 'two words'],
  ['a~', 'a~'],
])('the UTM source %j is kept as %j', (sent, kept) => {
  expect(textOf(checked({ utm_source: sent }), 'utm_source')).toBe(kept);
});

test.each([
  ['page_view', 'page_view'],
  ['view_page', 'page_view'],
  ['PageView', 'page_view'],
  ['earn', 'miles_earned'],
  ['dance', 'dance'],
])('the event type %j is kept as %j', (sent, kept) => {
  const miles_amount = kept === 'miles_earned' ? 1 : null;
  expect(textOf(checked({ event_type: sent, miles_amount }), 'event_type')).toBe(kept);
});

test('a type’s own name wins over another’s alias, whatever their order', () => {
  const like = eventType('like');
  const share = eventType('share', { aliases: ['like'] });
  for (const types of [
    [like, share],
    [share, like],
  ]) {
    const rules = rulesWith({ eventTypes: { closed: true, types } });
    expect(textOf(checked({ event_type: 'like' }, rules), 'event_type')).toBe('like');
  }
});

test('a platform’s own name wins over another’s alias', () => {
  const list = [
    { name: 'tv', aliases: ['web'] },
    { name: 'web', aliases: [] },
  ];
  for (const ordered of [list, list.toReversed()]) {
    const rules = rulesWith({ platforms: { closed: true, platforms: ordered } });
    expect(textOf(checked({ platform: 'Web' }, rules), 'platform')).toBe('web');
  }
});

test('what normalises to the same is normalised again to itself', () => {
  const interpreter = stream.interpreter(anyRules);
  const slots = slotsOf(
    event({ platform: ' iPhone', utm_source: ' Ünï ', event_type: 'PageView' }),
  );
  for (let time = 0; time < 2; time++) {
    expect(interpreter.check(slots)).toBeNull();
    expect(textOf(slots, 'platform')).toBe('ios');
    expect(textOf(slots, 'utm_source')).toBe('ünï');
    expect(textOf(slots, 'event_type')).toBe('page_view');
  }
});

test('the memory of spellings has a bound, beyond which they are still known', () => {
  const interpreter = stream.interpreter(closedPlatforms);
  for (let n = 0; n < 10_050; n++) {
    expect(interpreter.check(slotsOf(event({ platform: `${' '.repeat(n % 97)}x${n}` })))).toBe(
      'platform_unknown',
    );
  }
  const slots = slotsOf(event({ platform: 'IPAD' }));
  expect(interpreter.check(slots)).toBeNull();
  expect(textOf(slots, 'platform')).toBe('ios');
});

test('a type that an open catalogue does not list is listed once, when an event of it is kept', () => {
  const interpreter = stream.interpreter(anyRules);
  take(interpreter, { event_type: 'like' });
  expect(interpreter.takeListings()).toBeNull();
  // Checked, but late or a duplicate: nothing of it is kept.
  expect(interpreter.check(slotsOf(event({ event_type: 'dance' })))).toBeNull();
  expect(interpreter.takeListings()).toBeNull();
  take(interpreter, { event_type: 'dance' });
  take(interpreter, { event_type: 'dance' });
  take(interpreter, { event_type: 'sing_aloud' });
  const listing = interpreter.takeListings();
  expect(listing).toMatchObject({ table: 'event_types', rows: 2 });
  const [block] = readNative(Buffer.concat(listing!.pieces));
  expect(block!.rows).toEqual([
    { event_type: 'dance', updated_at: 0 },
    { event_type: 'sing_aloud', updated_at: 0 },
  ]);
  expect(interpreter.takeListings()).toBeNull();
  take(interpreter, { event_type: 'dance' });
  expect(interpreter.takeListings()).toBeNull();
});

test('a row stored under a type that a closed catalogue no longer lists opens nothing', () => {
  const interpreter = stream.interpreter(closedTypes);
  const stored = slotsOf(event({ event_type: 'dance' }));
  interpreter.reduce(stored, factWriter(interpreter), 0);
  expect(interpreter.check(slotsOf(event({ event_type: 'dance' })))).toBe('unknown_event_type');
});

function check(given: Partial<SentEvent>, rules: Rules): string | null {
  return stream.interpreter(rules).check(slotsOf(event(given)));
}

function checked(given: Partial<SentEvent>, rules: Rules = anyRules): Slots {
  const slots = slotsOf(event(given));
  expect(stream.interpreter(rules).check(slots)).toBeNull();
  return slots;
}

function take(interpreter: Interpreter, given: Partial<SentEvent>): void {
  const slots = slotsOf(event(given));
  expect(interpreter.check(slots)).toBeNull();
  interpreter.reduce(slots, factWriter(interpreter), 0);
}

function factWriter(interpreter: Interpreter): {
  facts: Float64Array;
  symbols: ByteMap<null>;
} {
  return { facts: new Float64Array(interpreter.stride), symbols: new ByteMap<null>() };
}

function textOf(slots: Slots, field: string): string | null {
  const at = stream.schema.index(field);
  if (slots.isNull(at)) return null;
  expect(slots.byteString(at)).toBe(binary(slots.text(at)));
  return slots.text(at);
}
