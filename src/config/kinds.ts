/** The kinds of values that settings have: what each accepts, in words and as a schema. */
import { z } from 'zod';
import type { Kind } from './knob.ts';

const text = z.string();

/** A whole number within a range, both ends included. */
export function wholeNumber(from: number, to: number): Kind<number> {
  return {
    accepts: `a whole number from ${from} to ${to}`,
    schema: text
      .regex(/^-?\d+$/)
      .transform(Number)
      .refine((value) => value >= from && value <= to),
  };
}

/** Whole numbers from one to another, both included, as `from..to`. */
export function wholeRange(
  from: number,
  to: number,
): Kind<{ readonly from: number; readonly to: number }> {
  return {
    accepts: `a range such as 22..28, of whole numbers from ${from} to ${to}`,
    schema: text
      .regex(/^\d+\.\.\d+$/)
      .transform((value) => {
        const [first = '', last = ''] = value.split('..');
        return { from: Number(first), to: Number(last) };
      })
      .refine((range) => from <= range.from && range.from <= range.to && range.to <= to),
  };
}

/** A part of a whole that is more than nothing of it. */
export const fraction: Kind<number> = {
  accepts: 'a number above 0, at most 1, such as 0.6',
  schema: text
    .regex(/^(\d+(\.\d*)?|\.\d+)$/)
    .transform(Number)
    .refine((value) => value > 0 && value <= 1),
};

/** Text of a given form. */
export function textLike(accepts: string, form: RegExp): Kind<string> {
  return { accepts, schema: text.regex(form) };
}

/** Any text of one line. */
export const line: Kind<string> = textLike('text without line breaks', /^[^\p{Cc}]+$/u);

/** One of a few words, in any case. */
export function oneOf<const T extends string>(...choices: readonly [T, ...T[]]): Kind<T> {
  return {
    accepts: `one of ${choices.join(', ')}`,
    schema: text.toLowerCase().pipe(z.enum(choices)),
  };
}

export const yesOrNo: Kind<boolean> = {
  accepts: 'true or false',
  schema: text
    .toLowerCase()
    .pipe(z.enum(['true', 'false', '1', '0', 'yes', 'no']))
    .transform((value) => value === 'true' || value === '1' || value === 'yes'),
};

/** Words separated by commas, at least one, no empty ones. */
export function list(what: string, item: RegExp): Kind<readonly string[]> {
  return {
    accepts: what,
    schema: text
      .transform((value) => value.split(',').map((part) => part.trim()))
      .refine((parts) => parts.every((part) => item.test(part))),
  };
}

export const httpUrl: Kind<string> = {
  accepts: 'a URL such as http://user:password@host:8123/name',
  schema: text.refine((value) => {
    if (!URL.canParse(value)) return false;
    const { protocol } = new URL(value);
    return protocol === 'http:' || protocol === 'https:';
  }),
};

export const timezone: Kind<string> = {
  accepts: 'an IANA time zone such as UTC or Asia/Jakarta',
  schema: text.refine((value) => {
    // An offset such as +07:00 is accepted by JavaScript, but not by ClickHouse.
    if (!/^[A-Za-z]/.test(value)) return false;
    try {
      new Intl.DateTimeFormat('en', { timeZone: value });
      return true;
    } catch {
      return false;
    }
  }),
};

/** A day or an instant, in UTC unless it says its zone, as microseconds since 1970. */
export const instant: Kind<number> = {
  accepts: 'a day such as 1980-01-01 or a time such as 1980-01-01T00:00:00Z',
  schema: text
    .regex(/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?)?$/)
    .refine((value) => {
      const day = value.slice(0, 10);
      const midnight = Date.parse(day);
      return !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(day);
    })
    .transform((value) => {
      const saysZone = value.length === 10 || /(Z|[+-]\d\d:\d\d)$/.test(value);
      return Date.parse(saysZone ? value : `${value}Z`) * 1000;
    })
    .refine((value) => !Number.isNaN(value)),
};

/** After how many hours something is stale: a warning, and later an error. */
export interface HoursOf {
  readonly of: string;
  readonly warnAfter: number;
  readonly errorAfter: number;
}

/** Names with two numbers of hours each, as `app-events=1..2,marts=0.5..2`. */
export function hoursOf(names: readonly string[]): Kind<readonly HoursOf[]> {
  return {
    accepts: `a comma list such as ${names[0]}=1..2, of names (${names.join(', ')}) with two numbers of hours, or none`,
    schema: text
      .transform((value) =>
        (value === 'none' ? [] : value.split(',')).map((part) => {
          const [, of = '', warn = '', error = ''] =
            /^\s*([a-z-]+)=(\d+(?:\.\d+)?)\.\.(\d+(?:\.\d+)?)\s*$/.exec(part) ?? [];
          return { of, warnAfter: Number(warn), errorAfter: Number(error) };
        }),
      )
      .refine((limits) => limits.every(({ of }) => names.includes(of)))
      .refine((limits) => new Set(limits.map(({ of }) => of)).size === limits.length)
      .refine((limits) => limits.every(({ warnAfter, errorAfter }) => warnAfter <= errorAfter)),
  };
}
