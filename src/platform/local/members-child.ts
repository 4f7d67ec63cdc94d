import { compressors } from "../../compression/registry.ts";
import { messageOf } from "../../core/errors.ts";
import { encodings } from "../../encoding/registry.ts";
import { optimizers } from "../../optimizers/registry.ts";
import { problems } from "../../problems/registry.ts";
import type { MembersAnswer, MembersQuestion } from "./own-workers.ts";

/** Loads a program's modules as a worker does, and says which members it knows then. */
const registries = [problems, encodings, optimizers, compressors];

process.once("disconnect", () => process.exit(0));
process.once("message", (question: MembersQuestion) => {
  void answerTo(question).then((answer) => {
    process.send?.(answer, undefined, undefined, () => process.exit(0));
  });
});

async function answerTo({ modules, members }: MembersQuestion): Promise<MembersAnswer> {
  for (const module of modules) {
    try {
      await import(module);
    } catch (thrown) {
      return { module, reason: messageOf(thrown) };
    }
  }
  const isKnown = ({ family, type }: MembersQuestion["members"][number]) =>
    registries.some((registry) => registry.family === family && registry.isOwn(type));
  return { unknown: members.filter((member) => !isKnown(member)) };
}
