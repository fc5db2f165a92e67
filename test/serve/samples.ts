const NAME = String.raw`[a-zA-Z_:][a-zA-Z0-9_:]*`;
const LABEL = String.raw`[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"`;
const SAMPLE = new RegExp(String.raw`^(${NAME})(?:\{((?:${LABEL},?)*)\})? (\S+)$`);
const COMMENT = new RegExp(
  String.raw`^# (?:HELP ${NAME} .+|TYPE ${NAME} (?:counter|gauge|histogram|summary))$`,
);

/** Reads Prometheus' text format: the value of each sample, its labels sorted by name. Throws for any other line. */
export function samples(text: string): Record<string, number> {
  const found: Record<string, number> = {};
  for (const line of text.split('\n')) {
    if (line === '' || COMMENT.test(line)) continue;
    const [, name, labels, value] = SAMPLE.exec(line) ?? [];
    const isNumber = value !== undefined && (/^nan$/i.test(value) || !Number.isNaN(Number(value)));
    if (name === undefined || !isNumber) {
      throw new Error(`not a sample: ${line}`);
    }
    const sorted = (labels ?? '').match(new RegExp(LABEL, 'g'))?.sort().join(',');
    const key = sorted === undefined ? name : `${name}{${sorted}}`;
    if (key in found) throw new Error(`twice: ${line}`);
    found[key] = Number(value);
  }
  return found;
}
