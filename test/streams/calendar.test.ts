import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Calendar } from '../../src/streams/calendar.ts';

const HOUR = 3_600_000_000;

const zones = [
  'UTC',
  'America/New_York',
  'Asia/Kolkata',
  'Australia/Lord_Howe', // moves by half an hour
  'Pacific/Apia', // has no 2011-12-30
  'Pacific/Kiritimati', // a day ahead of Pacific/Niue
  'Pacific/Niue',
  'America/St_Johns', // changed at one minute past midnight until 2011
  'America/Sao_Paulo', // changed at midnight: days that began at one o'clock
  'Africa/Casablanca', // back and forth around Ramadan
  'Europe/Dublin',
];

/** The days on which something happens to the clocks of one of the zones, and some others. */
const turning = [
  '1980-01-01',
  '2000-02-29',
  '2007-11-04',
  '2010-11-07',
  '2011-12-29',
  '2011-12-30',
  '2011-12-31',
  '2018-02-17',
  '2018-11-04',
  '2024-03-10',
  '2024-11-03',
  '2024-12-31',
  '2026-02-15',
  '2026-03-22',
  '2026-04-05',
  '2026-10-04',
  '2149-06-04',
].map((day) => Date.parse(`${day}T00:00:00Z`) * 1000);

test.each(zones)('the day of an instant is the one that a wall calendar shows in %s', (zone) => {
  const calendar = new Calendar(zone);
  const wall = wallCalendar(zone);
  const near = fc
    .tuple(fc.constantFrom(...turning), fc.integer({ min: -30 * HOUR, max: 30 * HOUR }))
    .map(([day, shift]) => day + shift);
  const onTheEdge = fc
    .tuple(
      fc.constantFrom(...turning),
      fc.integer({ min: -120, max: 120 }),
      fc.constantFrom(-1, 0, 1),
    )
    .map(([day, quarters, micro]) => day + (quarters * HOUR) / 4 + micro);
  const any = fc.integer({
    min: Date.UTC(1970, 0, 2) * 1000,
    max: Date.UTC(2149, 5, 5) * 1000,
  });
  fc.assert(
    fc.property(fc.oneof(near, onTheEdge, any), (instant) => {
      expect(calendar.day(instant)).toBe(wall(instant));
    }),
    { numRuns: 800 },
  );
});

test.each([
  ['UTC', '2026-03-01T23:59:59.999999Z', '2026-03-01'],
  ['UTC', '2026-03-02T00:00:00.000000Z', '2026-03-02'],
  ['America/New_York', '2026-03-08T04:59:59.999999Z', '2026-03-07'],
  ['America/New_York', '2026-03-08T05:00:00.000000Z', '2026-03-08'],
  ['America/New_York', '2026-03-09T03:59:59.999999Z', '2026-03-08'], // a day of 23 hours
  ['America/New_York', '2026-03-09T04:00:00.000000Z', '2026-03-09'],
  ['America/New_York', '2026-11-02T04:59:59.999999Z', '2026-11-01'], // a day of 25 hours
  ['America/New_York', '2026-11-02T05:00:00.000000Z', '2026-11-02'],
  ['Asia/Kolkata', '2026-03-01T18:29:59.999999Z', '2026-03-01'],
  ['Asia/Kolkata', '2026-03-01T18:30:00.000000Z', '2026-03-02'],
  ['Australia/Lord_Howe', '2026-04-04T12:59:59.999999Z', '2026-04-04'], // UTC+11
  ['Australia/Lord_Howe', '2026-04-04T13:00:00.000000Z', '2026-04-05'],
  ['Australia/Lord_Howe', '2026-04-05T13:29:59.999999Z', '2026-04-05'], // UTC+10:30
  ['Australia/Lord_Howe', '2026-04-05T13:30:00.000000Z', '2026-04-06'],
  ['America/St_Johns', '2007-11-04T02:30:59.999999Z', '2007-11-04'], // a minute past midnight,
  ['America/St_Johns', '2007-11-04T02:31:00.000000Z', '2007-11-03'], // and it is yesterday again
  ['America/St_Johns', '2007-11-04T02:59:59.999999Z', '2007-11-03'],
  ['America/St_Johns', '2007-11-04T03:30:00.000000Z', '2007-11-04'],
  ['Pacific/Apia', '2011-12-30T09:59:59.999999Z', '2011-12-29'],
  ['Pacific/Apia', '2011-12-30T10:00:00.000000Z', '2011-12-31'],
])('in %s, %s is on %s', (zone, instant, day) => {
  const calendar = new Calendar(zone);
  const micros = Date.parse(instant.slice(0, 23) + 'Z') * 1000 + Number(instant.slice(23, 26));
  expect(new Date(calendar.day(micros) * 86_400_000).toISOString().slice(0, 10)).toBe(day);
  // Asked again it answers from memory.
  expect(calendar.day(micros)).toBe(Date.parse(day) / 86_400_000);
});

test('a zone that does not exist is refused', () => {
  expect(() => new Calendar('Mars/Olympus')).toThrow(RangeError);
});

/** The date as the English calendar writes it in the zone: another way to it than by its offset. */
function wallCalendar(timeZone: string): (instant: number) => number {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' });
  return (instant) => Date.parse(`${format.format(Math.floor(instant / 1000))}Z`) / 86_400_000;
}
