import { type FunctionBill, type Meter, meter, noBill, sum } from "./bill.ts";
import type { ConcurrencyShare, FleetLoad, Reserving } from "./concurrency.ts";
import { type Fleet, type FleetOptions, openFleet } from "./environments.ts";
import { badParameter, noFunction } from "./failures.ts";
import { checkFunction, type FunctionConfig } from "./function-config.ts";
import { type Invoker, openInvoker } from "./invoke.ts";
import { arnOf } from "./route.ts";

/** What can be called of a function: `$LATEST`, or a version that does not change any more. */
export interface FunctionVersion {
  /** `$LATEST`, or a number. */
  readonly version: string;
  readonly config: FunctionConfig;
  readonly fleet: Fleet;
  readonly bill: Meter;
  readonly invoker: Invoker;
}

/** A function with its versions and aliases, all of which share its concurrency. */
export interface LocalFunction extends Reserving {
  /** What a qualifier names, else `$LATEST`. Throws `LambdaError` for an unknown one. */
  at(qualifier?: string): FunctionVersion;
  /** A snapshot of `$LATEST`; the last one, where `$LATEST` has not changed since. */
  publish(): FunctionVersion;
  /** Puts other code in the place of `$LATEST`; what was published stays. */
  deploy(config: FunctionConfig): FunctionVersion;
  /** Removes a version. Throws `LambdaError` for one that an alias names. */
  remove(version: string): void;
  /** Makes an alias name a version. Throws `LambdaError` for an unknown one. */
  alias(name: string, version: string): void;
  bill(): FunctionBill;
  fleets(): Fleet[];
  /** What can be called of it: `$LATEST` first. */
  versions(): FunctionVersion[];
  close(): Promise<void>;
}

export interface FunctionOptions extends Pick<FleetOptions, "variables" | "reaper" | "onOutput"> {
  /** What a function may have at once of the account that it is in. */
  readonly shareOf: (one: Reserving) => ConcurrencyShare;
}

const latestVersion = "$LATEST";

export function openFunction(
  name: string,
  first: FunctionConfig,
  options: FunctionOptions,
): LocalFunction {
  return new VersionedFunction(name, first, options);
}

class VersionedFunction implements LocalFunction {
  readonly #name: string;
  readonly #options: FunctionOptions;
  readonly #versions = new Map<string, FunctionVersion>();
  readonly #aliases = new Map<string, string>();
  /** Nobody calls these any more; they may still work, and are billed. */
  readonly #retired: FunctionVersion[] = [];
  #reserved: number | undefined;
  #published = 0;

  constructor(name: string, first: FunctionConfig, options: FunctionOptions) {
    this.#name = name;
    this.#options = options;
    this.#reserved = first.reservedConcurrency;
    this.#open(latestVersion, first).fleet.begin();
    if (first.publish) this.publish();
  }

  at(qualifier: string = latestVersion): FunctionVersion {
    const one = this.#versions.get(this.#aliases.get(qualifier) ?? qualifier);
    if (one === undefined) throw noFunction(arnOf(this.#name, qualifier));
    return one;
  }

  publish(): FunctionVersion {
    const { config } = this.at();
    const last = this.#versions.get(String(this.#published));
    return last?.config === config ? last : this.#open(String(++this.#published), config);
  }

  deploy(config: FunctionConfig): FunctionVersion {
    this.#retire(latestVersion);
    const latest = this.#open(latestVersion, config);
    return config.publish ? this.publish() : latest;
  }

  remove(version: string): void {
    if (version === latestVersion)
      throw badParameter("$LATEST version cannot be deleted without deleting the function.");
    if ([...this.#aliases.values()].includes(version))
      throw badParameter(`Version ${version} is named by an alias: remove that first.`);
    this.#retire(version);
  }

  alias(name: string, version: string): void {
    if (!this.#versions.has(version)) throw noFunction(arnOf(this.#name, version));
    this.#aliases.set(name, version);
  }

  reserved(): number | undefined {
    return this.#reserved;
  }

  reserve(concurrency: number | undefined): void {
    this.#reserved = concurrency;
  }

  bill(): FunctionBill {
    return this.#all().reduce((total, { bill }) => sum(total, bill.bill()), noBill);
  }

  fleets(): Fleet[] {
    return this.#all().map(({ fleet }) => fleet);
  }

  versions(): FunctionVersion[] {
    return [...this.#versions.values()];
  }

  load(): FleetLoad {
    const loads = this.fleets().map((fleet) => fleet.load());
    const total = (of: keyof FleetLoad) => loads.reduce((sum, load) => sum + load[of], 0);
    return { busy: total("busy"), idle: total("idle") };
  }

  async close(): Promise<void> {
    await Promise.all(this.fleets().map((fleet) => fleet.close()));
  }

  #open(version: string, config: FunctionConfig): FunctionVersion {
    const name = this.#name;
    checkFunction(name, config);
    const fleet = openFleet({
      ...this.#options,
      ...{ name, version, config },
      share: () => this.#options.shareOf(this),
      functionLoad: () => this.load(),
    });
    const bill = meter(config);
    const opened = { version, config, fleet, bill, invoker: openInvoker(config, fleet, bill) };
    this.#versions.set(version, opened);
    return opened;
  }

  #retire(version: string): void {
    const one = this.#versions.get(version);
    if (one === undefined) throw noFunction(arnOf(this.#name, version));
    this.#versions.delete(version);
    this.#retired.push(one);
    one.fleet.retire();
  }

  #all(): FunctionVersion[] {
    return [...this.#versions.values(), ...this.#retired];
  }
}
