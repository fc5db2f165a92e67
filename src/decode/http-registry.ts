/**
 * In: the address of a Confluent-compatible schema registry. Out: schemas by id, ids for producers.
 *
 * An id's schema never changes, so what was answered once is kept for ever. "No such id" is kept for
 * half a minute, for the schema may be registered after the first record was sent. Everything else
 * (down, slow, forbidden, garbage) says nothing about the id: it rejects, and the caller asks again.
 */
import { RegistryError } from './registry-port.ts';
import type { ProducerRegistry } from './registry-port.ts';

export interface HttpRegistryOptions {
  /** `http://host:8081` or `https://user:password@host/path`; a path stays in front of the API's. */
  readonly url: string;
  /** Basic credentials; they win over those in `url`. */
  readonly credentials?: { readonly username: string; readonly password: string };
  /** How long one request may take, its body included. Milliseconds, default 5000. */
  readonly timeoutMs?: number;
  /** How long "no such id" is believed. Milliseconds, default 30000. */
  readonly unknownForMs?: number;
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number;
}

/** More unknown ids than this are not remembered: they come from garbage, not from producers. */
const MAX_UNKNOWN_IDS = 10_000;
const SCHEMA_NOT_FOUND = 40403;
const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json';

export function httpRegistry(options: HttpRegistryOptions): ProducerRegistry {
  return new HttpRegistry(options);
}

class HttpRegistry implements ProducerRegistry {
  readonly #base: string;
  readonly #headers: Record<string, string>;
  readonly #timeoutMs: number;
  readonly #unknownForMs: number;
  readonly #now: () => number;
  /** Answers and requests under way alike; a request that fails leaves. */
  readonly #known = new Map<number, Promise<string | undefined>>();
  readonly #unknownUntil = new Map<number, number>();

  constructor(options: HttpRegistryOptions) {
    const { base, credentials } = address(options);
    this.#base = base;
    this.#headers = { accept: MEDIA_TYPE, 'content-type': MEDIA_TYPE };
    if (credentials !== undefined) {
      const pair = Buffer.from(`${credentials.username}:${credentials.password}`);
      this.#headers['authorization'] = `Basic ${pair.toString('base64')}`;
    }
    this.#timeoutMs = options.timeoutMs ?? 5000;
    this.#unknownForMs = options.unknownForMs ?? 30_000;
    this.#now = options.now ?? Date.now;
  }

  schema(id: number): Promise<string | undefined> {
    // No registry gives such an id, and what one answers to it differs.
    if (id < 0) return Promise.resolve(undefined);
    const unknownUntil = this.#unknownUntil.get(id);
    if (unknownUntil !== undefined) {
      if (this.#now() < unknownUntil) return Promise.resolve(undefined);
      this.#unknownUntil.delete(id);
    }
    let answer = this.#known.get(id);
    if (answer === undefined) {
      answer = this.#askAndRemember(id);
      this.#known.set(id, answer);
    }
    return answer;
  }

  async #askAndRemember(id: number): Promise<string | undefined> {
    let schema: string | undefined;
    try {
      schema = await this.#ask(id);
    } catch (error) {
      this.#known.delete(id);
      throw error;
    }
    if (schema === undefined) {
      this.#known.delete(id);
      if (this.#unknownUntil.size >= MAX_UNKNOWN_IDS) this.#unknownUntil.clear();
      this.#unknownUntil.set(id, this.#now() + this.#unknownForMs);
    }
    return schema;
  }

  async #ask(id: number): Promise<string | undefined> {
    const path = `/schemas/ids/${id}`;
    const { status, body } = await this.#request('GET', path);
    if (status === 404 && body['error_code'] === SCHEMA_NOT_FOUND) return undefined;
    this.#expectOk(path, status, body);
    // A schema of another kind, or one that refers to others, is handed on as it is: it does not parse
    // as Avro in one piece, so its records are refused as incompatible, and the log goes on.
    const schema = body['schema'];
    if (typeof schema !== 'string') throw this.#unavailable(path, 'answered without a schema');
    return schema;
  }

  async register({ topic, schema }: { topic: string; schema: string }): Promise<number> {
    const path = `/subjects/${encodeURIComponent(`${topic}-value`)}/versions`;
    const { status, body } = await this.#request('POST', path, JSON.stringify({ schema }));
    if (status === 409 || status === 422) {
      throw new RegistryError(
        'schema_refused',
        `${this.#base}${path} refuses the schema (${status}): ${messageOf(body)}`,
        false,
      );
    }
    this.#expectOk(path, status, body);
    const id = body['id'];
    if (!Number.isInteger(id)) throw this.#unavailable(path, 'answered without an id');
    return Number(id);
  }

  async #request(
    method: 'GET' | 'POST',
    path: string,
    body?: string,
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    let status: number;
    let text: string;
    try {
      const response = await fetch(`${this.#base}${path}`, {
        method,
        headers: this.#headers,
        signal: AbortSignal.timeout(this.#timeoutMs),
        ...(body === undefined ? {} : { body }),
      });
      status = response.status;
      text = await response.text();
    } catch (cause) {
      throw this.#unavailable(path, `gave no answer (${reasonOf(cause)})`, cause);
    }
    return { status, body: jsonObject(text) };
  }

  #expectOk(path: string, status: number, body: Record<string, unknown>): void {
    if (status === 401 || status === 403) {
      throw new RegistryError(
        'registry_forbidden',
        `${this.#base}${path} answered ${status}: ${messageOf(body)}. ` +
          'Check the credentials in SCHEMA_REGISTRY_URL; records with new schemas wait until then',
        true,
      );
    }
    if (status !== 200) {
      throw this.#unavailable(path, `answered ${status}: ${messageOf(body)}`);
    }
  }

  #unavailable(path: string, what: string, cause?: unknown): RegistryError {
    const message = `schema registry ${this.#base}${path} ${what}`;
    return new RegistryError('registry_unavailable', message, true, { cause });
  }
}

function address(options: HttpRegistryOptions): {
  base: string;
  credentials: HttpRegistryOptions['credentials'];
} {
  const url = URL.canParse(options.url) ? new URL(options.url) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    // The value itself may hold a password, so it is not repeated.
    throw new TypeError('SCHEMA_REGISTRY_URL must be an http:// or https:// address');
  }
  const fromUrl =
    url.username === '' && url.password === ''
      ? undefined
      : {
          username: decodeURIComponent(url.username),
          password: decodeURIComponent(url.password),
        };
  const base = `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
  return { base, credentials: options.credentials ?? fromUrl };
}

function jsonObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return { ...value };
  } catch {
    // A proxy's page, or half an answer: whoever reads it finds the members missing.
  }
  return { message: `not a JSON object: ${JSON.stringify(text.slice(0, 200))}` };
}

function messageOf(body: Record<string, unknown>): string {
  return typeof body['message'] === 'string' ? body['message'] : 'no message';
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
