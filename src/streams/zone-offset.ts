/**
 * How far the clocks of a time zone are ahead of UTC at an instant; both in milliseconds, the instant
 * since 1970 and taken to its whole second. Null for UTC itself, which is never ahead. Throws a
 * RangeError when the zone is unknown.
 */
export function zoneOffset(timezone: string): ((instant: number) => number) | null {
  if (timezone === 'UTC') return null;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    era: 'short',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (instant) => {
    const second = Math.floor(instant / 1000) * 1000;
    const parts: Record<string, string> = {};
    for (const { type, value } of format.formatToParts(second)) parts[type] = value;
    const year = Number(parts['year']);
    const local = new Date(0);
    local.setUTCFullYear(
      parts['era'] === 'BC' ? 1 - year : year,
      Number(parts['month']) - 1,
      Number(parts['day']),
    );
    local.setUTCHours(Number(parts['hour']), Number(parts['minute']), Number(parts['second']));
    return local.getTime() - second;
  };
}
