import type { Command } from "commander";
import type { Invoke } from "./program.ts";

/** The commands about privacy. */
export function addPrivacyCommands(program: Command, invoke: Invoke): void {
  program
    .command("account")
    .summary("privacy budgets from the accountants, without a run")
    .description(
      "Tells epsilon at --delta, delta at --epsilon, or the noise that keeps both. What is left " +
        "open is named in the answer: the adjacency, the sampler and the divisor.",
    )
    .option("--mechanism <name>", "dp-sgd, gaussian, laplace or sketch")
    .option("--rate <q>", "dp-sgd: the chance of a record to be in a batch", "1")
    .option("--noise <z>", "the noise's deviation (or scale) over the sensitivity or clip norm")
    .option("--steps <T>", "how many batches or releases", "1")
    .option("--rows <k>", "sketch: how many rows are released")
    .option("--margin <gamma>", "sketch: (sigma^2 + lambda_min) / C^2")
    .option("--delta <d>", "at which delta epsilon is told")
    .option("--epsilon <e>", "with --delta: what the noise must keep; alone: where delta is told")
    .option("--adjacency <name>", "add-remove (usually), replace-one or zero-out")
    .option("--sampler <name>", "dp-sgd: poisson, or full-batch for a rate of 1")
    .option("--divisor <name>", "dp-sgd: public, the only one that costs nothing")
    .option("--releases <file>", "instead: a JSON array of releases, such as a ledger's")
    .option("--json", "the result as a JSON line on standard output")
    .action((options) =>
      invoke(async (terminal) => (await import("./account.ts")).account(options, terminal)),
    );
}
