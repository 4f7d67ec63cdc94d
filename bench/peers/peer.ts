import { spawnSync } from "node:child_process";

/** What a peer's script prints as its last line. */
export type PeerFigures = Readonly<Record<string, number | string>> & { readonly version: string };

/**
 * Runs `bench/peers/SCRIPT` with Python, the input on its standard input, and gives what it
 * measured; null, with a line that says why, where the peer is not installed. KOFN_PEERS_PYTHON
 * names the Python that has the peers (`pip install ray dask distributed numpy`).
 */
export function runPeer(script: string, input: object): PeerFigures | null {
  const python = process.env.KOFN_PEERS_PYTHON ?? "python3";
  const ran = spawnSync(python, [`${import.meta.dirname}/${script}`], {
    input: JSON.stringify(input),
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  const last = ran.stdout?.trim().split("\n").at(-1) ?? "";
  if (ran.status === 0 && last.startsWith("{")) return JSON.parse(last) as PeerFigures;
  const why = ran.stderr?.trim().split("\n").at(-1) ?? ran.error?.message ?? "no output";
  console.log(`peer ${script} left out: ${why}`);
  return null;
}
