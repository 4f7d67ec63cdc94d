import { readFile } from "node:fs/promises";
import { messageOf, RunError } from "../core/errors.ts";
import { accountReleases as accountOf, checkDelta, deltaOf } from "../privacy/account.ts";
import { calibrate, calibrateDpSgd, calibrateSketch } from "../privacy/calibrate.ts";
import {
  type Adjacency,
  adjacencies,
  type MechanismUse,
  parseMechanismUse,
} from "../privacy/release.ts";
import { type AccountOptions, refuseUnusedOptions } from "./account-options.ts";
import type { Declare } from "./command.ts";
import { facts } from "./table.ts";
import { printJson, say, type Terminal } from "./terminal.ts";

export const declareAccount: Declare = (command, invoke) => {
  command
    .description(
      "Tells epsilon at --delta, delta at --epsilon, or the noise that keeps both. What is left " +
        "open is named in the answer: the adjacency, the sampler and the divisor.",
    )
    .option("--mechanism <name>", "dp-sgd, gaussian, laplace or sketch")
    .option("--rate <q>", "dp-sgd: the chance of a record to be in a batch (default: 1)")
    .option("--noise <z>", "the noise's deviation (or scale) over the sensitivity or clip norm")
    .option("--steps <T>", "how many batches or releases (default: 1)")
    .option("--rows <k>", "sketch: how many rows are released")
    .option("--margin <gamma>", "sketch: (sigma^2 + lambda_min) / C^2")
    .option("--delta <d>", "at which delta epsilon is told")
    .option("--epsilon <e>", "with --delta: what the noise must keep; alone: where delta is told")
    .option("--adjacency <name>", "add-remove (usually), replace-one or zero-out")
    .option(
      "--sampler <name>",
      "dp-sgd: poisson, truncated-poisson, random-allocation, or full-batch for a rate of 1",
    )
    .option("--cap <count>", "truncated-poisson: the most records of a batch")
    .option("--records <count>", "truncated-poisson: the most records that it is drawn from")
    .option("--epoch <steps>", "random-allocation: the steps of an epoch, instead of a rate")
    .option("--divisor <name>", "dp-sgd: public, the only one that costs nothing")
    .option("--releases <file>", "instead: a JSON array of releases, such as a ledger's")
    .option("--json", "the result as a JSON line on standard output")
    .action((options) => invoke((terminal) => accountCommand(options, terminal)));
};

/** `kofn account`: budgets from the accountants, and noise from budgets, without a run. */
export async function accountCommand(options: AccountOptions, terminal: Terminal): Promise<number> {
  refuseUnusedOptions(options);
  const delta = options.delta === undefined ? null : numberOf(options.delta, "--delta");
  const epsilon = options.epsilon === undefined ? null : numberOf(options.epsilon, "--epsilon");
  if (delta !== null) checkDelta(delta);
  if (delta === null && epsilon === null)
    throw new RunError("no-budget", "kofn account: neither --delta nor --epsilon was given", {
      hint: "give --delta 1e-5 for epsilon, --epsilon 1 for delta, or both for the noise",
    });
  const noise = noiseOption(options);
  const wantsNoise = epsilon !== null && delta !== null;
  if (wantsNoise && (noise !== null || options.releases !== undefined))
    throw new RunError(
      "bad-option",
      "--epsilon, --delta and the noise: one follows from the rest",
      {
        hint: "leave out the one that you want to know",
      },
    );
  const releases = wantsNoise
    ? [calibrated(options, { epsilon, delta })]
    : await releasesOf(options);
  report(releases, { delta, epsilon }, options, terminal);
  return 0;
}

function report(
  releases: readonly MechanismUse[],
  { delta, epsilon }: { readonly delta: number | null; readonly epsilon: number | null },
  options: AccountOptions,
  terminal: Terminal,
): void {
  const speak = say(terminal, options);
  const named = namesOf(releases);
  if (delta === null) {
    const deltaThen = deltaOf(releases, epsilon!);
    speak(
      facts([...named.map(asFact), ["epsilon", String(epsilon)], ["delta", roundedUp(deltaThen)]]),
    );
    if (options.json === true)
      printJson(terminal, {
        type: "result",
        ...Object.fromEntries(named),
        epsilon,
        delta: deltaThen,
      });
    return;
  }
  const { adjacency, ...account } = accountOf(releases, delta);
  const rows: [string, string][] = [["epsilon", roundedUp(account.epsilon)]];
  if (account.exact !== null) rows.push(["", `exact: ${whyExact(releases)}`]);
  if (account.pure !== null)
    rows.push(["pure", `${roundedUp(account.pure)}, with no delta at all`]);
  if (account.pld !== null) rows.push(["pld", `${roundedUp(account.pld)}, by privacy losses`]);
  rows.push(["rdp", `${roundedUp(account.rdp)}, by Renyi's whole orders (${account.rdpOrder})`]);
  rows.push(["", `${roundedUp(account.rdpReal)} over all orders`]);
  if (account.zcdp !== null) rows.push(["zcdp", `${roundedUp(account.zcdp)}, zero-concentrated`]);
  speak(facts([...named.map(asFact), ["delta", String(delta)], ...rows]));
  if (options.json === true)
    printJson(terminal, { type: "result", ...Object.fromEntries(named), ...account });
}

function whyExact([first]: readonly MechanismUse[]): string {
  return first?.mechanism === "sketch"
    ? "the two laws of a sketch differ in one variance"
    : "normal noise composes to normal noise";
}

