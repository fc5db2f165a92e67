/** In: samples and marks. Out: a picture of them as SVG, one band for each figure. */
import type { Mark, Sample } from './samples.ts';

const WIDTH = 960;
const BAND = 110;
const LEFT = 150;
const FIGURES = [
  ['processor', 'processor, MiB', '#1b6ca8'],
  ['clickhouse', 'ClickHouse, MiB', '#b8860b'],
  ['descriptors', 'file descriptors', '#5b7f3b'],
  ['parts', 'parts', '#7a4f9a'],
  ['lag', 'lag, records', '#b03a2e'],
] as const;

export function plot(rows: readonly Sample[], marks: readonly Mark[], title: string): string {
  const end = Math.max(1, rows.at(-1)?.at ?? 1);
  const x = (at: number): string => (LEFT + ((WIDTH - LEFT - 20) * at) / end).toFixed(1);
  const height = 50 + BAND * FIGURES.length;
  const bands = FIGURES.map(([name, label, color], band) => {
    const top = 40 + band * BAND;
    const most = Math.max(1, ...rows.map((row) => row[name]));
    const y = (value: number): string => (top + (BAND - 20) * (1 - value / most)).toFixed(1);
    const points = rows.map((row) => `${x(row.at)},${y(row[name])}`).join(' ');
    return `<text x="10" y="${top + 20}">${label}</text>
<text x="10" y="${top + 38}" fill="#777">most ${Math.round(most)}</text>
<line x1="${LEFT}" x2="${WIDTH - 20}" y1="${y(0)}" y2="${y(0)}" stroke="#ccc"/>
<polyline fill="none" stroke="${color}" stroke-width="1.5" points="${points}"/>`;
  });
  const lines = marks.map(
    ({ at, what }) =>
      `<line x1="${x(at)}" x2="${x(at)}" y1="40" y2="${height - 20}" stroke="#000" stroke-opacity="0.15"><title>${what}</title></line>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="13">
<rect width="100%" height="100%" fill="#fff"/>
<text x="10" y="24" font-size="15">Soak: ${title}; each line is a fault</text>
${[...lines, ...bands].join('\n')}
</svg>
`;
}
