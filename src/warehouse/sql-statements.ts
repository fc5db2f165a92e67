/** The text of an SQL file in, its statements out. */

/**
 * Splits at the semicolons that are neither in a string, a quoted name nor a comment. Statements that
 * hold nothing but comments are left out.
 */
export function sqlStatements(text: string): string[] {
  const token =
    /'(?:[^'\\]|\\.|'')*'|`[^`]*`|"[^"]*"|--[^\n]*|\/\*[\s\S]*?\*\/|;|[^'`"\-/;]+|[-/]/g;
  const statements: string[] = [];
  let statement = '';
  let hasCode = false;
  for (const [part] of text.matchAll(token)) {
    if (part === ';') {
      if (hasCode) statements.push(statement.trim());
      statement = '';
      hasCode = false;
      continue;
    }
    statement += part;
    if (!part.startsWith('--') && !part.startsWith('/*') && part.trim() !== '') hasCode = true;
  }
  if (hasCode) statements.push(statement.trim());
  return statements;
}
