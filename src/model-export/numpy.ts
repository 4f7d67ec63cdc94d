import { RunError } from "../core/errors.ts";
import { inQuotes } from "../core/text.ts";
import type { TrainedModel } from "../platform/training/model.ts";
import { linearCoefficients, refuseOthers, weightsByOutput } from "./coefficients.ts";

/**
 * Coefficients for rows as they are, numbers in their own units and a one for the level that a
 * category has, in double precision; the intercept last. A row a class where there are several.
 * A NumPy array holds no preparation, so weights of prepared rows would be wrong in silence.
 */
export function npyOf(model: TrainedModel): Uint8Array {
  refuseOthers(model, "npy");
  refuseLookups(model);
  const { intercept } = model.preparation;
  const rows = weightsByOutput(model).map((weights) => {
    const one = linearCoefficients(weights, model.preparation);
    const own = one.coefficients.map(({ original }) => original);
    const hasOffset = intercept || one.intercept.original !== 0;
    return hasOffset ? [...own, one.intercept.original] : own;
  });
  const values = Float64Array.from(rows.flat());
  const shape = rows.length === 1 ? `${values.length},` : `${rows.length}, ${rows[0]!.length}`;
  const header = `{'descr': '<f8', 'fortran_order': False, 'shape': (${shape}), }`;
  // Magic, version and length take 10 bytes; data begin at a multiple of 64.
  const padded = `${header.padEnd(Math.ceil((10 + header.length + 1) / 64) * 64 - 11)}\n`;
  const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 0, 0]);
  start.writeUInt16LE(padded.length, 8);
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return Buffer.concat([start, Buffer.from(padded, "latin1"), bytes]);
}

/** Words that become numbers by a hash or a table, which an array does not hold. */
function refuseLookups({ preparation }: TrainedModel): void {
  const plan = preparation.columns.find(({ kind }) => kind === "hash" || kind === "frequency");
  if (plan === undefined) return;
  throw new RunError(
    "bad-format",
    `--format: npy cannot hold column ${inQuotes(plan.name)}, whose words become numbers by a ` +
      (plan.kind === "hash" ? "hash" : "table of their shares"),
    { hint: "choose safetensors or hub, which hold the preparation; kofn predict takes raw rows" },
  );
}
