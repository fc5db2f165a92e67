import { ByteMap } from '../decode/byte-map.ts';
import type { Slots } from '../decode/slots.ts';
import { DEFAULT_EVENT_TYPE, type EventType, type EventTypeCatalogue } from './rules.ts';

const SNAKE_CASE = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;

/** An event type in use: its rules and its one object. */
export interface KnownType {
  readonly name: Buffer;
  readonly serverSide: boolean;
  readonly miles: EventType['miles'];
  /** Whether it was in the catalogue from the start: in a closed one no other is allowed. */
  readonly catalogued: boolean;
  /** Whether the catalogue lists it; one that it does not is listed when it is first folded. */
  listed: boolean;
}

/** Finds event types by the bytes that name them, aliases included. */
export class EventTypeDictionary {
  readonly #byName = new ByteMap<KnownType>();
  readonly #closed: boolean;

  constructor(catalogue: EventTypeCatalogue) {
    this.#closed = catalogue.closed;
    for (const type of catalogue.types) {
      const known = knownType(type, true);
      // A type's own name wins over another's alias, whatever their order.
      for (const alias of type.aliases) {
        if (!catalogue.types.some((other) => other.name === alias)) this.#byName.set(alias, known);
      }
      this.#byName.set(type.name, known);
    }
  }

  /** The type that the field names, or why it is none. */
  resolve(slots: Slots, field: number): KnownType | 'event_type_malformed' | 'unknown_event_type' {
    const known = this.find(slots, field);
    if (known !== undefined) {
      // A stored row may have taught it a type that the catalogue does not hold (any more).
      return known.catalogued || !this.#closed ? known : 'unknown_event_type';
    }
    const name = slots.text(field);
    if (name.length > 128 || !SNAKE_CASE.test(name)) return 'event_type_malformed';
    if (this.#closed) return 'unknown_event_type';
    return this.#learn(name);
  }

  /** The type of a stored row, whose name may have left the catalogue since. */
  ofStoredRow(slots: Slots, field: number): KnownType {
    return this.find(slots, field) ?? this.#learn(slots.text(field));
  }

  find(slots: Slots, field: number): KnownType | undefined {
    return this.#byName.get(slots.bytes[field]!, slots.start[field]!, slots.end[field]!);
  }

  #learn(name: string): KnownType {
    const known = knownType({ name, ...DEFAULT_EVENT_TYPE }, false);
    this.#byName.set(name, known);
    return known;
  }
}

function knownType(type: EventType, catalogued: boolean): KnownType {
  return {
    name: Buffer.from(type.name),
    serverSide: type.serverSide,
    miles: type.miles,
    catalogued,
    listed: catalogued,
  };
}
