/** A headless Chromium of this machine, where there is one: `CHROMIUM` names it. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** Undefined where there is none; says so then, and with CI=true refuses to go on without. */
export function findChromium(): string | undefined {
  const named = process.env['CHROMIUM'];
  if (named !== undefined) return named;
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const found = folders
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find(isProgram);
  if (found !== undefined) return found;
  const message = 'CHROMIUM IS MISSING: install chromium, or name a browser with CHROMIUM';
  if (process.env['CI'] === 'true') throw new Error(message);
  process.stderr.write(`${message}. Its tests are skipped.\n`);
  return undefined;
}

/** Close it in `afterAll`. */
export function openChromium(executablePath: string): Promise<Browser> {
  // Its sandbox needs rights that containers do not give; it sees pages of our own alone.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
