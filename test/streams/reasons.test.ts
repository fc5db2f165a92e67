import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { REASONS } from '../../src/streams/reasons.ts';

test('the documentation lists every reason with its meaning, and no other', () => {
  const page = readFileSync(new URL('../../docs/outcomes.md', import.meta.url), 'utf8');
  const [, table = ''] = page.split('## Reasons');
  const rows = [...table.matchAll(/^\| `(\w+)` +\| (.+?) +\|$/gm)].map(([, code, text]) => [
    code,
    text,
  ]);
  expect(Object.fromEntries(rows)).toEqual(REASONS);
});
