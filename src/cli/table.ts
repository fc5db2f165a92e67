/** In: a header and rows of text. Out: columns in line, two spaces apart; numbers to the right. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, ...rows];
  const widths = header.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  const numeric = header.map(
    (_, at) => rows.length > 0 && rows.every((row) => /^-?[\d,.]+$|^$|^-$/.test(row[at] ?? '')),
  );
  return lines
    .map((line) =>
      line
        .map((cell, at) =>
          numeric[at] === true ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
