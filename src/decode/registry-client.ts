/** In: the address of a Confluent-compatible schema registry. Out: its answers, and what it means when there is none. */
import { RegistryError } from './registry-port.ts';

export interface RegistryClientOptions {
  /** `http://host:8081` or `https://user:password@host/path`; a path stays in front of the API's. */
  readonly url: string;
  /** Basic credentials; they win over those in `url`. */
  readonly credentials?: { readonly username: string; readonly password: string };
  /** How long one request may take, its body included. Milliseconds, default 5000. */
  readonly timeoutMs?: number;
}

export interface RegistryAnswer {
  readonly status: number;
  /** An object always; what was none has a `message` that shows its beginning. */
  readonly body: Readonly<Record<string, unknown>>;
}

const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json';

export class RegistryClient {
  readonly base: string;
  readonly #headers: Record<string, string>;
  readonly #timeoutMs: number;

  constructor(options: RegistryClientOptions) {
    const { base, credentials } = address(options);
    this.base = base;
    this.#headers = { accept: MEDIA_TYPE, 'content-type': MEDIA_TYPE };
    if (credentials !== undefined) {
      const pair = Buffer.from(`${credentials.username}:${credentials.password}`);
      this.#headers['authorization'] = `Basic ${pair.toString('base64')}`;
    }
    this.#timeoutMs = options.timeoutMs ?? 5000;
  }

  /** Rejects with a `registry_unavailable` when there is no answer of any kind. */
  async request(method: 'GET' | 'POST', path: string, body?: string): Promise<RegistryAnswer> {
    try {
      const response = await fetch(`${this.base}${path}`, {
        method,
        headers: this.#headers,
        signal: AbortSignal.timeout(this.#timeoutMs),
        ...(body === undefined ? {} : { body }),
      });
      return { status: response.status, body: jsonObject(await response.text()) };
    } catch (cause) {
      throw this.unavailable(path, `gave no answer (${reasonOf(cause)})`, cause);
    }
  }

  /** Throws unless the answer is a 200. */
  expectOk(path: string, { status, body }: RegistryAnswer): void {
    if (status === 401 || status === 403) {
      throw new RegistryError(
        'registry_forbidden',
        `${this.base}${path} answered ${status}: ${messageOf(body)}. ` +
          'Check the credentials in SCHEMA_REGISTRY_URL; records with new schemas wait until then',
        true,
      );
    }
    if (status !== 200) throw this.unavailable(path, `answered ${status}: ${messageOf(body)}`);
  }

  unavailable(path: string, what: string, cause?: unknown): RegistryError {
    const message = `schema registry ${this.base}${path} ${what}`;
    return new RegistryError('registry_unavailable', message, true, { cause });
  }
}

export function messageOf(body: RegistryAnswer['body']): string {
  return typeof body['message'] === 'string' ? body['message'] : 'no message';
}

function address(options: RegistryClientOptions): {
  base: string;
  credentials: RegistryClientOptions['credentials'];
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
    // A list is told by its entries.
    if (Array.isArray(value)) return { entries: value };
    if (typeof value === 'object' && value !== null) return { ...value };
  } catch {
    // A proxy's page, or half an answer: whoever reads it finds the members missing.
  }
  return { message: `not a JSON object: ${JSON.stringify(text.slice(0, 200))}` };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
