/** In: results of checks. Out: the same for a person, for a script or for a build server. */
import type { CheckResult } from '../warehouse/checks.ts';
import { table } from './table.ts';

export function checkReport(
  results: readonly CheckResult[],
  format: 'table' | 'json' | 'junit',
): string {
  if (format === 'json') return JSON.stringify(results, null, 2);
  return format === 'junit' ? junit(results) : asTable(results);
}

function asTable(results: readonly CheckResult[]): string {
  const rows = results.map((result) => [
    result.name,
    result.failing === 0 ? 'ok' : result.severity,
    String(result.failing),
    `${result.seconds.toFixed(2)} s`,
    result.promise,
  ]);
  const parts = [table(['check', 'result', 'rows', 'took', 'promise'], rows)];
  for (const { name, failing, rows: shown, remedy } of results) {
    if (failing === 0) continue;
    const [first] = shown;
    if (first === undefined) continue;
    const columns = Object.keys(first);
    const cells = shown.map((row) => columns.map((column) => String(row[column])));
    const more = failing > shown.length ? `\n… and ${failing - shown.length} more` : '';
    const todo = remedy === '' ? '' : `\n${remedy}`;
    parts.push(`${name}\n${table(columns, cells)}${more}${todo}`);
  }
  return parts.join('\n\n');
}

/** As JUnit's test reports: one case a check. */
function junit(results: readonly CheckResult[]): string {
  const failures = results.filter(({ failing }) => failing > 0);
  const cases = results.map(({ name, seconds, failing, severity, promise, rows }) => {
    const open = `  <testcase classname="tidemark" name="${xml(name)}" time="${seconds}"`;
    if (failing === 0) return `${open}/>`;
    const text = rows.map((row) => JSON.stringify(row)).join('\n');
    const what = `${failing} rows (${severity}): ${promise}`;
    return `${open}>\n    <failure message="${xml(what)}">${xml(text)}</failure>\n  </testcase>`;
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite name="tidemark check" tests="${results.length}" failures="${failures.length}">`,
    ...cases,
    '</testsuite>',
  ].join('\n');
}

function xml(text: string): string {
  const names: Readonly<Record<string, string>> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot' };
  return text.replace(/[&<>"]/g, (sign) => `&${names[sign]};`);
}
