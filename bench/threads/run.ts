import { threadsCompute } from "../../src/compute/threads.ts";
import { handOver } from "../hand-over.ts";

/** One round on threads: 8 tasks, each taking and giving 256 KiB of float32. */
const workers = 8;
const rounds = 500;
const weights = new Float32Array(65_536).map(Math.sin);

const compute = threadsCompute<{ id: string; slot: number; weights: Float32Array }, Float32Array>({
  entry: new URL("./thread.ts", import.meta.url),
  data: null,
});

function round(): Promise<number> {
  const begunMs = performance.now();
  let heard = 0;
  return new Promise((resolve, reject) => {
    for (let slot = 0; slot < workers; slot++) {
      compute.start({ id: `${slot}`, slot, weights }, (outcome) => {
        if (outcome.kind === "lost") reject(new Error(outcome.reason));
        else if (++heard === workers) resolve(performance.now() - begunMs);
      });
    }
  });
}

for (let i = 0; i < 50; i++) await round();
const times: number[] = [];
for (let i = 0; i < rounds; i++) times.push(await round());
times.sort((a, b) => a - b);
const p50Ms = times[rounds >> 1]!;
const p95Ms = times[Math.floor(rounds * 0.95)]!;
console.log(`p50 ${p50Ms.toFixed(2)} ms, p95 ${p95Ms.toFixed(2)} ms (goal: under 2 ms)`);
await compute.close();
handOver({ bench: "threads", p50Ms, p95Ms });
