import { beforeAll, describe, expect, it } from "vitest";
import type { Compute } from "../../../src/ports/compute.ts";
import { problems } from "../../../src/problems/registry.ts";
import type { EncodedPipeline } from "../../../src/strategies/pipeline/cut.ts";
import type { WorkerReply, WorkerTask } from "../../../src/tasks/protocol.ts";
import { readEncodedManifest } from "../../../src/worker/worker-context.ts";
import { campaign } from "../../campaign.ts";
import { lawful } from "../../engine/lawful.ts";
import { fatesOf, twice } from "../../run/virtual-run.ts";
import { type Pipelined, pipelined, pipelineSpec } from "./pipelined.ts";

let stored: Pick<Pipelined, "record" | "store">;
let run: Pipelined["run"];
let ids: string[] = [];
let aim = "";
/** The layer that is used twice is on two stages, whatever a microbatch was measured to take. */
const spec = pipelineSpec({ placement: "2 | 2 | ..." });
beforeAll(async () => {
  ({ run, ...stored } = await pipelined(spec, "by reference"));
  const undisturbed = await run("calm", {
    worker: (perform) => (task) => {
      ids.push(task.id);
      return perform(task);
    },
  });
  aim = undisturbed.digest;
  // Of the second step, whose weights an environment may not have yet.
  ids = ids.filter((id) => id.startsWith("step-1/"));
});

/** The first try of one task fails. */
const failing = (id: string, isDone: boolean) => ({
  worker: (perform: (task: WorkerTask) => Promise<WorkerReply>) => async (task: WorkerTask) => {
    if (task.id !== id) return perform(task);
    if (isDone) await perform(task);
    throw new Error("its environment died");
  },
});

/** One task's reply comes again when later steps are under way. */
const repeatedLate = (id: string, laterMs: number, onReply: () => void) => ({
  around: <Task extends { id: string }, Result>(
    compute: Compute<Task & WorkerTask, Result>,
    clock: Parameters<ReturnType<typeof twice>>[1],
  ): Compute<Task & WorkerTask, Result> => ({
    start(task, deliver) {
      if (task.id !== id) return compute.start(task, deliver);
      twice(laterMs)(compute, clock).start(task, (outcome, usage) => {
        onReply();
        deliver(outcome, usage);
      });
    },
    close: () => compute.close(),
  }),
});

describe("a step of three stages and four microbatches comes to the same bits", () => {
  it("has a forward and a backward task a stage and microbatch, and an update a part", () => {
    // The last stage is one task a microbatch; the layer that is used twice is a part of its own.
    expect(ids).toHaveLength(2 * 4 + 3 * 4 + 4);
  });

  it("whichever task's environment dies before it begins, or after it has written", async () => {
    for (const [i, id] of ids.entries()) {
      const { digest, events } = await run(`dies-${i}`, failing(id, i % 2 === 0));
      expect(digest, id).toBe(aim);
      const lost = events.filter((event) => event.type === "arrival" && event.fate === "lost");
      expect(lost).toHaveLength(1);
    }
  });

  it("whichever task's reply comes twice, at once or when later steps are under way", async () => {
    for (const [i, id] of ids.entries()) {
      const first = id.replace("step-1/", "step-0/");
      let replies = 0;
      const count = () => replies++;
      const { digest } = await run(`twice-${i}`, repeatedLate(first, i % 2 === 0 ? 0 : 60, count));
      expect(digest, id).toBe(aim);
      expect(replies).toBe(2);
    }
  });

  it("with every invocation delivered twice, one after the other or at once", async () => {
    const after = await run("again", {
      worker: (perform) => async (task) => {
        await perform(task);
        return perform(task);
      },
    });
    const beside = await run("beside", {
      worker: (perform) => async (task) => (await Promise.all([perform(task), perform(task)]))[1],
    });
    expect([after.digest, beside.digest]).toEqual([aim, aim]);
  });

  it("by warm environments at other weights, which they would use without a look", async () => {
    const { record, store } = stored;
    // The stages of this process stand where the last run ended.
    expect((await run("warm")).digest).toBe(aim);
    const { pipeline } = await readEncodedManifest<EncodedPipeline>(store, record.encoded);
    const { stages } = problems.create(record.spec.problem);
    const engine = await stages!.open(pipeline.stages[1]!.file.key, (key) => store.read(key));
    const { isAt } = engine;
    // The control.
    Object.assign(engine, { isAt: () => true });
    const { digest } = await run("stale");
    Object.assign(engine, { isAt });
    expect(digest).not.toBe(aim);
  });

  it("whenever the orchestrator dies, between any two replies", async () => {
    const replies = 2 * ids.length;
    for (let k = 1; k < replies; k += campaign(5, 1)) {
      const name = `orchestrator-${k}`;
      const before = await run(name, {
        mayStop: (events) =>
          events.filter(({ type }) => type === "arrival").length < k
            ? null
            : { kind: "interrupted", reason: "killed" },
      });
      const from = before.saved.at(-1);
      const { digest } = await run(name, from === undefined ? {} : { from });
      expect(digest, name).toBe(aim);
    }
  });

  it("in weather, with every reply twice, and the strategy watched by its laws", async () => {
    const sky = { model: "late", probability: 0.3, delayMs: 50, failures: 0.15, hangs: 0.02 };
    const { run: byValue } = await pipelined(spec);
    const { digest, events } = await byValue("weather", {
      fateOf: fatesOf(sky),
      around: twice(13),
      watched: lawful,
    });
    expect(digest).toBe(aim);
    expect(events.some((event) => event.type === "arrival" && event.fate === "lost")).toBe(true);
  });
});
