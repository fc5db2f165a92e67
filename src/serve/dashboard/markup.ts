/** What everything here is written in: markup that is escaped where values go into it. */
import { html } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';

export type Markup = HtmlEscapedString | Promise<HtmlEscapedString>;

/** Between pieces of which some are missing. */
export function when(condition: boolean, piece: () => Markup): Markup {
  return condition ? piece() : html``;
}
