/** In: cells of rows and columns with a share. Out: a map in which more is darker. */
import { html } from 'hono/html';
import type { Markup } from '../markup.ts';
import { round } from './chart-frame.ts';

export interface HeatCell {
  readonly row: number;
  readonly column: number;
  /** How dark, 0 to 1. */
  readonly share: number;
  /** Written into it where there is room. */
  readonly text: string;
  /** Lines shown of it: a head, then `label\tvalue`. */
  readonly told: readonly string[];
  readonly live: boolean;
}

export interface HeatMapOptions {
  readonly label: string;
  /** From the top. */
  readonly rows: readonly string[];
  /** From the left. */
  readonly columns: readonly string[];
  readonly rowTitle: string;
  readonly columnTitle: string;
  readonly cells: readonly HeatCell[];
}

/** Up to so many columns hold text. */
const WRITTEN_UP_TO = 14;
const SHADES = 9;
/** At most so many labels fit beside each other. */
const LABELS = 14;
const HEAD = 38;

export function heatMap(options: HeatMapOptions): Markup {
  const { label, rows, columns, rowTitle, columnTitle, cells } = options;
  const written = columns.length <= WRITTEN_UP_TO;
  const [high, gap] = written
    ? [rows.length > 6 ? 28 : 56, 2]
    : rows.length > 12
      ? [11, 1]
      : [20, 1];
  const wide = 100 / Math.max(1, columns.length);
  const everyColumn = Math.ceil(columns.length / LABELS);
  const everyRow = written ? 1 : Math.ceil(16 / high);
  return html`<div class="chart heat ${written ? 'written' : 'small'}">
    <svg role="img" aria-label="${label}" width="100%" height="${HEAD + rows.length * high + 4}">
      <text class="tick end" x="-8" y="14">${rowTitle}</text>
      <text class="tick" x="0" y="14">${columnTitle}</text>
      ${columns.map((text, index) =>
        index % everyColumn > 0
          ? ''
          : html`<text class="tick mid" x="${round((index + 0.5) * wide)}%" y="${HEAD - 6}">
              ${text}
            </text>`,
      )}
      ${rows.map((text, index) =>
        index % everyRow > 0
          ? ''
          : html`<text class="tick end" x="-8" y="${HEAD + (index + 0.5) * high + 4}">
              ${text}
            </text>`,
      )}
      ${cells.map(({ row, column, share, text, told, live }) => {
        const shade = Math.max(0, Math.min(SHADES, Math.round(share * SHADES)));
        const y = HEAD + row * high;
        return html`<g class="cell h${shade}${live ? ' live' : ''}">
          <rect
            class="hit"
            x="${round(column * wide)}%"
            y="${y}"
            width="${round(wide * 0.97)}%"
            height="${high - gap}"
            rx="2"
          >
            <title>${told.join('\n')}</title>
          </rect>
          ${
            written
              ? html`<text
                  class="mid"
                  x="${round((column + 0.485) * wide)}%"
                  y="${y + high / 2 + 3}"
                >
                  ${text}
                </text>`
              : ''
          }
        </g>`;
      })}
    </svg>
  </div>`;
}
