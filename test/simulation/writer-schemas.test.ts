import avsc from 'avsc';
import { expect, test } from 'vitest';
import { generateLogs } from './log-generator.ts';
import { Random } from './random.ts';
import { generateRules } from './rules-generator.ts';
import { registeredSchemas } from './writer-schemas.ts';

test('what the simulated producers send is Avro of the schema that they name', () => {
  const types = new Map(
    [...registeredSchemas()].map(([id, schema]) => {
      const parsed = JSON.parse(schema) as avsc.Schema;
      return [id, avsc.Type.forSchema(parsed, { wrapUnions: false })];
    }),
  );
  const random = new Random(Number(process.env['SEED'] ?? 1), 'producers');
  const [log = []] = generateLogs(random, { partitions: 1, records: 500 }, generateRules(random));
  const read = new Set<number>();
  for (const { value, truth } of log) {
    if (truth.kind === 'broken' || value === null) continue;
    const id = value.readUInt32BE(1);
    read.add(id);
    const decoded = types.get(id)?.fromBuffer(value.subarray(5)) as Record<string, unknown>;
    for (const [name, sent] of Object.entries(truth.event)) {
      if (name in decoded) expect(decoded[name]).toEqual(sent);
    }
  }
  expect(read.size).toBe(3);
});
