/** How the page of the day looks: in light and dark, on a phone, on paper. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --text: #1b2430; --quiet: #55606e; --ground: #f6f7f9; --sheet: #fff; --line: #d9dee5;
  --ok: #17683a; --warn: #875300; --error: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --text: #e6eaf0; --quiet: #a3adba; --ground: #12161c; --sheet: #1a2028;
  --line: #323b47; --ok: #6fd39a; --warn: #f0b95c; --error: #ff938a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
header, main { max-width: 72rem; margin: 0 auto; padding: 0 1rem; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 1rem; padding-top: 1.5rem; }
h1 { font-size: 1.5rem; margin: 0; } header p { margin: 0; color: var(--quiet); }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; } h3 { font-size: 1rem; margin: 0 0 .25rem; overflow-wrap: anywhere; }
p { margin: .25rem 0 .5rem; }
.verdict { font-size: 1.25rem; font-weight: 600; margin: 1rem 0 .5rem; }
.ok { color: var(--ok); } .warn { color: var(--warn); } .error, .broken { color: var(--error); } .skipped, .new { color: var(--quiet); }
.tiles { display: flex; flex-wrap: wrap; gap: .5rem; list-style: none; margin: 0; padding: 0; }
.tiles li { background: var(--sheet); border: 1px solid var(--line); border-radius: 8px; padding: .35rem .8rem; }
.badge { display: inline-block; border: 1px solid currentColor; border-radius: 999px; padding: 0 .5em; font-size: .85em; font-weight: 600; }
article { background: var(--sheet); border: 1px solid var(--line); border-radius: 8px; padding: .8rem 1rem; margin-bottom: .75rem; }
.wide { overflow-x: auto; margin: .25rem 0 .75rem; }
table { border-collapse: collapse; background: var(--sheet); font-variant-numeric: tabular-nums; }
th, td { border: 1px solid var(--line); padding: .25rem .6rem; text-align: left; vertical-align: top; }
th { color: var(--quiet); font-weight: 600; white-space: nowrap; } .number { text-align: right; }
code { font: .92em ui-monospace, monospace; }
summary { cursor: pointer; margin-bottom: .5rem; }
main { padding-bottom: 3rem; }
`;
