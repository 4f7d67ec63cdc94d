import * as z from "zod";
import type { Definition } from "../core/registry.ts";
import type { Encoding } from "./encoding.ts";

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
