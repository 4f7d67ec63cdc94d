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
      invoke(async (terminal) => (await import("./account.ts")).accountCommand(options, terminal)),
    );
  program
    .command("release")
    .summary("a private sketch or copy of the data, to train on freely")
    .description(
      "Publishes the data once, with noise, or as random mixtures with noise: whatever is " +
        "trained on that costs no more privacy. Numbers must be bounded by public knowledge.",
    )
    .argument("<SPEC>", "a .yaml, .json or .ts file: its data, and a target of numbers")
    .option("--scheme <name>", "projection (random mixtures) or additive (noise on every number)")
    .option("--epsilon <e>", "what the release may tell")
    .option("--delta <d>", "for (epsilon, delta) of a record")
    .option("--adjacency <name>", "with --delta: zero-out (usually) or, additive only, replace-one")
    .option("--unit <name>", "instead of --delta: mutual information in nats or bits")
    .option("--protects <name>", "with --unit: one entry of the data (usually) or a whole row")
    .option("--ranges <file>", "JSON of public ranges by column, which become -1 to 1")
    .option("--bound <B>", "what each number is clipped to, after ranges", "1")
    .option("--norm <C>", "what each row's norm is clipped to; less noise, more clipping")
    .option("--rows <r>", "projection: how many mixtures; 20 a column where absent")
    .option("--least-eigenvalue <x>", "what other rows hide: 0, a public number, or private", "0")
    .option("--budget <e>", "what all releases of these data may come to")
    .option("--forecast", "release nothing: what either scheme would cost, for the owner's eyes")
    .option("--output <file>", "write the released rows to a CSV file")
    .option(
      "--set <path=value>",
      "change one value of the spec; may be repeated",
      (text: string, before: readonly string[]) => [...before, text],
      [],
    )
    .option("--json", "the result as a JSON line on standard output")
    .action((path, options) =>
      invoke(async (terminal) => (await import("./release.ts")).release(path, options, terminal)),
    );
}
