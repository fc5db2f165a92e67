/** People who were forgotten. In: the rules, and ids as bytes. Out: whether they are of one of these people. */
import { createHash } from 'node:crypto';
import { hashBytes } from '../decode/byte-map.ts';
import type { Slots } from '../decode/slots.ts';
import type { ForgottenPerson, PersonField, Rules } from './rules.ts';
import type { KeyAndTime, Stream } from './stream.ts';

/**
 * What is kept of somebody so that they stay forgotten. The hash has no key: every processor must know
 * the person again, on a restored database too, and a key that got lost would bring everybody back.
 * Whoever can guess an id can find out whether it is on the list, and nothing else.
 */
export function forgottenPerson(field: PersonField, id: string): ForgottenPerson {
  const bytes = Buffer.from(id);
  return {
    field,
    hash: hashBytes(bytes, 0, bytes.length),
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
}

export class ForgottenPeople {
  readonly #field: number;
  readonly #keyed: boolean;
  /** The slow hashes by the quick one, which nearly always says that there is none. */
  readonly #people = new Map<number, Set<string>>();

  private constructor(field: number, keyed: boolean) {
    this.#field = field;
    this.#keyed = keyed;
  }

  /** Those of whom a stream may have records; null: there are none, and nothing need be asked. */
  static of({ person, stored, entity }: Stream, { forgotten = [] }: Rules): ForgottenPeople | null {
    const meant = forgotten.filter(({ field }) => field === person);
    if (person === undefined || meant.length === 0) return null;
    const people = new ForgottenPeople(stored.index(person), person === entity);
    for (const { hash, sha256 } of meant) {
      const known = people.#people.get(hash);
      if (known === undefined) people.#people.set(hash, new Set([sha256]));
      else known.add(sha256);
    }
    return people;
  }

  /** Whether the record in the slots is of one of them. */
  has({ bytes, start, end }: Slots): boolean {
    const field = this.#field;
    return this.#is(bytes[field]!, start[field]!, end[field]!);
  }

  /** Whether the key of a record that says nothing itself names one of them. */
  hasKey({ bytes, keyStart, keyEnd }: Omit<KeyAndTime, 'time'>): boolean {
    return this.#keyed && this.#is(bytes, keyStart, keyEnd);
  }

  #is(bytes: Buffer, start: number, end: number): boolean {
    if (start === -1) return false;
    const people = this.#people.get(hashBytes(bytes, start, end));
    if (people === undefined) return false;
    return people.has(createHash('sha256').update(bytes.subarray(start, end)).digest('hex'));
  }
}
