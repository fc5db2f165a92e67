/** In: what checks found and the state of the data. Out: one HTML page that needs nothing else. */
import { isError } from '../../checks/check.ts';
import type { CheckResult } from '../../checks/check.ts';
import type { DataState } from '../../checks/data-state.ts';
import type { CheckedRun, StoredRun } from '../../checks/stored-results.ts';
import { outcome, xml } from './report.ts';
import { PAGE_STYLE } from './page-style.ts';

export function checkPage({ at, results }: CheckedRun, state: DataState): string {
  const attention = results.filter(({ status }) => status !== 'ok');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>State of the data, ${at.toISOString().slice(0, 10)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<header>
<h1>State of the data</h1>
<p>${utc(at)} UTC</p>
</header>
<main>
${verdict(results)}
<section><h2>What needs attention</h2>
${attention.length === 0 ? '<p>Nothing: every check holds.</p>' : attention.map(finding).join('\n')}
</section>
<section><h2>Since the run before</h2>
${changes(results, state.before)}
</section>
<section><h2>Freshness</h2>
${streams(state)}
${marts(state)}
</section>
<section><h2>Rows</h2>
${rows(state)}
</section>
<section><h2>All checks</h2>
<details><summary>${results.length} checks</summary>
${table(
  ['check', 'kind', 'result', '#failing', '#seconds', 'promise'],
  results.map((result) => [
    `<code>${xml(result.name)}</code>`,
    result.kind,
    badge(outcome(result)),
    number(result.failing),
    result.seconds.toFixed(2),
    xml(result.promise),
  ]),
)}
</details>
</section>
</main>
</body>
</html>
`;
}

function verdict(results: readonly CheckResult[]): string {
  const count = (name: string) => results.filter((result) => outcome(result) === name).length;
  const faults = results.filter(isError).length;
  const warnings = count('warn');
  const text =
    faults > 0
      ? `${faults} of ${results.length} checks fail`
      : warnings > 0
        ? `No errors, ${warnings} to look at`
        : `All ${results.length} checks hold`;
  const tiles = ['ok', 'warn', 'error', 'broken', 'skipped']
    .map((name) => `<li><b>${count(name)}</b> ${badge(name)}</li>`)
    .join('');
  const level = faults > 0 ? 'error' : warnings > 0 ? 'warn' : 'ok';
  return `<p class="verdict ${level}">${text}</p>\n<ul class="tiles">${tiles}</ul>`;
}

function finding(result: CheckResult): string {
  const { name, promise, failing, rows: shown, reason, remedy, status } = result;
  const columns = Object.keys(shown[0] ?? {});
  const cells = shown.map((row) => columns.map((column) => `<code>${value(row[column])}</code>`));
  const parts = [
    `<h3>${badge(outcome(result))} <code>${xml(name)}</code></h3>`,
    `<p>${xml(promise)}</p>`,
    ...(status === 'failed'
      ? [
          `<p>${number(failing)} ${failing === 1 ? 'row is' : 'rows are'} not so:</p>`,
          table(columns.map(xml), cells),
        ]
      : [`<p>${xml(reason)}</p>`]),
    ...(failing > shown.length && shown.length > 0
      ? [`<p>… and ${number(failing - shown.length)} more</p>`]
      : []),
    ...(remedy === '' ? [] : [`<p><b>What to do:</b> ${xml(remedy)}</p>`]),
  ];
  return `<article>${parts.join('\n')}</article>`;
}

function changes(results: readonly CheckResult[], before: StoredRun | undefined): string {
  if (before === undefined) return '<p>This is the first run.</p>';
  const since = `<p>Compared with ${utc(new Date(before.at))} UTC.</p>`;
  const was = new Map(before.results.map((result) => [result.check, result]));
  const moved = results.flatMap((result) => {
    const earlier = was.get(result.name);
    const then =
      earlier === undefined
        ? 'new'
        : earlier.status === 'failed'
          ? earlier.severity
          : earlier.status;
    if (then === outcome(result) && earlier?.failing === result.failing) return [];
    if (then === 'new' && result.status === 'ok') return [];
    return [
      [
        `<code>${xml(result.name)}</code>`,
        badge(then),
        number(earlier?.failing ?? 0),
        badge(outcome(result)),
        number(result.failing),
      ],
    ];
  });
  if (moved.length === 0) return `${since}\n<p>Every check found what it had found then.</p>`;
  return `${since}\n${table(['check', 'then', '#failing', 'now', '#failing'], moved)}`;
}

function streams({ streams: all }: DataState): string {
  if (all.length === 0) return '<p>No stream has brought a record yet.</p>';
  return table(
    [
      'stream',
      'last record, UTC',
      'ago',
      'largest event time, UTC',
      '#accepted',
      '#late',
      '#refused',
    ],
    all.map((each) => [
      xml(each.stream),
      each.lastRecordAt,
      ago(each.secondsAgo),
      each.watermark ?? '–',
      number(each.accepted),
      number(each.late),
      number(each.refused),
    ]),
  );
}

function marts({ marts: all }: DataState): string {
  if (all.length === 0) return '<p>No mart was refreshed yet.</p>';
  return table(
    ['mart', 'up to date', 'refresh'],
    all.map(({ mart, secondsAgo, error }) => [
      xml(mart),
      secondsAgo === null ? 'never' : `${ago(secondsAgo)} ago`,
      error === '' ? badge('ok') : `${badge('error')} ${xml(error)}`,
    ]),
  );
}

function rows({ tables, before }: DataState): string {
  return table(
    ['table', '#rows', '#change'],
    tables.map(({ table: name, rows: count }) => {
      const change = count - (before?.rows.get(name) ?? count);
      const sign = change > 0 ? '+' : change < 0 ? '−' : '±';
      const known = before?.rows.has(name) === true;
      return [xml(name), number(count), known ? `${sign}${number(Math.abs(change))}` : '–'];
    }),
  );
}

/** A heading with # is one of numbers. The cells are HTML. */
function table(head: readonly string[], body: readonly (readonly string[])[]): string {
  const right = head.map((text) => (text.startsWith('#') ? ' class="number"' : ''));
  const line = (tag: string, cells: readonly string[]) =>
    `<tr>${cells.map((text, at) => `<${tag}${right[at]}>${text}</${tag.split(' ')[0]}>`).join('')}</tr>`;
  const heading = line(
    'th scope="col"',
    head.map((text) => text.replace(/^#/, '')),
  );
  const lines = body.map((cells) => line('td', cells));
  return `<div class="wide" tabindex="0" role="group" aria-label="Table"><table>\n<thead>${heading}</thead>\n<tbody>\n${lines.join('\n')}\n</tbody></table></div>`;
}

const badge = (name: string) => `<span class="badge ${name}">${name}</span>`;
const number = (value: number) => value.toLocaleString('en-US');
const utc = (time: Date) => time.toISOString().slice(0, 16).replace('T', ' ');

function value(of: unknown): string {
  return xml(typeof of === 'object' && of !== null ? JSON.stringify(of) : String(of));
}

function ago(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800
    ? `${Math.round(seconds / 3600)} h`
    : `${Math.round(seconds / 86_400)} d`;
}
