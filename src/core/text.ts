import { closest, distance } from "fastest-levenshtein";

/** Words of other libraries for what is called otherwise here; the first that is a choice. */
const synonyms: Readonly<Record<string, readonly string[]>> = {
  alpha: ["l2", "l1"],
  lambda: ["l2", "l1"],
  c: ["l2"],
  penalty: ["l2"],
  regularization: ["l2"],
  weightdecay: ["l2", "weightDecay"],
  lr: ["learningRate"],
  eta: ["learningRate"],
  stepsize: ["learningRate"],
  epochs: ["rounds"],
  iterations: ["rounds"],
  maxiter: ["rounds"],
  steps: ["rounds"],
  tol: ["tolerance"],
  batchsize: ["batch"],
  label: ["target"],
  y: ["target"],
  file: ["source"],
  path: ["source"],
  testsize: ["test"],
  randomstate: ["seed"],
  gd: ["gradient-descent"],
  linear: ["ridge"],
  linearregression: ["ridge"],
  ols: ["ridge"],
  logisticregression: ["logistic"],
  multinomial: ["softmax"],
  svm: ["squared-hinge"],
  neuralnetwork: ["network"],
  matrixfactorization: ["factorization"],
};

/** `did you mean "x"? `, or nothing where no choice is near enough to be meant. */
export function nearest(name: string, choices: readonly string[]): string {
  if (choices.length === 0) return "";
  const meant = plain(name);
  const alike =
    choices.find((choice) => plain(choice) === meant) ??
    (Object.hasOwn(synonyms, meant) ? synonyms[meant]! : []).find((one) => choices.includes(one));
  if (alike !== undefined) return `did you mean "${alike}"? `;
  const best = closest(name, choices);
  return distance(name, best) <= Math.max(2, name.length / 3) ? `did you mean "${best}"? ` : "";
}

/** `LBFGS`, `l_bfgs` and `l-bfgs` are one word. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}

/** A text in quotes, cut where it is long. */
export function inQuotes(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}

/** Any value as JSON, for a message; "nothing" for one that JSON has no word for. */
export function asJson(value: unknown): string {
  return JSON.stringify(value) ?? "nothing";
}

/**
 * Orders strings by their UTF-8 bytes, as object stores list keys. It differs from `<` only where
 * surrogate pairs meet the last plane-0 characters, which UTF-16 puts the other way round.
 */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}

/** Token numbers that stand before a vocabulary's own; padding is what fills a row up. */
export const specialTokens = { padding: 0, begin: 1, end: 2, unknown: 3 } as const;
