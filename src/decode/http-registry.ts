/**
 * In: the address of a Confluent-compatible schema registry. Out: schemas by id, ids for producers.
 *
 * An id's schema never changes, so what was answered once is kept for ever. "No such id" is kept for
 * half a minute, for the schema may be registered after the first record was sent. Everything else
 * (down, slow, forbidden, garbage) says nothing about the id: it rejects, and the caller asks again.
 */
import { messageOf, RegistryClient } from './registry-client.ts';
import type { RegistryClientOptions } from './registry-client.ts';
import { RegistryError, subjectOf } from './registry-port.ts';
import type { ProducerRegistry, SubjectVersion } from './registry-port.ts';

export interface HttpRegistryOptions extends RegistryClientOptions {
  /** How long "no such id" is believed. Milliseconds, default 30000. */
  readonly unknownForMs?: number;
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number;
}

/** More unknown ids than this are not remembered: they come from garbage, not from producers. */
const MAX_UNKNOWN_IDS = 10_000;
const SUBJECT_NOT_FOUND = 40401;
const VERSION_NOT_FOUND = 40402;
const SCHEMA_NOT_FOUND = 40403;

export function httpRegistry(options: HttpRegistryOptions): ProducerRegistry {
  return new HttpRegistry(options);
}

class HttpRegistry implements ProducerRegistry {
  readonly #client: RegistryClient;
  readonly #unknownForMs: number;
  readonly #now: () => number;
  /** Answers and requests under way alike; a request that fails leaves. */
  readonly #known = new Map<number, Promise<string | undefined>>();
  readonly #unknownUntil = new Map<number, number>();

  constructor(options: HttpRegistryOptions) {
    this.#client = new RegistryClient(options);
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
    const answer = await this.#client.request('GET', path);
    if (answer.status === 404 && answer.body['error_code'] === SCHEMA_NOT_FOUND) return undefined;
    this.#client.expectOk(path, answer);
    // A schema of another kind, or one that refers to others, is handed on as it is: it does not parse
    // as Avro in one piece, so its records are refused as incompatible, and the log goes on.
    const { schema } = answer.body;
    if (typeof schema !== 'string')
      throw this.#client.unavailable(path, 'answered without a schema');
    return schema;
  }

  async register({ topic, schema }: { topic: string; schema: string }): Promise<number> {
    const path = `/subjects/${encodeURIComponent(subjectOf(topic))}/versions`;
    const answer = await this.#client.request('POST', path, JSON.stringify({ schema }));
    const { status, body } = answer;
    if (status === 409 || status === 422) {
      throw new RegistryError(
        'schema_refused',
        `${this.#client.base}${path} refuses the schema (${status}): ${messageOf(body)}`,
        false,
      );
    }
    this.#client.expectOk(path, answer);
    const { id } = body;
    if (!Number.isInteger(id)) throw this.#client.unavailable(path, 'answered without an id');
    return Number(id);
  }

  async versions(subject: string): Promise<readonly SubjectVersion[]> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions`;
    const answer = await this.#client.request('GET', path);
    if (answer.status === 404 && answer.body['error_code'] === SUBJECT_NOT_FOUND) return [];
    this.#client.expectOk(path, answer);
    const { entries } = answer.body;
    if (!Array.isArray(entries)) throw this.#client.unavailable(path, 'answered without a list');
    const versions: SubjectVersion[] = [];
    for (const version of entries) versions.push(await this.#version(subject, Number(version)));
    return versions;
  }

  async #version(subject: string, version: number): Promise<SubjectVersion> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}`;
    const answer = await this.#client.request('GET', path);
    this.#client.expectOk(path, answer);
    const { id, schema } = answer.body;
    if (!Number.isInteger(id) || typeof schema !== 'string') {
      throw this.#client.unavailable(path, 'answered without an id or a schema');
    }
    return { subject, version, id: Number(id), schema };
  }

  async refusals(subject: string, schema: string): Promise<readonly string[]> {
    const path = `/compatibility/subjects/${encodeURIComponent(subject)}/versions/latest?verbose=true`;
    const answer = await this.#client.request('POST', path, JSON.stringify({ schema }));
    const { status, body } = answer;
    const nothingThere = [SUBJECT_NOT_FOUND, VERSION_NOT_FOUND].includes(
      Number(body['error_code']),
    );
    if (status === 404 && nothingThere) return [];
    if (status === 422) return [messageOf(body)];
    this.#client.expectOk(path, answer);
    if (body['is_compatible'] === true) return [];
    const { messages } = body;
    return Array.isArray(messages) && messages.length > 0
      ? messages.map(String)
      : ['incompatible with the latest version'];
  }
}
