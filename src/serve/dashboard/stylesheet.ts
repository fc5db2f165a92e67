/** How every page looks, in light and in dark. */
export const STYLESHEET = `
:root {
  color-scheme: light dark;
  --surface: #ffffff;
  --page: #f6f7f8;
  --text: #17212b;
  --quiet: #55626e;
  --line: #dfe4e8;
  --link: #0a5f8f;
  --blue: #2f6fb2;
  --teal: #14807a;
  --amber: #b7791f;
  --red: #c0392f;
  --violet: #7a56b0;
  --grey: #8a97a3;
  --good: #1a7a4a;
  --bad: #b3261e;
  --heat: #0b6670;
  --on-heat: #ffffff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --surface: #172027;
    --page: #0f161b;
    --text: #e4eaee;
    --quiet: #9fadb8;
    --line: #2b3740;
    --link: #7cc0ec;
    --blue: #5b9fe0;
    --teal: #3cb5ab;
    --amber: #dba53f;
    --red: #ec7168;
    --violet: #ab8ae0;
    --grey: #75848f;
    --good: #5cc68d;
    --bad: #f28b82;
    --heat: #63d3cb;
    --on-heat: #0c1418;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0;
  background: var(--page);
  color: var(--text);
  font: 15px/1.5 Inter, system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif;
  font-variant-numeric: tabular-nums;
}
a { color: var(--link); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 0.5rem; top: 0.5rem; background: var(--surface); padding: 0.5rem; z-index: 3; }
header, main, footer { max-width: 1180px; margin: 0 auto; padding: 0 1rem; }
header { display: flex; flex-wrap: wrap; align-items: center; gap: 0.25rem 1.25rem; padding-top: 0.9rem; }
.brand { display: flex; align-items: center; gap: 0.5rem; font-weight: 650; color: var(--text); text-decoration: none; }
header nav { display: flex; flex-wrap: wrap; gap: 0.1rem; flex: 1; }
header nav a { padding: 0.3rem 0.6rem; border-radius: 6px; color: var(--quiet); text-decoration: none; }
header nav a:hover { color: var(--text); }
header nav a[aria-current] { color: var(--text); background: var(--surface); box-shadow: 0 0 0 1px var(--line); font-weight: 550; }
.state { display: inline-flex; align-items: center; gap: 0.4rem; color: var(--quiet); text-decoration: none; font-size: 0.9rem; }
.state::before { content: ''; width: 0.6rem; height: 0.6rem; border-radius: 50%; background: var(--good); }
.state.bad::before { background: var(--bad); border-radius: 2px; }
.head { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: end; gap: 0.5rem 2rem; margin: 1.4rem 0 1rem; }
.head > div { flex: 1 1 26rem; }
h1 { font-size: 1.5rem; line-height: 1.2; margin: 0 0 0.25rem; letter-spacing: -0.01em; }
.head p { margin: 0; color: var(--quiet); max-width: 46rem; }
.ranges { display: flex; border: 1px solid var(--line); border-radius: 7px; background: var(--surface); overflow: hidden; }
.ranges a { padding: 0.25rem 0.7rem; text-decoration: none; color: var(--quiet); font-size: 0.9rem; }
.ranges a + a { border-left: 1px solid var(--line); }
.ranges a[aria-current] { color: var(--text); background: var(--page); font-weight: 600; }
.problems { margin: 0 0 1rem; padding: 0.6rem 1rem 0.6rem 2rem; border: 1px solid var(--bad); border-radius: 8px; background: var(--surface); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.2rem, 1fr)); gap: 0.75rem; margin: 0 0 1rem; }
.tile { background: var(--surface); border: 1px solid var(--line); border-radius: 10px; padding: 0.7rem 0.9rem; }
.tile dt { color: var(--quiet); font-size: 0.85rem; }
.tile dd { margin: 0; font-size: 1.45rem; font-weight: 600; line-height: 1.3; letter-spacing: -0.01em; overflow-wrap: anywhere; }
.tile.good dd { color: var(--good); }
.tile.bad dd { color: var(--bad); }
.tile .note { display: block; font-size: 0.8rem; font-weight: 400; letter-spacing: 0; color: var(--quiet); }
.figures { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1rem; }
.figure { margin: 0; background: var(--surface); border: 1px solid var(--line); border-radius: 10px; padding: 0.9rem 1rem 0.6rem; display: flex; flex-direction: column; min-width: 0; }
.figure.wide { grid-column: 1 / -1; }
.figures + .figures { margin-top: 1rem; }
section .nothing { margin-top: 0.2rem; }
h2 { font-size: 1rem; margin: 0; line-height: 1.35; }
figcaption p { margin: 0.1rem 0 0.6rem; color: var(--quiet); font-size: 0.88rem; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 0.1rem 1rem; margin: 0 0 0.6rem; padding: 0; font-size: 0.85rem; }
.legend li { display: flex; align-items: center; gap: 0.4rem; }
.key { width: 0.7rem; height: 0.7rem; border-radius: 2px; background: currentColor; }
.explained { text-decoration: underline dotted; text-decoration-color: var(--grey); text-underline-offset: 3px; cursor: help; }
.chart { padding: 0.5rem 0.6rem 0 3.1rem; }
.chart.heat { padding-left: 4.6rem; }
.chart svg { display: block; overflow: visible; }
.grid { stroke: var(--line); }
.zero { stroke: var(--quiet); fill: none; vector-effect: non-scaling-stroke; }
.tick, .cell text { font-size: 11.5px; fill: var(--quiet); }
.mid { text-anchor: middle; }
.end { text-anchor: end; }
.guide { stroke: var(--quiet); stroke-dasharray: 2 3; }
.line { fill: none; stroke: currentColor; stroke-width: 2; vector-effect: non-scaling-stroke; stroke-linejoin: round; stroke-linecap: round; }
.line.live { stroke-dasharray: 2 5; }
.stroke { stroke: currentColor; stroke-width: 2; stroke-linecap: round; }
.area { fill: currentColor; }
.area.live { fill-opacity: 0.4; }
.live-band { fill: var(--grey); fill-opacity: 0.09; }
.blue { color: var(--blue); } .teal { color: var(--teal); } .amber { color: var(--amber); }
.red { color: var(--red); } .violet { color: var(--violet); } .grey { color: var(--grey); }
rect.hit { fill: transparent; }
.chart > svg > svg .hit.at { fill: var(--text); fill-opacity: 0.09; }
.cell rect.hit { fill: var(--shade); }
.cell .hit.at, circle.hit.at { stroke: var(--text); stroke-width: 2; }
.cell text { fill: var(--text); pointer-events: none; }
.cell.live text { font-style: italic; }
.written .cell.live rect { stroke: var(--quiet); stroke-dasharray: 2 2; }
.small .cell.live rect { fill-opacity: 0.55; }
.h0 { --shade: color-mix(in srgb, var(--heat) 4%, var(--surface)); }
.h1 { --shade: color-mix(in srgb, var(--heat) 12%, var(--surface)); }
.h2 { --shade: color-mix(in srgb, var(--heat) 20%, var(--surface)); }
.h3 { --shade: color-mix(in srgb, var(--heat) 29%, var(--surface)); }
.h4 { --shade: color-mix(in srgb, var(--heat) 38%, var(--surface)); }
.h5 { --shade: color-mix(in srgb, var(--heat) 47%, var(--surface)); }
.h6 { --shade: color-mix(in srgb, var(--heat) 56%, var(--surface)); }
.h7 { --shade: color-mix(in srgb, var(--heat) 66%, var(--surface)); }
.h8 { --shade: color-mix(in srgb, var(--heat) 86%, var(--surface)); }
.h9 { --shade: color-mix(in srgb, var(--heat) 100%, var(--surface)); }
.h8 text, .h9 text { fill: var(--on-heat); }
@media (prefers-color-scheme: dark) {
  .h5 { --shade: color-mix(in srgb, var(--heat) 62%, var(--surface)); }
  .h6 { --shade: color-mix(in srgb, var(--heat) 70%, var(--surface)); }
  .h7 { --shade: color-mix(in srgb, var(--heat) 79%, var(--surface)); }
  .h8 { --shade: color-mix(in srgb, var(--heat) 89%, var(--surface)); }
  .h5 text, .h6 text, .h7 text { fill: var(--on-heat); }
}
.scroll { overflow-x: auto; }
.scroll th, .scroll td, .whole { white-space: nowrap; }
.scroll td:has(.whole) { white-space: normal; }
table { border-collapse: collapse; width: 100%; font-size: 0.88rem; }
th, td { padding: 0.28rem 0.9rem 0.28rem 0; text-align: left; vertical-align: top; }
th:last-child, td:last-child { padding-right: 0; }
thead th { color: var(--quiet); font-weight: 500; border-bottom: 1px solid var(--line); white-space: nowrap; }
tbody th { font-weight: 450; }
tbody tr + tr > * { border-top: 1px solid color-mix(in srgb, var(--line) 55%, transparent); }
.number { text-align: right; white-space: nowrap; }
.bars th[scope='row'] { width: 38%; overflow-wrap: anywhere; }
.bars td.bar { width: 42%; vertical-align: middle; padding-right: 0.7rem; }
.bars svg { display: block; }
.note { display: block; color: var(--quiet); font-size: 0.8rem; }
p.note { margin: 0.1rem 0 0.6rem; font-size: 0.88rem; }
td.live, tr.live > * { color: var(--quiet); font-style: italic; }
.bad-text { color: var(--bad); }
.nothing { color: var(--quiet); margin: 0.6rem 0 1rem; }
details { margin-top: auto; font-size: 0.85rem; border-top: 1px solid var(--line); padding-top: 0.4rem; }
summary { color: var(--quiet); cursor: pointer; width: fit-content; }
figure > :nth-last-child(2) { margin-bottom: 0.7rem; }
dl { margin: 0.5rem 0; }
details dt { margin-top: 0.4rem; }
details dd { margin: 0; color: var(--quiet); }
code, pre { font-family: ui-monospace, 'Cascadia Code', 'DejaVu Sans Mono', Menlo, monospace; font-size: 0.8rem; }
pre { margin: 0.5rem 0; padding: 0.6rem 0.8rem; background: var(--page); border-radius: 6px; overflow-x: auto; }
.tip { position: absolute; z-index: 2; pointer-events: none; max-width: min(22rem, 90vw); padding: 0.45rem 0.7rem; border-radius: 7px; background: var(--text); color: var(--page); font-size: 0.82rem; box-shadow: 0 3px 14px rgb(0 0 0 / 25%); }
.tip p { display: flex; justify-content: space-between; gap: 1.2rem; margin: 0; }
.tip .first { font-weight: 600; }
footer { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 2rem; color: var(--quiet); font-size: 0.85rem; margin-top: 1.2rem; padding-bottom: 1.5rem; }
@media (max-width: 800px) {
  .figures { grid-template-columns: minmax(0, 1fr); }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .tile dd { font-size: 1.2rem; }
  header nav { order: 3; flex-basis: 100%; margin: 0 -0.6rem; }
  .state { margin-left: auto; }
  .scroll thead th { white-space: normal; vertical-align: bottom; }
  .scroll th, .scroll td { padding-right: 0.7rem; }
  /* A shadow at the side where there is more. */
  .scroll {
    background:
      linear-gradient(to right, var(--surface) 50%, transparent) 0 0 / 1.6rem 100% no-repeat local,
      linear-gradient(to left, var(--surface) 50%, transparent) 100% 0 / 1.6rem 100% no-repeat local,
      linear-gradient(to right, var(--line), transparent) 0 0 / 0.6rem 100% no-repeat scroll,
      linear-gradient(to left, var(--line), transparent) 100% 0 / 0.6rem 100% no-repeat scroll;
  }
}
`;
