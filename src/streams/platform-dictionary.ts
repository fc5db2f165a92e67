import { ByteMap } from '../decode/byte-map.ts';
import type { Slots } from '../decode/slots.ts';
import type { PlatformList } from './rules.ts';

/** How many spellings are remembered before the memory of them starts again. */
const MAX_SPELLINGS = 10_000;

export interface KnownPlatform {
  readonly name: Buffer;
  readonly listed: boolean;
}

/** Finds platforms by any of their spellings. */
export class PlatformDictionary {
  #bySpelling = new ByteMap<KnownPlatform | null>();
  readonly #byName = new Map<string, KnownPlatform>();
  readonly #closed: boolean;

  constructor(list: PlatformList) {
    this.#closed = list.closed;
    for (const { name } of list.platforms) this.#byName.set(name, platform(name, true));
    for (const { name, aliases } of list.platforms) {
      for (const alias of aliases) {
        if (!this.#byName.has(alias)) this.#byName.set(alias, this.#byName.get(name)!);
      }
    }
  }

  /** The platform that the field names; null when it is blank or null; undefined when it is not allowed. */
  resolve(slots: Slots, field: number): KnownPlatform | null | undefined {
    if (slots.isNull(field)) return null;
    const known = this.#lookUp(slots, field);
    return known?.listed === false && this.#closed ? undefined : known;
  }

  #lookUp(slots: Slots, field: number): KnownPlatform | null {
    const known = this.#bySpelling.get(slots.bytes[field]!, slots.start[field]!, slots.end[field]!);
    if (known !== undefined) return known;
    const spelling = slots.text(field);
    const name = spelling.trim().toLowerCase();
    const found = name === '' ? null : (this.#byName.get(name) ?? this.#learn(name));
    if (this.#bySpelling.size >= MAX_SPELLINGS) this.#bySpelling = new ByteMap();
    this.#bySpelling.set(spelling, found);
    return found;
  }

  #learn(name: string): KnownPlatform {
    const learned = platform(name, false);
    this.#byName.set(name, learned);
    return learned;
  }
}

function platform(name: string, listed: boolean): KnownPlatform {
  return { name: Buffer.from(name), listed };
}
