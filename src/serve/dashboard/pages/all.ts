/** The pages of the dashboard, in the order of their links. */
import type { Page } from '../page.ts';
import { customers } from './customers.ts';
import { growth } from './growth.ts';
import { miles } from './miles.ts';
import { overview } from './overview.ts';
import { quality } from './quality.ts';
import { scoring } from './scoring.ts';
import { sessions } from './sessions.ts';

export const PAGES: readonly Page[] = [
  overview,
  growth,
  miles,
  sessions,
  customers,
  scoring,
  quality,
];
