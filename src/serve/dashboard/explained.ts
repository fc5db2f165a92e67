/** In: a word and its definition. Out: the word with the definition at hand. */
import { html } from 'hono/html';
import type { Markup } from './markup.ts';

/** A word that says what it means when it is pointed at or reached with the keyboard. */
export function explained(word: string, meaning: string | undefined): Markup {
  return meaning === undefined
    ? html`${word}`
    : html`<span class="explained" tabindex="0" title="${meaning}">${word}</span>`;
}
