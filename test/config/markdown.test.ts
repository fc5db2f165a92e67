import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { settingsAsMarkdown } from '../../src/config/markdown.ts';

test('the page of settings says what the table of settings says', () => {
  const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
  expect(page).toBe(settingsAsMarkdown());
});
