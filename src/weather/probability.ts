import * as z from "zod";

/** A share between 0 and 1, as a number or as text in per cent: 0.001 or "0.1%". */
export const probability = z
  .union([z.number(), z.string()], "expected a number from 0 to 1, or per cent as in 0.1%")
  .transform((given, context) => {
    const value = typeof given === "number" ? given : fromText(given);
    if (value >= 0 && value <= 1) return value;
    context.addIssue({
      code: "custom",
      message: "expected a number from 0 to 1, or per cent as in 0.1%",
    });
    return z.NEVER;
  });

function fromText(text: string): number {
  const [, digits, percent] = /^\s*(\d*\.?\d+(?:e-?\d+)?)\s*(%?)\s*$/i.exec(text) ?? [];
  return digits === undefined ? Number.NaN : Number(digits) / (percent === "%" ? 100 : 1);
}
