/** In: a page of the documentation. Out: its fenced blocks, and what is wrong with its commands. */
import { tidemark } from '../cli/tidemark.ts';

/** The text of the fenced blocks of a language, without the indentation of a list. */
export function blocks(page: string, language: string): string[] {
  const fence = new RegExp(`^( *)\`\`\`${language}\\n([^\`]*)\`\`\``, 'gm');
  return [...page.matchAll(fence)].map(([, indent = '', text = '']) =>
    text
      .split('\n')
      .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line))
      .join('\n')
      .trim(),
  );
}

/** The words of every `npx tidemark …` after these two; what is quoted is one word. */
export function commands(page: string): readonly (readonly string[])[] {
  return blocks(page, 'sh')
    .flatMap((block) => block.split('\n'))
    .filter((line) => line.startsWith('npx tidemark '))
    .map((line) =>
      [...line.matchAll(/"([^"]*)"|(\S+)/g)].slice(2).map(([, quoted, word]) => quoted ?? word!),
    );
}

/** Commands that there are not, and options that they do not have. */
export async function wrongCommands(page: string): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const words of commands(page)) {
    const named = words.slice(0, 2).filter((word) => /^[a-z][a-z-]*$/.test(word));
    const { status, stdout } = await tidemark([...named, '--help']);
    const missing = words.filter((word) => word.startsWith('--') && !stdout.includes(word));
    if (status !== 0 || missing.length > 0) {
      wrong.push(`${words.join(' ')}: status ${status}, unknown ${missing.join(' ')}`);
    }
  }
  return wrong;
}
