/** The pages of the dashboard, in the order of their links. */
import type { Page } from '../page.ts';
import { growth } from './growth.ts';
import { miles } from './miles.ts';
import { overview } from './overview.ts';

export const PAGES: readonly Page[] = [overview, growth, miles];
