/** In: the local registry. Out: it behind Confluent's HTTP API, for producers' ordinary serializers. */
import { Hono } from 'hono';
import type { Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import { COMPATIBILITY_LEVELS } from '../decode/compatibility.ts';
import type { LocalRegistry } from '../decode/local-registry.ts';
import { RegistryError } from '../decode/registry-port.ts';
import type { SubjectVersion } from '../decode/registry-port.ts';

const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json';
/** What a browser's page cannot send to another address without asking first. */
const BODY_TYPES = [MEDIA_TYPE, 'application/vnd.schemaregistry+json', 'application/json'];
const MAX_BODY_BYTES = 1024 * 1024;

/** An answer that is no success; the codes are Confluent's. */
class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: Status;
  readonly code: number;

  constructor(status: Status, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

type Status = 400 | 404 | 409 | 413 | 415 | 422 | 500;

const schemaBody = z.object({
  schema: z.string().min(1),
  schemaType: z.string().nullish(),
  references: z.array(z.unknown()).nullish(),
});
const levelBody = z.object({ compatibility: z.enum(COMPATIBILITY_LEVELS) });

export function registryRoutes(registry: LocalRegistry): Hono {
  const app = new Hono();
  app.onError((error, context) => {
    const { status, code, message } = refusalOf(error);
    return answer(context, { error_code: code, message }, status);
  });
  app.use(
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: () => {
        throw new Refusal(413, 413, `the body is larger than ${MAX_BODY_BYTES} bytes`);
      },
    }),
  );
  app.get('/', (context) => answer(context, {}));
  schemaRoutes(app, registry);
  subjectRoutes(app, registry);
  compatibilityRoutes(app, registry);
  levelRoutes(app, registry);
  app.all('*', ({ req }) => {
    throw new Refusal(404, 404, `there is no ${req.method} ${req.path} in this registry`);
  });
  return app;
}

function schemaRoutes(app: Hono, registry: LocalRegistry): void {
  app.get('/schemas/types', (context) => answer(context, ['AVRO']));
  app.get('/schemas/ids/:id', async (context) => {
    const id = context.req.param('id');
    const schema = /^\d+$/.test(id) ? await registry.schema(Number(id)) : undefined;
    if (schema === undefined) throw new Refusal(404, 40403, `Schema ${id} not found`);
    return answer(context, { schema });
  });
}

function subjectRoutes(app: Hono, registry: LocalRegistry): void {
  app.get('/subjects', (context) => answer(context, registry.subjects()));
  app.post('/subjects/:subject', async (context) => {
    const { subject } = context.req.param();
    await versionsOf(registry, subject);
    const found = registry.find(subject, await schemaIn(context));
    if (found === undefined) throw new Refusal(404, 40403, 'Schema not found');
    return answer(context, shown(found));
  });
  app.get('/subjects/:subject/versions', async (context) => {
    const versions = await versionsOf(registry, context.req.param('subject'));
    return answer(
      context,
      versions.map(({ version }) => version),
    );
  });
  app.post('/subjects/:subject/versions', async (context) => {
    const added = registry.add(context.req.param('subject'), await schemaIn(context));
    return answer(context, { id: added.id });
  });
  app.get('/subjects/:subject/versions/:version', async (context) => {
    const { subject, version } = context.req.param();
    return answer(context, shown(versionAmong(await versionsOf(registry, subject), version)));
  });
  app.get('/subjects/:subject/versions/:version/schema', async (context) => {
    const { subject, version } = context.req.param();
    const { schema } = versionAmong(await versionsOf(registry, subject), version);
    return context.body(schema, 200, { 'content-type': MEDIA_TYPE });
  });
}

function compatibilityRoutes(app: Hono, registry: LocalRegistry): void {
  const judge = async (context: Context, against: readonly SubjectVersion[], subject: string) => {
    const messages = registry.reasonsAgainst(subject, await schemaIn(context), against);
    const verbose = context.req.query('verbose') === 'true' ? { messages } : {};
    return answer(context, { is_compatible: messages.length === 0, ...verbose });
  };
  app.post('/compatibility/subjects/:subject/versions', async (context) => {
    const subject = context.req.param('subject');
    return judge(context, await versionsOf(registry, subject), subject);
  });
  app.post('/compatibility/subjects/:subject/versions/:version', async (context) => {
    const { subject, version } = context.req.param();
    const against = versionAmong(await versionsOf(registry, subject), version);
    return judge(context, [against], subject);
  });
}

