/** In: where the partitions are, and what is wrong. Out: a plain page that says so. */
import { html } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';
import type { Health } from './health.ts';
import type { PartitionReport } from './metrics.ts';

export function statusPage(
  version: string,
  ready: Health,
  reports: readonly PartitionReport[],
): HtmlEscapedString | Promise<HtmlEscapedString> {
  const rows = [...reports].sort(
    (a, b) => a.topic.localeCompare(b.topic) || a.partition - b.partition,
  );
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>Tidemark</title>
        <style>
          body {
            font:
              15px/1.5 system-ui,
              sans-serif;
            margin: 2rem;
            max-width: 60rem;
          }
          table {
            border-collapse: collapse;
          }
          th,
          td {
            padding: 0.2rem 1rem 0.2rem 0;
            text-align: right;
          }
          th:first-child,
          td:first-child {
            text-align: left;
          }
        </style>
      </head>
      <body>
        <h1>Tidemark ${version}</h1>
        <p>${ready.ok ? 'Ready.' : 'Not ready:'}</p>
        <ul>
          ${ready.reasons.map((reason) => html`<li>${reason}</li>`)}
        </ul>
        <table>
          <thead>
            <tr>
              <th>partition</th>
              <th>stored up to</th>
              <th>lag, records</th>
              <th>lag, seconds</th>
              <th>watermark</th>
            </tr>
          </thead>
          <tbody>
            ${rows.map(
              (report) =>
                html`<tr>
                  <td>${report.topic}/${report.partition}</td>
                  <td>${shown(report.committed)}</td>
                  <td>${shown(report.lagEvents)}</td>
                  <td>
                    ${shown(report.lagSeconds === null ? null : Math.round(report.lagSeconds))}
                  </td>
                  <td>${moment(report.watermark)}</td>
                </tr>`,
            )}
          </tbody>
        </table>
        <p>
          <a href="/metrics">metrics</a> · <a href="/livez">alive</a> · <a href="/readyz">ready</a>
        </p>
      </body>
    </html>`;
}

function shown(value: number | null): string {
  return value === null ? 'unknown' : String(value);
}

function moment(seconds: number | null): string {
  return seconds === null ? 'none' : new Date(seconds * 1000).toISOString();
}
