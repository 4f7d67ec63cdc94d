import { RunError } from "../core/errors.ts";

/**
 * The version of what the same spec, data and replies compute, to the last bit. Raise it with every
 * change of those numbers; each record names the version that its run began under.
 */
export const arithmetic = 3;

/** The arithmetic of records that name none. */
const unnamed = 1;

/** The last version of kofn that goes on in each arithmetic that this one left behind. */
const lastVersions: Readonly<Record<number, string>> = { 1: "0.1.0", 2: "0.2.0" };

export const otherArithmeticCode = "other-arithmetic";

/** Throws `RunError` where going on with a run, or replaying it, would mix two arithmetics. */
export function checkArithmetic(record: {
  readonly run: string;
  readonly arithmetic?: number;
}): void {
  const begun = record.arithmetic ?? unnamed;
  if (begun === arithmetic) return;
  const version = lastVersions[begun];
  throw new RunError(
    otherArithmeticCode,
    `${record.run} began in arithmetic ${begun}, and this kofn computes in arithmetic ` +
      `${arithmetic}: the same replies would come to other numbers`,
    {
      hint:
        version === undefined
          ? "go on with the newer kofn that began it, or start it anew with this one"
          : `go on with kofn ${version}, or start it anew with this one`,
    },
  );
}