function levelRoutes(app: Hono, registry: LocalRegistry): void {
  app.get('/config', (context) => answer(context, { compatibilityLevel: registry.level() }));
  app.put('/config', async (context) => {
    const compatibility = await levelIn(context);
    registry.setLevel(compatibility);
    return answer(context, { compatibility });
  });
  app.get('/config/:subject', (context) => {
    const subject = context.req.param('subject');
    const general = context.req.query('defaultToGlobal') === 'true';
    const level = general ? registry.level(subject) : registry.levelOf(subject);
    if (level === undefined) {
      const message = `Subject '${subject}' does not have subject-level compatibility configured`;
      throw new Refusal(404, 40408, message);
    }
    return answer(context, { compatibilityLevel: level });
  });
  app.put('/config/:subject', async (context) => {
    const compatibility = await levelIn(context);
    registry.setLevel(compatibility, context.req.param('subject'));
    return answer(context, { compatibility });
  });
}

async function versionsOf(
  registry: LocalRegistry,
  subject: string,
): Promise<readonly SubjectVersion[]> {
  const versions = await registry.versions(subject);
  if (versions.length === 0) throw new Refusal(404, 40401, `Subject '${subject}' not found.`);
  return versions;
}

function versionAmong(versions: readonly SubjectVersion[], wanted: string): SubjectVersion {
  // -1 is another name of the latest one.
  if (wanted === 'latest' || wanted === '-1') return versions.at(-1)!;
  if (!/^[1-9]\d{0,9}$/.test(wanted)) {
    const message = `The specified version '${wanted}' is not a valid version id: a number from 1, or "latest"`;
    throw new Refusal(422, 42202, message);
  }
  const found = versions.find(({ version }) => version === Number(wanted));
  if (found === undefined) throw new Refusal(404, 40402, `Version ${wanted} not found.`);
  return found;
}

async function schemaIn(context: Context): Promise<string> {
  const parsed = schemaBody.safeParse(await bodyOf(context));
  if (!parsed.success) {
    throw new Refusal(
      422,
      42201,
      'Invalid schema: the body must be {"schema": "…the schema as text…"}',
    );
  }
  const { schema, schemaType, references } = parsed.data;
  if ((schemaType ?? 'AVRO') !== 'AVRO') {
    throw new Refusal(422, 42201, `Invalid schema: the type ${schemaType} is not known, AVRO is`);
  }
  if ((references ?? []).length > 0) {
    throw new Refusal(422, 42201, 'Invalid schema: it must be whole, without references to others');
  }
  return schema;
}

async function levelIn(context: Context): Promise<(typeof COMPATIBILITY_LEVELS)[number]> {
  const parsed = levelBody.safeParse(await bodyOf(context));
  if (parsed.success) return parsed.data.compatibility;
  const message = `Invalid compatibility level. Valid values are ${COMPATIBILITY_LEVELS.join(', ')}`;
  throw new Refusal(422, 42203, message);
}

async function bodyOf({ req }: Context): Promise<unknown> {
  const type = (req.header('content-type') ?? '').split(';')[0]!.trim().toLowerCase();
  if (!BODY_TYPES.includes(type)) {
    throw new Refusal(415, 415, `the content type must be ${MEDIA_TYPE}, got "${type}"`);
  }
  const text = await req.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(400, 400, 'the body is not JSON');
  }
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof RegistryError) {
    if (error.code === 'schema_invalid')
      return new Refusal(422, 42201, `Invalid schema: ${message}`);
    if (error.code === 'schema_refused') {
      const what = 'Schema being registered is incompatible with an earlier schema';
      return new Refusal(409, 409, `${what}: ${message}`);
    }
  }
  return new Refusal(500, 50001, `Error in the backend data store: ${message}`);
}

function shown({ subject, version, id, schema }: SubjectVersion): object {
  return { subject, version, id, schema };
}

function answer(context: Context, body: unknown, status: 200 | Status = 200): Response {
  return context.body(JSON.stringify(body), status, { 'content-type': MEDIA_TYPE });
}
