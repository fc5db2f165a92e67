/** What a page of the dashboard is. In: rows of its datasets, and what the process knows. Out: its content. */
import { html } from 'hono/html';
import type { Health } from '../health.ts';
import type { PartitionReport } from '../metrics.ts';
import type { Dataset, Row } from './dataset.ts';
import { explained } from './explained.ts';
import type { Figure, FigureContext, Reading } from './figure.ts';
import { figure, meaningOf } from './figure.ts';
import type { Markup } from './markup.ts';
import { when } from './markup.ts';
import type { ThroughputSample } from './throughput.ts';

export interface Tile {
  readonly label: string;
  readonly value: string;
  readonly note?: string | undefined;
  /** Explains the label. */
  readonly column?: string | undefined;
  readonly tone?: 'good' | 'bad' | undefined;
}

/** What the process knows by itself, whatever ClickHouse does. */
export interface ProcessState {
  readonly ready: Health;
  readonly partitions: readonly PartitionReport[];
  readonly throughput: readonly ThroughputSample[];
}

export interface Page {
  /** `/growth` */
  readonly path: string;
  readonly title: string;
  /** A sentence or two above everything else. */
  readonly intro: string;
  /** Says what to do when there is nothing. */
  readonly filledBy: string;
  /** Numbers at the top, made of the first row of the dataset. */
  readonly tiles?: {
    readonly dataset: Dataset;
    readonly of: (row: Row, process: ProcessState) => readonly Tile[];
  };
  /** Above the figures; needs no ClickHouse. */
  readonly ofProcess?: (process: ProcessState) => Markup;
  readonly figures: readonly Figure[];
}

export function datasetsOf({ tiles, figures }: Page): readonly Dataset[] {
  const all = figures.map(({ dataset }) => dataset);
  return [...new Set(tiles === undefined ? all : [tiles.dataset, ...all])];
}

export function content(
  page: Page,
  readings: ReadonlyMap<Dataset, Reading>,
  process: ProcessState,
  context: FigureContext,
): Markup {
  const of = (dataset: Dataset): Reading => readings.get(dataset) ?? { problem: 'not read' };
  return html`${tilesOf(page, of, process, context)} ${page.ofProcess?.(process) ?? ''}
    <div class="figures">
      ${page.figures.map((spec) => figure(spec, of(spec.dataset), context))}
    </div>`;
}

function tilesOf(
  { tiles }: Page,
  of: (dataset: Dataset) => Reading,
  process: ProcessState,
  { definitions }: FigureContext,
): Markup {
  if (tiles === undefined) return html``;
  const reading = of(tiles.dataset);
  const row = 'rows' in reading ? reading.rows[0] : undefined;
  if (row === undefined) return html``;
  return html`<dl class="tiles">
    ${tiles.of(row, process).map(({ label, value, note, column, tone }) => {
      const meaning =
        column === undefined ? undefined : meaningOf(column, tiles.dataset, definitions);
      return html`<div class="tile${tone === undefined ? '' : ` ${tone}`}">
        <dt>${explained(label, meaning)}</dt>
        <dd>${value}${when(note !== undefined, () => html`<span class="note">${note}</span>`)}</dd>
      </div>`;
    })}
  </dl>`;
}
