/**
 * In: the shape of a schema. Out: a picture of what is made from what, as SVG. A view and the stored
 * table of its name are one box; settings and reference data, which nearly everything reads, are left out.
 */
import type { Table } from './schema-shape.ts';

const LEFT_OUT = new Set([
  'rules',
  'event_types',
  'view_settings',
  'leases',
  'stream_watermarks',
  'source_progress',
  'channel_groups',
  'channel_group_expressions',
  'platforms',
  'wide_event_types',
  'mart_refreshes',
  'rejected_events',
]);
const WIDTH = 232;
const HEIGHT = 22;
const COLUMN = 330;
const ROW = 30;
const MARGIN = 20;

interface Box {
  readonly name: string;
  readonly layer: number;
  readonly from: readonly string[];
  row: number;
}

export function lineageSvg(tables: readonly Table[]): string {
  const boxes = placed(boxesOf(tables));
  const byName = new Map(boxes.map((box) => [box.name, box]));
  const lines = boxes.flatMap((to) =>
    to.from.flatMap((name) => {
      const from = byName.get(name);
      return from === undefined ? [] : [line(from, to)];
    }),
  );
  const width = 2 * MARGIN + Math.max(...boxes.map(({ layer }) => layer)) * COLUMN + WIDTH;
  const height = 2 * MARGIN + Math.max(...boxes.map(({ row }) => row)) * ROW + HEIGHT;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
<title>What is made from what: from what the processor writes (left) to what people query</title>
<rect width="100%" height="100%" fill="white"/>
<g fill="none" stroke="#8aa4b8">
${lines.join('\n')}
</g>
<g text-anchor="middle">
${boxes.map(rectangle).join('\n')}
</g>
</svg>
`;
}

const plainName = (name: string) => name.replace(/_rows$/, '').replace(/_as_of$/, '');

function boxesOf(tables: readonly Table[]): Box[] {
  const sources = new Map<string, Set<string>>();
  for (const { name, from, kind } of tables) {
    const to = plainName(name);
    if (kind === 'feed' || LEFT_OUT.has(to)) continue;
    const known = sources.get(to) ?? new Set();
    for (const each of from) if (!LEFT_OUT.has(plainName(each))) known.add(plainName(each));
    known.delete(to);
    sources.set(to, known);
  }
  const layers = new Map<string, number>();
  const layerOf = (name: string, above: readonly string[] = []): number => {
    if (above.includes(name)) throw new Error(`a circle: ${[...above, name].join(' → ')}`);
    const known = layers.get(name);
    if (known !== undefined) return known;
    const before = [...(sources.get(name) ?? [])].map((each) => layerOf(each, [...above, name]));
    const layer = before.length === 0 ? 0 : Math.max(...before) + 1;
    layers.set(name, layer);
    return layer;
  };
  return [...sources].map(([name, from]) => ({
    name,
    layer: layerOf(name),
    from: [...from].sort(),
    row: 0,
  }));
}

/** Each column in the order of the middle of what its boxes are made from, so that few lines cross. */
function placed(boxes: Box[]): readonly Box[] {
  const byName = new Map(boxes.map((box) => [box.name, box]));
  const middle = ({ from }: Box) => {
    const rows = from.map((name) => byName.get(name)?.row ?? 0);
    return rows.reduce((sum, row) => sum + row, 0) / Math.max(1, rows.length);
  };
  const layers = Math.max(...boxes.map(({ layer }) => layer));
  for (let layer = 0; layer <= layers; layer++) {
    boxes
      .filter((box) => box.layer === layer)
      .sort((a, b) => middle(a) - middle(b) || (a.name < b.name ? -1 : 1))
      .forEach((box, row) => {
        box.row = row;
      });
  }
  return boxes.sort((a, b) => a.layer - b.layer || a.row - b.row);
}

const left = ({ layer }: Box) => MARGIN + layer * COLUMN;
const top = ({ row }: Box) => MARGIN + row * ROW;

function line(from: Box, to: Box): string {
  const [x1, y1] = [left(from) + WIDTH, top(from) + HEIGHT / 2];
  const [x2, y2] = [left(to), top(to) + HEIGHT / 2];
  const bend = (x2 - x1) / 2;
  return `<path d="M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}"/>`;
}

function rectangle(box: Box): string {
  const fill = box.layer === 0 ? '#e5efe0' : '#eef3f8';
  return `<rect x="${left(box)}" y="${top(box)}" width="${WIDTH}" height="${HEIGHT}" rx="4" fill="${fill}" stroke="#456"/><text x="${left(box) + WIDTH / 2}" y="${top(box) + 15}">${box.name}</text>`;
}
