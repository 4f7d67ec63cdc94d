import { dataCodes } from "./data.ts";
import type { Meanings } from "./meanings.ts";
import { pipelineCodes, privacyCodes, runningCodes } from "./running.ts";
import { specCodes } from "./spec.ts";

/** What kind of thing went wrong, and so what the process exits with. */
export const exitCodes = { input: 2, unfinished: 3, budget: 4, interrupted: 130 } as const;

export type ErrorKind = keyof typeof exitCodes;

/** Every code that an error of kofn's may have, by what it is about. */
export const errorCodes = {
  "Specs, options and questions": specCodes,
  "Data, models and files": dataCodes,
  "Runs, stores and platforms": runningCodes,
  Privacy: privacyCodes,
  Pipelines: pipelineCodes,
} as const;

export type ErrorCode =
  | keyof typeof specCodes
  | keyof typeof dataCodes
  | keyof typeof runningCodes
  | keyof typeof privacyCodes
  | keyof typeof pipelineCodes;

/** Of those that are not the input's fault. */
const kinds: Partial<Record<ErrorCode, ErrorKind>> = {
  "aws-busy": "unfinished",
  "bucket-gone": "unfinished",
  "disk-full": "unfinished",
  "expired-credentials": "unfinished",
  "home-gone": "unfinished",
  "missing-gradient": "unfinished",
  "no-network": "unfinished",
  "preparer-failed": "unfinished",
  superseded: "unfinished",
  "too-many-files": "unfinished",
  throttled: "unfinished",
  "over-budget": "budget",
  interrupted: "interrupted",
};

/** Where an error says nothing else of itself. */
export function kindOf(code: ErrorCode): ErrorKind {
  return kinds[code] ?? "input";
}

/** Of a text that came from elsewhere. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.values(errorCodes).some((codes) => Object.hasOwn(codes, text));
}

/** What to do, where an error itself has no hint. */
export function remedyOf(code: ErrorCode): string {
  const texts: Meanings = Object.assign({}, ...Object.values(errorCodes));
  return texts[code]!.split("; ")[1]!;
}
