import { type Architecture, invocationUsd } from "../../limits.ts";

/** What a function's invocations came to, in the units AWS charges. */
export interface FunctionBill {
  readonly invocations: number;
  readonly coldStarts: number;
  /** Calls that were refused as throttled; they cost nothing. */
  readonly throttles: number;
  readonly billedMs: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly costUsd: number;
}

export interface FunctionCharge {
  readonly billedMs: number;
  readonly coldStart: boolean;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export interface Meter {
  charge(charge: FunctionCharge): void;
  throttle(): void;
  bill(): FunctionBill;
}

export function meter(config: {
  readonly memoryMb: number;
  readonly tenancy?: "PER_TENANT";
  readonly architecture?: Architecture;
}): Meter {
  let bill: FunctionBill = noBill;
  const { memoryMb, architecture, tenancy } = config;
  return {
    charge({ billedMs, coldStart, bytesIn, bytesOut }) {
      bill = sum(bill, {
        invocations: 1,
        coldStarts: coldStart ? 1 : 0,
        throttles: 0,
        billedMs,
        bytesIn,
        bytesOut,
        costUsd: invocationUsd({
          billedMs,
          memoryMb,
          startsTenant: coldStart && tenancy !== undefined,
          ...(architecture && { architecture }),
        }),
      });
    },
    throttle() {
      bill = { ...bill, throttles: bill.throttles + 1 };
    },
    bill: () => bill,
  };
}

export const noBill: FunctionBill = {
  invocations: 0,
  coldStarts: 0,
  throttles: 0,
  billedMs: 0,
  bytesIn: 0,
  bytesOut: 0,
  costUsd: 0,
};

export function sum(a: FunctionBill, b: FunctionBill): FunctionBill {
  return {
    invocations: a.invocations + b.invocations,
    coldStarts: a.coldStarts + b.coldStarts,
    throttles: a.throttles + b.throttles,
    billedMs: a.billedMs + b.billedMs,
    bytesIn: a.bytesIn + b.bytesIn,
    bytesOut: a.bytesOut + b.bytesOut,
    costUsd: a.costUsd + b.costUsd,
  };
}