/** What an answer depends on: the mechanism with all options, and the adjacency in words. */
function namesOf(releases: readonly MechanismUse[]): [string, unknown][] {
  const [only] = releases;
  if (only === undefined || releases.length > 1)
    return [
      ["releases", releases.length],
      ["adjacency", only?.adjacency ?? null],
    ];
  return Object.entries(only);
}

function asFact([name, value]: readonly [string, unknown]): [string, string] {
  if (name !== "adjacency" || value === null) return [name, String(value)];
  return [name, `${value}: ${adjacencies[value as Adjacency]}`];
}

/** One release from the options; the answer names the defaults that it used. */
function optionsAsRelease(options: AccountOptions, noise: number): MechanismUse {
  const mechanism = options.mechanism ?? "nothing";
  const steps = numberOf(options.steps ?? "1", "--steps");
  const adjacency = options.adjacency ?? (mechanism === "sketch" ? "zero-out" : "add-remove");
  const about = { mechanism, adjacency };
  if (mechanism === "gaussian")
    return parseMechanismUse({ ...about, sensitivity: 1, sigma: noise, times: steps }, mechanism);
  if (mechanism === "laplace")
    return parseMechanismUse({ ...about, sensitivity: 1, scale: noise, times: steps }, mechanism);
  if (mechanism === "sketch") {
    const rows = numberOf(needed(options.rows, "--rows", "how many rows are released"), "--rows");
    return parseMechanismUse({ ...about, rows, margin: noise }, mechanism);
  }
  const drawn = Object.fromEntries(
    (["cap", "records", "epoch"] as const).flatMap((name) =>
      options[name] === undefined ? [] : [[name, numberOf(options[name], `--${name}`)]],
    ),
  );
  const ofEpoch = options.sampler === "random-allocation" ? 1 / (drawn.epoch ?? 1) : 1;
  const rate = options.rate === undefined ? ofEpoch : numberOf(options.rate, "--rate");
  const sampler = options.sampler ?? (rate === 1 ? "full-batch" : "poisson");
  const divisor = options.divisor ?? "public";
  return parseMechanismUse({ ...about, sampler, ...drawn, divisor, rate, noise, steps }, mechanism);
}

/** The release with the noise that the budget needs. */
function calibrated(
  options: AccountOptions,
  budget: { readonly epsilon: number; readonly delta: number },
): MechanismUse {
  const template = optionsAsRelease(options, placeholderNoise);
  switch (template.mechanism) {
    case "dp-sgd":
      return calibrateDpSgd(budget, template);
    case "sketch":
      return calibrateSketch(budget, template.rows);
    case "laplace":
      return { ...template, scale: template.times / budget.epsilon };
    case "gaussian": {
      const sensitivities = [Math.sqrt(template.times)];
      const [one] = calibrate(budget, { adjacency: template.adjacency, sensitivities });
      return { ...template, sigma: one!.sigma };
    }
  }
}

/** A placeholder: it is replaced by what the budget needs. */
const placeholderNoise = 2;

async function releasesOf(options: AccountOptions): Promise<readonly MechanismUse[]> {
  if (options.releases !== undefined) return readReleases(options.releases);
  const isSketch = options.mechanism === "sketch";
  const why = isSketch
    ? "(sigma^2 + lambda_min) / C^2"
    : "the noise's deviation over the sensitivity, of dp-sgd over the clip norm";
  const flag = isSketch ? "--margin" : "--noise";
  const noise = noiseOption(options);
  if (options.mechanism === undefined) throw noMechanism();
  return [optionsAsRelease(options, numberOf(needed(noise, flag, why), flag))];
}

function noiseOption(options: AccountOptions): string | null {
  return (options.mechanism === "sketch" ? options.margin : options.noise) ?? null;
}

/** Reads a JSON file with a list of releases, such as a ledger's. */
async function readReleases(path: string): Promise<readonly MechanismUse[]> {
  const bad = (what: string, hint: string) =>
    new RunError("bad-releases", `--releases: ${path}: ${what}`, { hint });
  let releases: unknown;
  try {
    releases = JSON.parse(await readFile(path, "utf8"));
  } catch (thrown) {
    throw bad(messageOf(thrown), "give a JSON file with an array of releases");
  }
  if (!Array.isArray(releases) || releases.some((one) => typeof one !== "object" || one === null))
    throw bad("expected an array of releases", 'such as [{"mechanism": "gaussian", ...}]');
  return releases.map((one, i) =>
    parseMechanismUse(one as Record<string, unknown>, `${path}[${i}]`),
  );
}

function needed(text: string | null | undefined, flag: string, what: string): string {
  if (text !== null && text !== undefined) return text;
  throw new RunError("no-option", `${flag}: nothing given, expected ${what}`, {
    hint: "see kofn account --help; leave the noise out only where --epsilon and --delta are given",
  });
}

function noMechanism(): RunError {
  return new RunError("no-option", "--mechanism: nothing given", {
    hint: "choose dp-sgd, gaussian, laplace or sketch, or give a file by --releases",
  });
}

function numberOf(text: string, flag: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  throw new RunError("bad-value", `${flag}: expected a number, got ${JSON.stringify(text)}`, {
    hint: `write it like ${flag} 0.01`,
  });
}

/** Rounded up: a budget that is shown must hold. */
function roundedUp(value: number): string {
  if (!Number.isFinite(value)) return "no bound";
  if (value === 0) return "0";
  const unit = 10 ** (Math.floor(Math.log10(Math.abs(value))) - 5);
  return String(Number((Math.ceil(value / unit) * unit).toPrecision(6)));
}
