import type { RoundEvent } from "../../src/ports/events.ts";
import { tableLine } from "../../src/report/table-lines.ts";
import type { RunInput } from "../../src/run/resolve-spec.ts";
import { loadSpec } from "../../src/run/spec-file.ts";
import { simulations } from "../simulated.ts";

const example = `${import.meta.dirname}/../../examples/recommender/run.yaml`;
/** Of the bytes of dense gradients and whole weights, at most. */
const [upMax, bothMax] = [0.05, 0.1];
/** Of the example's network. */
const numbers = 112_153;

const adam = { type: "adam", learningRate: 0.02 };
const runs = [
  { name: "sgd", optimizer: { type: "sgd", learningRate: 1 }, isFew: true },
  { name: "lazy adam", optimizer: { ...adam, lazy: true }, isFew: true },
  { name: "exact adam", optimizer: adam, isFew: false },
] as const;

/**
 * The example's recommender with gradients by their rows: bits in both directions beside those of
 * dense gradients with all weights down every time.
 */
export async function recommenderBytes(rounds = 150) {
  const spec = (await loadSpec(example)) as RunInput & { workers: number };
  const { run, close } = await simulations();
  const bitsOf = async (optimizer: object, more: object = {}) => {
    let last: RoundEvent | undefined;
    const stop = { rounds, tolerance: 0 };
    const { result } = await run({ ...spec, optimizer, stop, ...more } as RunInput, (event) => {
      if (event.type === "round") last = event;
    });
    return { up: 8 * result.bytesUp, down: 8 * result.bytesDown, tables: last?.tables ?? [] };
  };
  try {
    const dense = await bitsOf(adam, { gradients: "dense" });
    // All weights to every worker, without what goes around them.
    const all = { up: dense.up, down: 32 * numbers * spec.workers * rounds };
    console.log(`\nthe example's recommender, ${rounds} rounds: Mbit`);
    console.log("optimizer           up      down    of dense: up   up and down");
    const mbit = (bits: number) => (bits / 1e6).toFixed(1).padStart(10);
    console.log(`dense       ${mbit(all.up)}${mbit(all.down)}`);
    const told = [];
    for (const { name, optimizer, isFew } of runs) {
      const { up, down, tables } = await bitsOf(optimizer);
      const [ofUp, ofBoth] = [up / all.up, (up + down) / (all.up + all.down)];
      const shares = [ofUp, ofBoth].map((share) => `${(100 * share).toFixed(2)} %`.padStart(15));
      console.log(`${name.padEnd(12)}${mbit(up)}${mbit(down)}${shares.join("")}`);
      if (!isFew) console.log(`  ${tableLine(tables[0]!)}`);
      if (ofUp > upMax) throw new Error(`${name}: ${ofUp} of the dense bits up`);
      if (isFew && ofBoth > bothMax) throw new Error(`${name}: ${ofBoth} of the dense bits`);
      told.push({ name, up, down, ofUp, ofBoth });
    }
    return { rounds, dense: all, told };
  } finally {
    await close();
  }
}
