import { RunError } from "../core/errors.ts";

/** The options as commander parses them: numbers are still text. */
export interface AccountOptions {
  readonly mechanism?: string;
  readonly releases?: string;
  readonly adjacency?: string;
  readonly sampler?: string;
  readonly cap?: string;
  readonly records?: string;
  readonly epoch?: string;
  readonly divisor?: string;
  readonly rate?: string;
  readonly noise?: string;
  readonly steps?: string;
  readonly rows?: string;
  readonly margin?: string;
  readonly delta?: string;
  readonly epsilon?: string;
  readonly json?: boolean;
}

/** Options that say something of a mechanism, by the mechanisms that they say it of. */
const mechanismOptions: Readonly<Record<string, readonly string[]>> = {
  rate: ["dp-sgd"],
  sampler: ["dp-sgd"],
  cap: ["dp-sgd"],
  records: ["dp-sgd"],
  epoch: ["dp-sgd"],
  divisor: ["dp-sgd"],
  noise: ["dp-sgd", "gaussian", "laplace"],
  steps: ["dp-sgd", "gaussian", "laplace"],
  rows: ["sketch"],
  margin: ["sketch"],
};

/** An option that changes nothing was given for a reason, which the answer would pass over. */
export function refuseUnusedOptions(options: AccountOptions): void {
  const { mechanism, releases } = options;
  const given = Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [name],
  );
  for (const name of given) {
    const fitting = mechanismOptions[name];
    if (releases !== undefined && (fitting !== undefined || /^(mechanism|adjacency)$/.test(name)))
      throw new RunError("bad-option", `--${name}: the releases of --releases say it themselves`, {
        hint: `leave --${name} out, or --releases`,
      });
    const isKnown = Object.values(mechanismOptions).some((all) => all.includes(mechanism ?? ""));
    if (fitting === undefined || !isKnown || fitting.includes(mechanism!)) continue;
    throw new RunError("bad-option", `--${name}: mechanism ${mechanism} has none`, {
      hint: `leave it out; it is for ${fitting.join(", ")}`,
    });
  }
}
