/** A planted bug: what it is, where, and which promise it breaks. */
export interface Mutation {
  readonly name: string;
  /** The promise that the simulation must find broken. */
  readonly breaks: string;
  readonly edits: readonly Edit[];
}

export interface Edit {
  /** From the root of the project. */
  readonly file: string;
  /** A text that occurs exactly once in the file. */
  readonly text: string;
  readonly by: string;
}

/** Throws when the code has changed so that the text is not there, or not the only one. */
export function edited(source: string, { file, text, by }: Edit): string {
  const found = source.split(text).length - 1;
  if (found !== 1) {
    throw new Error(
      `a planted bug is out of date: its text occurs ${found} times in ${file}, not once. ` +
        `Plant it anew where that code is now:\n${text}`,
    );
  }
  return source.replace(text, () => by);
}
