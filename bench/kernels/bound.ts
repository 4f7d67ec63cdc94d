import { readFileSync } from "node:fs";
import { type Clock, threadMs } from "./race.ts";

/** What `lanes.as` exports. */
interface Lanes {
  floats: Pass;
  bytes: Pass;
}

type Pass = (rows: number, end: number, rowBytes: number, factor: number) => number;

/** The least that a pass over rows takes with lanes of 128 bits. */
export interface LanesBound {
  /** One pass over so many rows. */
  pass(kind: keyof Lanes, rows: number): () => number;
}

const rowsFrom = 65_536;
const cached = 65_536;

/** The loops of `lanes.as` over rows of so many columns, in a memory of their own. */
export async function lanesBound(columns: number): Promise<LanesBound> {
  const wasm = await compiled();
  let lanes: Lanes | null = null;
  let size = 0;
  const open = (bytes: number): Lanes => {
    if (lanes !== null && size >= bytes) return lanes;
    size = bytes;
    const pages = Math.ceil((rowsFrom + bytes) / 65_536);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    new Float32Array(memory.buffer, rowsFrom, bytes >> 2).fill(0.01);
    lanes = new WebAssembly.Instance(wasm, { env: { memory } }).exports as unknown as Lanes;
    return lanes;
  };
  return {
    pass(kind, rows) {
      const rowBytes = (kind === "floats" ? 4 : 1) * columns;
      const end = rowsFrom + rows * rowBytes;
      return () => open(rows * rowBytes)[kind](rowsFrom, end, rowBytes, 0.5);
    },
  };
}

/** Says what the bound is for rows that are in the cache, in processor time. */
export async function tellBounds(columns: number): Promise<void> {
  const bound = await lanesBound(columns);
  const rows = Math.max(1, Math.floor(cached / columns));
  for (const [kind, name, bytes] of [
    ["floats", "float32", 4],
    ["bytes", "int8", 1],
  ] as const) {
    const ms = medianMs(bound.pass(kind, rows), threadMs);
    const speed = (rows * columns * bytes) / ms / 1e6;
    console.log(
      `bound of 128-bit lanes in the cache, ${rows} x ${columns} ${name}: ${speed.toFixed(1)} GB/s`,
    );
  }
}

/** Of one pass, by samples long enough for the clock. */
function medianMs(pass: () => unknown, clock: Clock): number {
  const times = Array.from({ length: 9 }, () => {
    const begunMs = clock();
    let passes = 0;
    for (; clock() - begunMs < 40; passes += 50) for (let i = 0; i < 50; i++) pass();
    return (clock() - begunMs) / passes;
  });
  return times.sort((a, b) => a - b)[4]!;
}

/** By the options of the kernels themselves. */
async function compiled(): Promise<WebAssembly.Module> {
  const { main } = await import("assemblyscript/asc");
  const source = readFileSync(`${import.meta.dirname}/lanes.as`, "utf8");
  const options = "-O3 --noAssert --converge --runtime stub --use abort= --importMemory";
  const memory = "--initialMemory 1 --maximumMemory 65536 --sharedMemory";
  const features = "--enable simd --enable threads --outFile lanes.wasm";
  let wasm: Uint8Array<ArrayBuffer> | null = null;
  const { error, stderr } = await main(
    ["lanes.ts", ...`${options} ${memory} ${features}`.split(" ")],
    {
      readFile: (name) => (name === "lanes.ts" ? source : null),
      writeFile: (_name, contents) => {
        wasm = Uint8Array.from(contents as Uint8Array);
      },
      listFiles: () => [],
    },
  );
  if (error !== null || wasm === null) throw new Error(`lanes.as does not compile:\n${stderr}`);
  return new WebAssembly.Module(wasm);
}
