import { rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { faultDecisionOf } from "../../src/weather/fault-decision.ts";
import { weatherFrom } from "../../src/weather/weather.ts";
import { type Command, median, type RowPlace, timeCommand } from "./command.ts";
import { writeTable } from "./data-files.ts";

const workers = 8;
const rounds = 40;
const quorum = 6;
const [step, l2] = [1, 0.001];
/** 13 of the 40 rounds have a late task, none has more than two. */
const seed = 8;
const weather = { model: "late", probability: 0.05, delayMs: 1000 };

/**
 * Whole commands where 5 % of the tasks are a second late, the same ones for everyone: logistic
 * regression by gradient descent, 100,000 rows of 64 features, 8 workers, 40 rounds. kofn by its
 * emulator, each row at two workers and the fastest 6 of a round; Ray waiting for all, and for
 * the first 6.
 */
export async function lateRow({
  folder,
  builds,
  python,
  repetitions,
}: RowPlace): Promise<object[]> {
  const path = join(folder, "late.csv");
  await writeTable(path, { rows: 100_000, columns: 64, isClasses: true });
  const spec = join(folder, "late.yaml");
  const written = {
    problem: { type: "logistic", l2 },
    data: { source: path, target: "y", test: 0 },
    workers,
    wait: { fastest: quorum },
    encoding: "replication",
    optimizer: { type: "gradient-descent", step },
    stop: { rounds, tolerance: 0 },
    weather,
    seed,
  };
  await writeFile(spec, JSON.stringify(written));
  const delaysMs = Array.from({ length: rounds }, (_, round) =>
    Array.from({ length: workers }, (_, slot) => {
      const task = `round-${round}/gradient/slot-${slot}`;
      return faultDecisionOf(weatherFrom(weather), { task, slot, round }, seed).delayMs;
    }),
  );
  const ray = (count: number) => (): Command => ({
    program: python,
    arguments: [resolve(import.meta.dirname, "../peers/ray_late.py")],
    input: { path, delaysMs, quorum: count, step, l2 },
  });
  const contestants: [string, (turn: number) => Command][] = [
    ...builds.map(([label, root]): [string, (turn: number) => Command] => [
      `${label}, fastest ${quorum}`,
      (turn) => ({
        program: process.execPath,
        arguments: [join(root, "dist/src/cli/main.js"), "run", spec, "--json"].concat([
          ...["--backend", "emulated"],
        ]),
        environment: { KOFN_HOME: join(folder, `late-${label.length}-${turn}`) },
      }),
    ]),
    ["ray, all", ray(workers)],
    [`ray, first ${quorum}`, ray(quorum)],
  ];
  const told = new Map<string, { seconds: number[]; objective: unknown }>();
  for (let turn = 0; turn < repetitions; turn++) {
    for (const [label, command] of contestants) {
      const one = timeCommand(folder, command(turn));
      if (one === null) continue;
      const { seconds } = told.get(label) ?? { seconds: [] };
      told.set(label, { seconds: [...seconds, one.seconds], objective: one.last.objective });
    }
    for (const [label] of builds)
      await rm(join(folder, `late-${label.length}-${turn}`), { recursive: true, force: true });
  }
  await rm(path);
  const first = median(told.get(contestants[0]![0])?.seconds ?? [Number.NaN]);
  console.log(
    `\nlate: logistic, 100,000 x 64, ${workers} workers, ${rounds} rounds, 5 % x 1 s late`,
  );
  return [...told].map(([label, { seconds: all, objective }]) => {
    const seconds = median(all);
    console.log(
      `${label.padEnd(24)} ${seconds.toFixed(2).padStart(7)} s  ` +
        `kofn ${(seconds / first).toFixed(2)}x as quick; objective ${objective}`,
    );
    return { name: "late", label, seconds, objective };
  });
}
