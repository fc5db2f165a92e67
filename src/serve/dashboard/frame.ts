/** In: a page's content. Out: the whole document, the same around every page. */
import { html } from 'hono/html';
import type { Health } from '../health.ts';
import type { Range } from './dataset.ts';
import { isRanged, RANGES } from './dataset.ts';
import type { Markup } from './markup.ts';
import { when } from './markup.ts';
import { moment } from './numbers.ts';
import type { Page } from './page.ts';
import { datasetsOf } from './page.ts';

export interface FrameOptions {
  readonly page: Page;
  readonly pages: readonly Page[];
  readonly range: Range;
  readonly version: string;
  readonly ready: Health;
  readonly now: Date;
  /** Changes with the files' content. */
  readonly assets: { readonly stylesheet: string; readonly script: string; readonly icon: string };
  readonly content: Markup;
}

export function frame(options: FrameOptions): Markup {
  const { page, pages, range, version, ready, now, assets, content } = options;
  const query = range.value === '90' ? '' : `?days=${range.value}`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${page.title} · Tidemark</title>
        <link rel="icon" href="${assets.icon}" />
        <link rel="stylesheet" href="${assets.stylesheet}" />
        <script src="${assets.script}" defer></script>
      </head>
      <body>
        <a class="skip" href="#main">to the content</a>
        <header>
          <a class="brand" href="/${query}"
            ><img src="${assets.icon}" alt="" width="22" height="22" />Tidemark</a
          >
          <nav aria-label="pages">
            ${pages.map(
              ({ path, title }) =>
                html`<a href="${path}${query}" ${path === page.path ? 'aria-current=page' : ''}
                  >${title}</a
                >`,
            )}
          </nav>
          <a class="state ${ready.ok ? 'good' : 'bad'}" href="/readyz"
            >${ready.ok ? 'ready' : 'not ready'}</a
          >
        </header>
        <main id="main">
          <div class="head">
            <div>
              <h1>${page.title}</h1>
              <p>${page.intro}</p>
            </div>
            ${when(
              datasetsOf(page).some(isRanged),
              () =>
                html`<nav class="ranges" aria-label="range">
                  ${RANGES.map(
                    ({ value, label }) =>
                      html`<a
                        href="${page.path}?days=${value}"
                        ${value === range.value ? 'aria-current=true' : ''}
                        >${label}</a
                      >`,
                  )}
                </nav>`,
            )}
          </div>
          ${when(
            !ready.ok,
            () =>
              html`<ul class="problems" aria-label="what is wrong">
                ${ready.reasons.map((reason) => html`<li>${reason}</li>`)}
              </ul>`,
          )}
          ${content}
        </main>
        <footer>
          <p>
            Tidemark ${version} · ${moment(now)} · Days are solid when settled, light or dashed
            while they are live and may still change.
          </p>
          <p>
            <a href="/api/openapi.json">API</a> · <a href="/metrics">metrics</a> ·
            <a href="/livez">alive</a> · <a href="/readyz">ready</a>
          </p>
        </footer>
      </body>
    </html>`;
}
