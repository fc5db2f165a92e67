/**
 * In: docs/cookbook.md. Out: a failure where a query's output is not the one below it. Commands and
 * queries are those of the page.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tidemark } from '../cli/tidemark.ts';
import { testClickHouse, type TestClickHouse } from '../support/clickhouse.ts';

const PAGE = '../../docs/cookbook.md';
const COMMANDS = /```sh\n([^`]*)```/;
const RECIPE = /```sql\n([^`]*)```\n\n```text\n([^`]*)```/g;

let ch: TestClickHouse;
let folder: string;
let page: string;
beforeAll(async () => {
  ch = await testClickHouse();
  folder = await mkdtemp(join(tmpdir(), 'tidemark-cookbook-'));
  page = await readFile(new URL(PAGE, import.meta.url), 'utf8');
});
afterAll(async () => {
  await ch.close();
  await rm(folder, { recursive: true, force: true });
});

/** As `tidemark sql` prints it, without the numbers of the rows. */
async function answer(query: string): Promise<string> {
  const result = await ch.client.exec({
    query: `${query}\nFORMAT PrettyCompactMonoBlock`,
    clickhouse_settings: {
      output_format_pretty_row_numbers: 0,
      output_format_pretty_color: 0,
      max_threads: 1,
    },
  });
  return text(result.stream);
}

test('every query of the cookbook gives what the cookbook says (npm run docs writes it anew)', async () => {
  const commands = COMMANDS.exec(page)?.[1]?.trim().split('\n') ?? [];
  expect(commands).toHaveLength(3);
  for (const command of commands) {
    const argv = command
      .split(' ')
      .slice(2)
      .map((word) => (word.endsWith('.ndjson') ? join(folder, word) : word));
    const { status, stderr } = await tidemark(argv, { CLICKHOUSE_URL: ch.url });
    expect({ command, status, stderr: status === 0 ? '' : stderr }).toMatchObject({ status: 0 });
  }
  const answers: string[] = [];
  for (const [, query = ''] of page.matchAll(RECIPE)) answers.push(await answer(query));
  expect(answers).toHaveLength(20);
  expect(answers.filter((each) => each.split('\n').length < 4)).toEqual([]);
  const written = page.replaceAll(
    RECIPE,
    (_, query: string) => `\`\`\`sql\n${query}\`\`\`\n\n\`\`\`text\n${answers.shift()}\`\`\``,
  );
  await expect(written).toMatchFileSnapshot(PAGE);
}, 120_000);
