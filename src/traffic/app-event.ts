/** In: the fields of an app event. Out: its Avro bytes, as schemas/app-event.avsc orders them. */
import { AvroBytes } from '../sources/file/avro-bytes.ts';

/** The fields of schemas/app-event.avsc, in its order. */
export interface AppEvent {
  readonly event_id: string;
  readonly user_id: string;
  readonly event_type: string;
  /** Microseconds since 1970. */
  readonly event_time: number;
  readonly platform: string | null;
  readonly utm_source: string | null;
  readonly country: string | null;
  readonly transaction_category: string | null;
  readonly miles_amount: number | null;
  readonly producer_session_id: string | null;
  readonly page_url: string | null;
  readonly product_id: string | null;
  readonly order_id: string | null;
  readonly plan_id: string | null;
  readonly feature: string | null;
  readonly properties: Readonly<Record<string, string>>;
}

export class AppEventEncoder {
  readonly #prefix: Buffer;
  readonly #out = new AvroBytes();
  /** What occurs again and again, with its length. */
  readonly #texts = new Map<string, Buffer>();
  readonly #maps = new WeakMap<AppEvent['properties'], Buffer>();
  readonly #scratch = Buffer.alloc(10);

  /** The prefix goes before each event: five bytes in Kafka, none in a container. */
  constructor(prefix: Buffer) {
    this.#prefix = prefix;
  }

  encode(event: AppEvent): Buffer {
    const out = this.#out;
    out.clear();
    out.raw(this.#prefix);
    out.string(event.event_id);
    out.string(event.user_id);
    this.#repeated(event.event_type);
    this.#long(event.event_time);
    this.#nullable(event.platform);
    this.#nullable(event.utm_source);
    this.#nullable(event.country);
    this.#nullable(event.transaction_category);
    if (event.miles_amount === null) {
      out.long(0);
    } else {
      out.long(1);
      this.#long(event.miles_amount);
    }
    this.#unique(event.producer_session_id);
    this.#nullable(event.page_url);
    this.#nullable(event.product_id);
    this.#unique(event.order_id);
    this.#nullable(event.plan_id);
    this.#nullable(event.feature);
    out.raw(this.#mapOf(event.properties));
    return out.copy();
  }

  #nullable(text: string | null): void {
    if (text === null) {
      this.#out.long(0);
      return;
    }
    this.#out.long(1);
    this.#repeated(text);
  }

  #unique(text: string | null): void {
    this.#out.long(text === null ? 0 : 1);
    if (text !== null) this.#out.string(text);
  }

  #repeated(text: string): void {
    let bytes = this.#texts.get(text);
    if (bytes === undefined) {
      const own = new AvroBytes();
      own.string(text);
      bytes = own.copy();
      this.#texts.set(text, bytes);
    }
    this.#out.raw(bytes);
  }

  /** Producers set the same few again and again. */
  #mapOf(properties: AppEvent['properties']): Buffer {
    let bytes = this.#maps.get(properties);
    if (bytes === undefined) {
      const own = new AvroBytes();
      const entries = Object.entries(properties);
      if (entries.length > 0) own.long(entries.length);
      for (const text of entries.flat()) own.string(text);
      own.long(0);
      bytes = own.copy();
      this.#maps.set(properties, bytes);
    }
    return bytes;
  }

  /** Times are too large for the fast way of AvroBytes; this one needs no BigInt. */
  #long(value: number): void {
    if (value < 2 ** 30 || value >= 2 ** 52) {
      this.#out.long(Number.isSafeInteger(value) ? value : BigInt(value));
      return;
    }
    const scratch = this.#scratch;
    let at = 0;
    let rest = value * 2;
    for (; rest >= 2 ** 28; rest = Math.floor(rest / 128)) scratch[at++] = (rest % 128) | 128;
    for (; rest >= 128; rest >>>= 7) scratch[at++] = (rest & 127) | 128;
    scratch[at++] = rest;
    this.#out.raw(scratch.subarray(0, at));
  }
}
