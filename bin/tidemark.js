#!/usr/bin/env node
// Starts the command line: from its source in a clone (a build there may be older), built elsewhere.
import { existsSync } from 'node:fs';

// Whoever reads may have had enough, as in `tidemark sql … | head`.
process.stdout.on('error', (error) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

let entry = new URL('../src/cli/main.ts', import.meta.url);
if (existsSync(entry)) {
  const { register } = await import('tsx/esm/api');
  register();
} else {
  entry = new URL('../dist/cli/main.js', import.meta.url);
}
const { main } = await import(entry.href);
process.exitCode = await main(process.argv.slice(2));
