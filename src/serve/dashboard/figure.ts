/**
 * In: a dataset's rows and how to draw them. Out: a figure as every page has it: chart, caption, legend,
 * and folded up beneath what its columns mean and the SQL behind it.
 */
import { html } from 'hono/html';
import type { Tone } from './charts/line-chart.ts';
import type { Dataset, Range, Row } from './dataset.ts';
import { isRanged, shownSql } from './dataset.ts';
import { explained } from './explained.ts';
import type { Markup } from './markup.ts';
import { when } from './markup.ts';
import type { Answer, Definitions } from './warehouse-reader.ts';

export interface Key {
  readonly column: string;
  readonly label: string;
  readonly tone: Tone;
}

export interface Figure {
  readonly title: string;
  /** What to look for. */
  readonly caption: string;
  readonly dataset: Dataset;
  /** Columns that are explained beneath. */
  readonly columns: readonly string[];
  readonly legend?: readonly Key[];
  /** Takes the whole width of a page. */
  readonly wide?: boolean;
  /** Is asked only when there are rows. */
  readonly draw: (rows: readonly Row[]) => Markup;
}

/** Rows, or why there are none. */
export type Reading = Answer | { readonly problem: string };

export interface FigureContext {
  readonly range: Range;
  readonly definitions: Definitions;
  /** What fills the tables of the page. */
  readonly filledBy: string;
}

export function figure(spec: Figure, reading: Reading, context: FigureContext): Markup {
  const { title, caption, dataset, legend = [], wide = false } = spec;
  const { range, definitions } = context;
  return html`<figure class="figure${wide ? ' wide' : ''}">
    <figcaption>
      <h2>${title}</h2>
      <p>${caption}</p>
    </figcaption>
    ${when(
      legend.length > 0,
      () =>
        html`<ul class="legend">
          ${legend.map(
            ({ column, label, tone }) =>
              html`<li>
                <span class="key ${tone}"></span>${explained(
                  label,
                  meaningOf(column, dataset, definitions),
                )}
              </li>`,
          )}
        </ul>`,
    )}
    ${body(spec, reading, context)}
    <details>
      <summary>Definitions and SQL</summary>
      <dl>
        ${spec.columns.map(
          (column) =>
            html`<dt><code>${column}</code></dt>
              <dd>
                ${meaningOf(column, dataset, definitions) ?? 'known when ClickHouse answers'}
              </dd>`,
        )}
      </dl>
      <pre tabindex="0"><code>${shownSql(dataset, range)}</code></pre>
      <p>
        To be pasted into <code>npx tidemark sql "…"</code>, or read
        <a href="/api/${dataset.name}${isRanged(dataset) ? `?days=${range.value}` : ''}">as JSON</a
        >.
      </p>
    </details>
  </figure>`;
}

export function meaningOf(
  column: string,
  { views, meanings }: Dataset,
  definitions: Definitions,
): string | undefined {
  const own = meanings?.[column];
  if (own !== undefined) return own;
  for (const view of views) {
    const comment = definitions.get(view)?.get(column);
    if (comment !== undefined) return comment;
  }
  return undefined;
}

function body({ draw }: Figure, reading: Reading, { filledBy }: FigureContext): Markup {
  if ('problem' in reading) return html`<p class="nothing">${reading.problem}</p>`;
  if (reading.rows.length === 0) {
    return html`<p class="nothing">Nothing is there yet. ${filledBy}</p>`;
  }
  return draw(reading.rows);
}
