import * as z from "zod";

/** How the learning rate goes on, step by step. */
export const scheduleOption = z
  .strictObject({
    type: z
      .enum(["constant", "cosine", "inverse"])
      .default("constant")
      .describe("constant; cosine: down to `floor` over `steps`; inverse: see `after`"),
    warmUp: z.int().min(0).default(0).describe("steps over which the rate first rises from 0"),
    steps: z.int().min(1).optional().describe("cosine: the step from which the rate is `floor`"),
    floor: z.number().min(0).max(1).default(0).describe("cosine: the end, as part of the rate"),
    after: z
      .number()
      .positive()
      .default(1)
      .describe("inverse: the rate times (after / (after + t))^power at step t, from 0"),
    power: z.number().positive().default(1).describe("inverse: 0.5 for 1 / sqrt(t)"),
  })
  .refine(({ type, steps, warmUp }) => type !== "cosine" || (steps ?? 0) > warmUp, {
    message: "cosine needs steps, and more of them than warmUp",
  })
  .prefault({});

export type RateSchedule = z.output<typeof scheduleOption>;

/** The part of the learning rate that step `step`, counted from 0, takes. */
export function rateShareAt(schedule: RateSchedule, step: number): number {
  const { type, warmUp, steps = 0, floor, after, power } = schedule;
  if (step < warmUp) return (step + 1) / warmUp;
  if (type === "constant") return 1;
  const since = step - warmUp;
  if (type === "inverse") return (after / (after + since)) ** power;
  const done = Math.min(1, since / (steps - warmUp));
  return floor + ((1 - floor) * (1 + Math.cos(Math.PI * done))) / 2;
}
