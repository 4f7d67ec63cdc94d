import { RunError } from "../../core/errors.ts";
import type { ParameterSpec } from "../../math/vector.ts";
import type { BackendChoice } from "../../tfjs/backend.ts";

/** A Transformer as a spec chooses it. */
export interface TranslationOptions {
  readonly width: number;
  readonly heads: number;
  readonly layers: number;
  readonly hidden?: number | undefined;
  readonly dropout: number;
  readonly labelSmoothing: number;
  readonly backend: BackendChoice;
  readonly seed?: number | undefined;
  readonly facts?: TranslationFacts | undefined;
}

/** What is known of it once its definition is in the store: plain data, part of a spec. */
export interface TranslationFacts {
  /** Of the definition, in the store. */
  readonly key: string;
  /** Rows of its table. */
  readonly tokens: number;
  readonly pieces: readonly ParameterSpec[];
}

export function translationFactsOf({ facts }: TranslationOptions): TranslationFacts {
  if (facts !== undefined) return facts;
  throw new RunError("not-staged", "problem: translation: the network was not built yet", {
    hint: "networks are built when a run starts: use kofn run",
  });
}
