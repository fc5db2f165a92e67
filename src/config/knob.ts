/** What a setting is: its name, what it accepts, what it means. In: text as a person types it. Out: its value. */
import type { z } from 'zod';

/** A kind of value: what it accepts, as it reads after "must be", and how text becomes the value. */
export interface Kind<T> {
  readonly accepts: string;
  readonly schema: z.ZodType<T, string>;
}

export interface Knob<T> extends Kind<T> {
  /** The environment variable. */
  readonly name: string;
  /** The command-line option that sets it too, if any, such as `--data-dir`. */
  readonly flag?: string;
  /** What it decides, with its unit. */
  readonly meaning: string;
  /** As a person would set it; undefined where being unset has a meaning of its own. */
  readonly fallback: string | undefined;
  /** What happens when it is not set and has no default. */
  readonly whenUnset?: string;
  /** Whether the whole value is secret, or the password within a URL. */
  readonly secret?: 'whole' | 'password';
}

type About = Pick<Knob<unknown>, 'meaning' | 'flag' | 'secret'>;

/** A setting that always has a value. */
export function knob<T>(
  name: string,
  kind: Kind<T>,
  about: About & { readonly fallback: string },
): Knob<T> {
  return { name, ...kind, ...about };
}

/** A setting that may stay unset. */
export function optional<T>(
  name: string,
  kind: Kind<T>,
  about: About & { readonly whenUnset: string },
): Knob<T | undefined> {
  return { name, ...kind, ...about, fallback: undefined };
}
