import * as z from "zod";
import { type Definition, registry } from "../core/registry.ts";
import type { Encoding } from "./encoding.ts";
import { gaussian } from "./gaussian.ts";
import { gradientCode } from "./gradient-code.ts";
import { haar } from "./haar.ts";
import { hadamard } from "./hadamard.ts";
import { hadamardEtf } from "./hadamard-etf.ts";
import { paley } from "./paley.ts";
import { replication, uncoded } from "./replication.ts";
import { steiner } from "./steiner.ts";

const encode = z
  .enum(["ahead", "workers"])
  .optional()
  .describe(
    "ahead: stored rows are formed and stored before the run; workers: each forms its own of the " +
      "data rows when it loads them, and nothing more is stored; ahead if absent, but workers " +
      "where sparse rows are to be mixed",
  );

/** A member of the family with the option of who forms its stored rows. */
export function placed(member: Definition<z.ZodRawShape, Encoding>): typeof member {
  return {
    ...member,
    options: { ...member.options, encode },
    create: (options) => ({
      ...member.create(options),
      encode: (options as { encode?: z.output<typeof encode> }).encode,
    }),
  };
}

export const encodings = registry<Encoding>(
  "encoding",
  [uncoded, replication, gradientCode, hadamard, hadamardEtf, paley, steiner, haar, gaussian].map(
    placed,
  ),
);
