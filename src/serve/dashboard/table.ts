/** In: columns and rows. Out: a table that scrolls by itself where it is wider than the page. */
import { html } from 'hono/html';
import type { Row } from './dataset.ts';
import type { Markup } from './markup.ts';

export interface TableColumn {
  readonly head: string;
  readonly number?: boolean;
  readonly cell: (row: Row) => string | Markup;
}

/** The first column names the row. */
export function table(
  label: string,
  columns: readonly TableColumn[],
  rows: readonly Row[],
): Markup {
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0">
    <table>
      <thead>
        <tr>
          ${columns.map(
            ({ head, number = false }) =>
              html`<th scope="col" ${number ? 'class=number' : ''}>${head}</th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${columns.map(({ number = false, cell }, index) =>
                index === 0
                  ? html`<th scope="row">${cell(row)}</th>`
                  : html`<td ${number ? 'class=number' : ''}>${cell(row)}</td>`,
              )}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
