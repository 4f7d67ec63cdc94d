import { RunError } from "../core/errors.ts";
import type { Action, Pipeline, Schedule } from "./schedule.ts";

const cellPattern = /^(\d+)(SEND_F|RECV_F|SEND_B|RECV_B|F|B|I|W)(\d+)$/;

/**
 * A schedule in the notation of torch's pipelining: a row a worker, a cell an action, as in
 * `0F0,0F1,0B0,0B1`; an empty cell is a wait. Throws `RunError` that names the cell.
 */
export function scheduleFromCsv(text: string, pipeline: Pipeline): Schedule {
  const rows = text.split(/\r?\n/).map((row) => row.trim());
  while (rows.length > 0 && rows.at(-1) === "") rows.pop();
  const workers = rows.map((row, worker) =>
    row.split(",").flatMap((cell, i): Action[] => {
      const trimmed = cell.trim();
      if (trimmed === "") return [];
      const match = cellPattern.exec(trimmed);
      if (match === null)
        throw new RunError(
          "bad-schedule",
          `schedule: row ${worker + 1}, cell ${i + 1}: "${trimmed}" is no action`,
          { hint: "an action is stage, kind (F, B, I, W, SEND_F, …), microbatch, as in 0F3" },
        );
      const [, stage, kind, microbatch] = match;
      return [
        { kind: kind as Action["kind"], stage: Number(stage), microbatch: Number(microbatch) },
      ];
    }),
  );
  const last = workers.flat().reduce((most, { microbatch }) => Math.max(most, microbatch), -1);
  return { pipeline, microbatches: last + 1, workers };
}

/** The same notation, one row a worker, nothing between actions. */
export function scheduleToCsv({ workers }: Schedule): string {
  return workers.map((order) => `${order.map(actionName).join(",")}\n`).join("");
}

export function actionName({ kind, stage, microbatch }: Action): string {
  return `${stage}${kind}${microbatch}`;
}
