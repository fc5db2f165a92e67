/** In: a seed's draws. Out: rules, and later rules that differ from them in what may change. */
import type { EventType, Rules } from '../../src/streams/rules.ts';
import type { Random } from './random.ts';

export const MIN_EVENT_TIME = Date.UTC(1980, 0, 1) * 1000;

function eventType(name: string, given: Partial<EventType> = {}): EventType {
  const defaults = {
    aliases: [],
    countsAsActive: true,
    serverSide: false,
    miles: 'none',
  } as const;
  return { name, ...defaults, ...given };
}

export const knownTypes: readonly EventType[] = [
  eventType('page_view', { aliases: ['view_page', 'pv'] }),
  eventType('like'),
  eventType('share'),
  eventType('miles_earned', { miles: 'earned', aliases: ['earn_miles'] }),
  eventType('miles_redeemed', { miles: 'redeemed' }),
  eventType('package_shipped', { serverSide: true }),
  eventType('refund_credited', { serverSide: true, miles: 'earned' }),
];

const platforms = [
  { name: 'ios', aliases: ['iphone', 'ipad'] },
  { name: 'android', aliases: ['droid'] },
  { name: 'web', aliases: [] },
];

export function generateRules(random: Random): Rules {
  const zones = ['UTC', 'UTC', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe'];
  return {
    epoch: 1,
    timezone: random.pick(zones),
    lookbackDays: random.pick([0, 1, 2, 2, 2, 3, Infinity]),
    maxFutureSkewSeconds: random.pick([0, 600, 600]),
    minEventTime: MIN_EVENT_TIME,
    sessionGapSeconds: random.pick([1800, 1800, 60]),
    eventTypes: { closed: random.chance(0.2), types: knownTypes },
    platforms: { closed: random.chance(0.2), platforms },
    stockCodes: [],
  };
}

/** The next epoch's rules. The time zone stays: it is fixed once there is data. */
export function changeRules(random: Random, rules: Rules): Rules {
  const fresh = generateRules(random);
  const types = knownTypes.map((type) =>
    random.chance(0.2) ? { ...type, serverSide: !type.serverSide } : type,
  );
  return {
    ...fresh,
    epoch: rules.epoch + 1,
    timezone: rules.timezone,
    eventTypes: { closed: fresh.eventTypes.closed, types },
  };
}
