/** In: the datasets behind the dashboard. Out: their description in OpenAPI 3.1. */
import type { Dataset } from './dashboard/dataset.ts';
import { DEFAULT_RANGE, isRanged, RANGES } from './dashboard/dataset.ts';

const ANSWER = {
  type: 'object',
  required: ['name', 'description', 'sql', 'read_at', 'columns', 'rows'],
  properties: {
    name: { type: 'string' },
    description: { type: 'string', description: 'What one row is' },
    sql: { type: 'string', description: 'The query whose rows these are' },
    read_at: { type: 'string', format: 'date-time' },
    columns: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'type', 'definition'],
        properties: {
          name: { type: 'string' },
          type: { type: 'string', description: 'Type in ClickHouse' },
          definition: { type: ['string', 'null'] },
        },
      },
    },
    rows: { type: 'array', items: { type: 'object', additionalProperties: true } },
  },
};

const PROBLEM = {
  type: 'object',
  required: ['message'],
  properties: { message: { type: 'string' } },
};

export function describeApi(datasets: readonly Dataset[], version: string): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tidemark',
      version,
      description: 'The rows behind the dashboard. Read-only; for anything else there is SQL.',
    },
    servers: [{ url: '/api' }],
    paths: {
      '/status': {
        get: {
          summary: 'What the process knows by itself: whether it is ready, and its partitions.',
          operationId: 'status',
          responses: { 200: answered({ type: 'object' }) },
        },
      },
      ...Object.fromEntries(datasets.map((dataset) => [`/${dataset.name}`, pathOf(dataset)])),
    },
    components: { schemas: { Answer: ANSWER, Problem: PROBLEM } },
  };
}

function pathOf(dataset: Dataset): object {
  const days = {
    name: 'days',
    in: 'query',
    description: 'How many days up to the newest one',
    schema: {
      type: 'string',
      enum: RANGES.map(({ value }) => value),
      default: DEFAULT_RANGE.value,
    },
  };
  const problem = answered({ $ref: '#/components/schemas/Problem' });
  return {
    get: {
      summary: dataset.description,
      operationId: dataset.name,
      parameters: isRanged(dataset) ? [days] : [],
      responses: {
        200: answered({ $ref: '#/components/schemas/Answer' }),
        ...(isRanged(dataset) ? { 400: { ...problem, description: 'No such range' } } : {}),
        503: { ...problem, description: 'ClickHouse did not answer' },
      },
    },
  };
}

function answered(schema: object): object {
  return { description: 'The rows', content: { 'application/json': { schema } } };
}
