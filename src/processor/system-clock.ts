import { setTimeout } from 'node:timers/promises';
import type { Clock } from './ports.ts';

/** The time of this machine. */
export const systemClock: Clock = {
  now: Date.now,
  sleep: (ms, signal) => setTimeout(ms, undefined, signal === undefined ? {} : { signal }),
};
