import { expect, test } from "vitest";
import type { ObjectRef } from "../../src/ports/object-ref.ts";
import type { Problem } from "../../src/problems/problem.ts";
import { freeArrays } from "../../src/tasks/stages/garbage.ts";
import { prepareStage, type StagePassTask, stageAt } from "../../src/tasks/stages/stage-task.ts";
import type { WorkerContext } from "../../src/tasks/task-kind.ts";

/** A stage that notes what it was set to. */
function scene() {
  let at = "";
  const sets: string[] = [];
  const engine = {
    isAt: (name: string) => name === at,
    set(name: string) {
      at = name;
      sets.push(name);
    },
  };
  const problem = { stages: { open: async () => engine } } as unknown as Problem;
  const place = { object: async () => new Float32Array(1) } as unknown as WorkerContext;
  const prepared = (sha256: string) => {
    const parts: ObjectRef[] = [{ key: sha256, sha256, dtype: "F32", shape: [1] }];
    const task = {
      file: "stage",
      parts,
      imports: [],
      takesRows: false,
    } as unknown as StagePassTask;
    return prepareStage(problem, place, task, () => ({}) as never);
  };
  return { prepared, sets };
}

test("an environment that stands at other weights reads those of the task first", async () => {
  const { prepared, sets } = scene();
  await prepared("first");
  await prepared("first");
  stageAt(await prepared("second"));
  expect(sets).toEqual(["first", "second"]);
});

test("a task whose stage was set to other weights meanwhile does not go on", async () => {
  const { prepared } = scene();
  const [old, young] = [await prepared("first"), await prepared("second")];
  expect(() => stageAt(young)).not.toThrow();
  expect(() => stageAt(old)).toThrow("other weights meanwhile");
});

test("arrays that nothing refers to are gone when they are to be freed, not a while after", () => {
  for (let time = 0; time < 6; time++) {
    const made = Array.from({ length: 40 }, () => new Float32Array(1024 * 1024));
    // What others have left in this process may go whenever it pleases, before or with them.
    const { arrayBuffers: held } = process.memoryUsage();
    expect(held).toBeGreaterThan(made.length * 4e6);
    made.length = 0;
    freeArrays("idle");
    expect(held - process.memoryUsage().arrayBuffers).toBeGreaterThan(120e6);
  }
});
