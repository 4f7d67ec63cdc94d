/** A file below a folder, and what its folders say of all its rows (`year=2024`). */
export interface FoundFile {
  /** Its path from the folder on, with slashes. */
  readonly path: string;
  readonly partition: Readonly<Record<string, string>>;
}

/** Hive's name for a missing value of a partition. */
const absent = "__HIVE_DEFAULT_PARTITION__";

/** Whether a path has signs that stand for several files. */
export function isPattern(path: string): boolean {
  return /[*?]|\[[^\]]*\]/.test(path);
}

/** The folder above the first sign of a pattern, and the rest. */
export function splitPattern(pattern: string): { readonly base: string; readonly rest: string } {
  const parts = pattern.split("/");
  const first = parts.findIndex(isPattern);
  return { base: parts.slice(0, first).join("/"), rest: parts.slice(first).join("/") };
}

/**
 * The files of a table among paths below a folder, in the order of their names: those that a
 * pattern takes, or all; without what is hidden (`_SUCCESS`, `.part.crc`) as writers of such
 * folders agree.
 */
export function tableFiles(paths: readonly string[], pattern: string | null): FoundFile[] {
  const takes = pattern === null ? () => true : matcher(pattern);
  return paths
    .filter((path) => takes(path) && !path.split("/").some((part) => /^[._]/.test(part)))
    .sort((a, b) => (a < b ? -1 : 1))
    .map((path) => ({ path, partition: partitionOf(path) }));
}

/** `year=2024/month=1/part-0.parquet` is of the year 2024, month 1. */
function partitionOf(path: string): Record<string, string> {
  const folders = path.split("/").slice(0, -1);
  return Object.fromEntries(
    folders.flatMap((folder) => {
      const [, name, value] = /^([^=]+)=(.*)$/.exec(folder) ?? [];
      if (name === undefined) return [];
      return [[unescaped(name), value === absent ? "" : unescaped(value!)]];
    }),
  );
}

/** Writers escape signs that folders cannot have as URLs do. */
function unescaped(text: string): string {
  return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (signs) => {
    const bytes = Buffer.from(signs.replaceAll("%", ""), "hex");
    return bytes.toString("utf8");
  });
}

/** Whether a path is one that a pattern stands for: `*` within a folder, `**` across them. */
function matcher(pattern: string): (path: string) => boolean {
  const source = pattern.replace(
    /\*\*\/|\*\*|\*|\?|\[!?[^\]]*\]|[\\^$.|+(){}]/g,
    (sign) =>
      ({ "**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]" })[sign] ??
      (sign.startsWith("[") ? sign.replace(/^\[!/, "[^") : `\\${sign}`),
  );
  const expression = new RegExp(`^${source}$`, "u");
  return (path) => expression.test(path);
}
