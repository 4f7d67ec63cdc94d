/// <reference lib="dom" />

/** The address of a page or an answer of this server, with the token that lets in. */
export function addressOf(
  path: string,
  query: readonly (readonly [string, string])[] = [],
): string {
  const token = new URLSearchParams(location.search).get("token") ?? "";
  const all = new URLSearchParams([
    ...query.map(([name, value]) => [name, value]),
    ["token", token],
  ]);
  return `${path}?${all}`;
}

export function runAddress(run: string): string {
  return addressOf(`/run/${encodeURIComponent(run)}`);
}

export function compareAddress(runs: readonly string[]): string {
  return addressOf(
    "/compare",
    runs.map((run) => ["run", run] as const),
  );
}

/** The list of all runs, some of them picked. */
export function listAddress(picked: readonly string[] = []): string {
  return addressOf(
    "/",
    picked.map((run) => ["pick", run] as const),
  );
}
