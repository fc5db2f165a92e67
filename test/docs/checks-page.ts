/** In: every check there is. Out: what of docs/checks.md is made from them: the list. */
import { KINDS } from '../../src/checks/check.ts';
import type { Check } from '../../src/checks/check.ts';

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');

export function listOfChecks(checks: readonly Check[]): string {
  const counts = KINDS.map(
    (kind) => `${checks.filter((check) => check.kind === kind).length} ${kind}`,
  );
  return [
    `${checks.length} checks: ${counts.join(', ')}.`,
    ...KINDS.map((kind) => {
      const rows = checks
        .filter((check) => check.kind === kind)
        .map(({ name, severity, promise, remedy }) => [
          `\`${name}\``,
          severity,
          cell(promise),
          cell(remedy),
        ]);
      return [
        `### ${kind[0]?.toUpperCase()}${kind.slice(1)}`,
        [
          ['check', 'severity', 'promise', 'what to do when it fails'],
          ['---', '---', '---', '---'],
          ...rows,
        ]
          .map((row) => `| ${row.join(' | ')} |`)
          .join('\n'),
      ].join('\n\n');
    }),
  ].join('\n\n');
}
