/** Columns that pandas wrote for the index of its table; `text` is its note in the file. */
export function indexColumns(
  names: readonly string[],
  text: string | undefined,
): ReadonlySet<string> {
  const own = names.filter((name) => /^__index_level_\d+__$/.test(name));
  if (text === undefined) return new Set(own);
  const { index_columns: columns } = JSON.parse(text) as { index_columns?: unknown };
  const named = Array.isArray(columns) ? columns.filter((name) => typeof name === "string") : [];
  return new Set([...own, ...named]);
}
