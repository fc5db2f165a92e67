/** In: the table of settings. Out: the same as a page of documentation. */
import { settings } from './configuration.ts';

export function settingsAsMarkdown(): string {
  const rows = settings({ environment: {} }).map(
    ({ name, flag, meaning, accepts, fallback, whenUnset }) => {
      const names = flag === null ? `\`${name}\`` : `\`${name}\`, \`${flag}\``;
      const unset = fallback === null ? (whenUnset ?? '') : `\`${fallback}\``;
      return `| ${names} | ${meaning} | ${accepts} | ${unset} |`;
    },
  );
  return [
    '# Settings',
    '',
    'All settings are environment variables; an option of the command line wins over its variable.',
    'A value that cannot be taken ends the command with status 2, naming the variable, what it accepts',
    'and the value. `tidemark config` shows what is in effect and where it comes from.',
    '',
    '| variable | meaning | accepts | when unset |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
    'This page is made by `npx tidemark config --markdown > docs/configuration.md`.',
    '',
  ].join('\n');
}
