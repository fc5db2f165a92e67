/** In: results of checks. Out: the same for a person, for a script or for a build server. */
import type { CheckResult } from '../../checks/check.ts';
import { table } from '../table.ts';

export function checkReport(
  results: readonly CheckResult[],
  format: 'table' | 'json' | 'junit',
): string {
  if (format === 'json') return JSON.stringify(results, null, 2);
  return format === 'junit' ? junit(results) : asTable(results);
}

/** As it is shown: `warn` and `error` are failures. */
export function outcome({ status, severity }: CheckResult): string {
  return status === 'failed' ? severity : status;
}

function asTable(results: readonly CheckResult[]): string {
  const rows = results.map((result) => [
    result.name,
    outcome(result),
    String(result.failing),
    `${result.seconds.toFixed(2)} s`,
    result.promise,
  ]);
  const parts = [table(['check', 'result', 'rows', 'took', 'promise'], rows)];
  for (const { name, status, failing, rows: shown, reason, remedy } of results) {
    if (status === 'broken' || status === 'skipped') parts.push(`${name}\n${status}: ${reason}`);
    const [first] = shown;
    if (status !== 'failed' || first === undefined) continue;
    const columns = Object.keys(first);
    const cells = shown.map((row) => columns.map((column) => text(row[column])));
    const more = failing > shown.length ? `\n… and ${failing - shown.length} more` : '';
    const advice = remedy === '' ? '' : `\n${remedy}`;
    parts.push(`${name}\n${table(columns, cells)}${more}${advice}`);
  }
  return [...parts, summary(results)].join('\n\n');
}

function summary(results: readonly CheckResult[]): string {
  const counts = ['ok', 'warn', 'error', 'broken', 'skipped'].flatMap((name) => {
    const count = results.filter((result) => outcome(result) === name).length;
    return count === 0 ? [] : [`${count} ${name}`];
  });
  return `${results.length} checks: ${counts.join(', ')}`;
}

function text(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

/** As JUnit's test reports: one case a check. */
function junit(results: readonly CheckResult[]): string {
  const failures = results.filter(({ status }) => status === 'failed');
  const broken = results.filter(({ status }) => status === 'broken');
  const skipped = results.filter(({ status }) => status === 'skipped');
  const cases = results.map(({ name, kind, seconds, failing, severity, promise, ...result }) => {
    const open = `  <testcase classname="tidemark.${xml(kind.replaceAll(' ', '-'))}" name="${xml(name)}" time="${seconds}"`;
    const inner = (tag: string, message: string, body = '') =>
      `${open}>\n    <${tag} message="${xml(message)}">${xml(body)}</${tag}>\n  </testcase>`;
    if (result.status === 'ok') return `${open}/>`;
    if (result.status === 'broken') return inner('error', result.reason);
    if (result.status === 'skipped') return inner('skipped', result.reason);
    const rows = result.rows.map((row) => JSON.stringify(row)).join('\n');
    return inner('failure', `${failing} rows (${severity}): ${promise}`, rows);
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite name="tidemark check" tests="${results.length}" failures="${failures.length}" errors="${broken.length}" skipped="${skipped.length}">`,
    ...cases,
    '</testsuite>',
  ].join('\n');
}

/** Text as XML and HTML take it. */
export function xml(of: string): string {
  const names: Readonly<Record<string, string>> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot' };
  return of.replace(/[&<>"]/g, (sign) => `&${names[sign]};`).replace(CONTROLS, '');
}

// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g;
