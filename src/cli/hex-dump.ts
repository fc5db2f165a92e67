/** In: bytes. Out: lines of sixteen: their place, hexadecimal, and as ASCII where that is readable. */
const A_LINE = 16;

/** The first `most` bytes; a last line says how many follow. */
export function hexDump(bytes: Buffer, most = 1024): string {
  const lines: string[] = [];
  const shown = bytes.subarray(0, most);
  for (let at = 0; at < shown.length; at += A_LINE) {
    const line = shown.subarray(at, at + A_LINE);
    const hex = line
      .toString('hex')
      .replace(/../g, '$& ')
      .padEnd(A_LINE * 3);
    const text = line.toString('latin1').replace(/[^ -~]/g, '.');
    lines.push(`${at.toString(16).padStart(6, '0')}  ${hex} ${text}`);
  }
  if (bytes.length > shown.length) lines.push(`… and ${bytes.length - shown.length} bytes more`);
  return lines.join('\n');
}
