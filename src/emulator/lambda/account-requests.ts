import { unreserved } from "./concurrency.ts";
import { badParameter } from "./failures.ts";
import { configurationOf } from "./function-configuration.ts";
import type { LocalFunction } from "./function-versions.ts";

/** An account as its API tells of it. */
export interface AccountView {
  /** How many environments of all functions may be at work at once. */
  readonly concurrency: number;
  readonly functions: ReadonlyMap<string, LocalFunction>;
  /** Takes a function away with all its versions; what they are doing ends. */
  remove(name: string): Promise<void>;
}

/** https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html */
export function accountSettings({ concurrency, functions }: AccountView): object {
  return {
    AccountLimit: {
      TotalCodeSize: 80_530_636_800,
      CodeSizeUnzipped: 262_144_000,
      CodeSizeZipped: 52_428_800,
      ConcurrentExecutions: concurrency,
      UnreservedConcurrentExecutions: unreserved(functions.values(), concurrency).max,
    },
    AccountUsage: { TotalCodeSize: 0, FunctionCount: functions.size },
  };
}

const pageMax = 50;

/** Up to fifty a page: https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctions.html */
export function listedFunctions({ functions }: AccountView, wish: URLSearchParams): object {
  const which = wish.get("FunctionVersion");
  if (which !== null && which !== "ALL") throw badParameter(`FunctionVersion ${which} is not ALL.`);
  const all = [...functions]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, called]) =>
      (which === null ? [called.at()] : called.versions()).map((one) => configurationOf(name, one)),
    );
  const count = numberIn(wish, "MaxItems", pageMax);
  if (count < 1 || count > 10_000)
    throw badParameter(`MaxItems ${count} is not within 1 to 10,000.`);
  const from = numberIn(wish, "Marker", 0);
  const next = from + Math.min(count, pageMax);
  const more = next < all.length ? { NextMarker: String(next) } : {};
  return { Functions: all.slice(from, next), ...more };
}

function numberIn(wish: URLSearchParams, name: string, fallback: number): number {
  const text = wish.get(name);
  if (text === null) return fallback;
  if (!/^\d{1,6}$/.test(text)) throw badParameter(`${name} "${text}" is not one.`);
  return Number(text);
}
