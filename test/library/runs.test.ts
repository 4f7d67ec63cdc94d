import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defineRun, type Prediction, predict, RunError, resume, train } from "../../src/index.ts";
import { newFolder } from "../cli/fixtures.ts";

let folder: Awaited<ReturnType<typeof newFolder>>;
let home = "";
let data = "";
beforeAll(async () => {
  folder = await newFolder();
  home = join(folder.path, "home");
  data = join(folder.path, "rows.csv");
  const rows = Array.from({ length: 40 }, (_, i) => `${i},${i % 2 ? "odd" : "even"},${2 * i + 1}`);
  await writeFile(data, `x,kind,y\n${rows.join("\n")}\n`);
});
afterAll(() => folder.remove());

const spec = (rounds: number) =>
  defineRun({
    problem: { type: "ridge", l2: 0 },
    data: { source: data, target: "y", drop: ["kind"] },
    workers: 4,
    wait: "all",
    stop: { rounds, tolerance: 0 },
  });

describe("the library", () => {
  it("trains, resumes and predicts", async () => {
    const whole = await train(spec(12), { backend: "simulated", home });
    expect(whole).toMatchObject({ stop: "done", reason: "finished", result: { rounds: 12 } });

    const controller = new AbortController();
    const cut = await train(spec(12), {
      backend: "simulated",
      home,
      name: "cut",
      signal: controller.signal,
      listen: (event) => event.type === "round" && event.round === 4 && controller.abort(),
    });
    expect(cut).toMatchObject({ run: "cut", stop: "interrupted" });
    const resumed = await resume("cut", { home });
    expect(resumed.result.weightsDigest).toBe(whole.result.weightsDigest);

    const predicted: Prediction[] = [];
    for await (const one of predict("cut", data, { home })) predicted.push(one);
    expect(predicted.map(({ row }) => row)).toEqual(Array.from({ length: 40 }, (_, i) => i));
    for (const { row, value } of predicted) expect(value).toBeCloseTo(2 * row + 1, 1);
  });

  it("refuses as the command line does", async () => {
    const refused = train({ ...spec(1), workers: 0 }, { backend: "simulated", home });
    await expect(refused).rejects.toThrow(RunError);
    await expect(refused).rejects.toMatchObject({ code: "bad-value" });
  });
});
