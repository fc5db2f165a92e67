import { ByteMap } from '../decode/byte-map.ts';
import type { Slots } from '../decode/slots.ts';
import type { PlatformType } from '../fold/user-day.ts';
import type { KnownType } from './event-type-dictionary.ts';
import type { PlatformList } from './rules.ts';

/** How many spellings are remembered before the memory of them starts again. */
const MAX_SPELLINGS = 10_000;

export interface KnownPlatform {
  readonly name: Buffer;
  readonly byteString: string;
  readonly listed: boolean;
  /** The platform with each event type: one object per pair. */
  readonly types: Map<KnownType, PlatformType>;
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

  /** The platform of a stored row, allowed or not. */
  ofStoredRow(slots: Slots, field: number): KnownPlatform | null {
    return slots.isNull(field) ? null : this.#lookUp(slots, field);
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

export function platformWithType(known: KnownPlatform, type: KnownType): PlatformType {
  let pair = known.types.get(type);
  if (pair === undefined) {
    pair = {
      platform: known.byteString,
      type: type.order,
      order: `${known.byteString}\0${type.order}`,
    };
    known.types.set(type, pair);
  }
  return pair;
}

function platform(text: string, listed: boolean): KnownPlatform {
  const name = Buffer.from(text);
  return { name, byteString: name.toString('latin1'), listed, types: new Map() };
}
