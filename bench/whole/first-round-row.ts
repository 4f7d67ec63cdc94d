import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type Command, median, type RowPlace, timeCommand } from "./command.ts";
import { writeTable } from "./data-files.ts";

/** With more workers the row is about their processes. */
const workersOfAll = 8;

/** From the start of the process to its end, a run of one round over a small table, all cold. */
export async function firstRoundRow({
  folder,
  builds,
  python,
  repetitions,
  workers,
}: RowPlace & { readonly workers: number }): Promise<object[]> {
  const isOfAll = workers <= workersOfAll;
  const backends = isOfAll ? ["threads", "simulated", "emulated"] : ["emulated"];
  const path = join(folder, "small.csv");
  await writeTable(path, { bytes: 178_000, isClasses: false });
  const spec = join(folder, "first.yaml");
  const written = {
    problem: "ridge",
    data: { source: path, target: "y" },
    workers,
    wait: "all",
    stop: { rounds: 1 },
    weather: { model: "calm" },
  };
  await writeFile(spec, JSON.stringify(written));
  const contestants: [string, (turn: number) => Command][] = builds.flatMap(([label, root]) =>
    backends.map((backend): [string, (turn: number) => Command] => [
      `${label}, ${backend}`,
      (turn) => ({
        program: process.execPath,
        arguments: [join(root, "dist/src/cli/main.js"), "run", spec, "--json"].concat([
          ...["--backend", backend],
        ]),
        environment: { KOFN_HOME: join(folder, `first-${label.length}-${backend}-${turn}`) },
      }),
    ]),
  );
  if (isOfAll)
    contestants.push([
      "ray",
      () => ({
        program: python,
        arguments: [resolve(import.meta.dirname, "../peers/ray_first_round.py")],
        input: { path, workers },
      }),
    ]);
  const seconds = new Map<string, number[]>();
  const processor = new Map<string, number[]>();
  for (let turn = 0; turn < repetitions; turn++)
    for (const [label, command] of contestants) {
      const one = timeCommand(folder, command(turn));
      if (one === null) continue;
      seconds.set(label, [...(seconds.get(label) ?? []), one.seconds]);
      processor.set(label, [...(processor.get(label) ?? []), one.processorSeconds]);
    }
  console.log(`\nfirst round: 178 KB of CSV, ${workers} slots, one round, process start to end`);
  return [...seconds].map(([label, times]) => {
    const figures = { seconds: median(times), processorSeconds: median(processor.get(label)!) };
    console.log(
      `${label.padEnd(24)} ${figures.seconds.toFixed(2).padStart(7)} s ` +
        `${figures.processorSeconds.toFixed(2).padStart(7)} processor s`,
    );
    return { name: "first-round", label, ...figures };
  });
}
