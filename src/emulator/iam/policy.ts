import { assert } from "../../core/errors.ts";

/** A statement of an identity's policies, as `infra/` writes it. */
export interface Statement {
  readonly effect: "Allow" | "Deny";
  /** `*` and `?` stand for any characters and for any one; letters' case does not count. */
  readonly actions: readonly string[];
  /** ARNs with the same wildcards; `*` spans slashes, and case counts. */
  readonly resources: readonly string[];
  readonly conditions?: readonly Condition[] | undefined;
}

export interface Condition {
  readonly test: string;
  readonly variable: string;
  readonly values: readonly string[];
}

/** One requested action on a resource. */
export interface AccessRequest {
  readonly action: string;
  readonly resource: string;
  /** Condition keys of the request, such as `s3:prefix`; one that is absent meets no condition. */
  readonly context?: Readonly<Record<string, string>>;
}

/** What comes of an action: allowed, denied by a statement, or allowed by none. */
export type Decision = "allowed" | "not-allowed" | "denied-by-identity" | "denied-by-resource";

/**
 * Whether these statements allow an action, as IAM evaluates the policies of one identity: a Deny
 * that matches wins, then an Allow that matches, and what nothing matches is denied.
 */
export function isAllowed(statements: readonly Statement[], wanted: AccessRequest): boolean {
  return decisionOf({ identity: statements, resource: [] }, wanted) === "allowed";
}

/**
 * The same over an identity's policies and those of a resource in its own account: a Deny of either
 * wins, and an Allow of either is enough, as
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html has it.
 */
export function decisionOf(
  by: { readonly identity: readonly Statement[]; readonly resource: readonly Statement[] },
  wanted: AccessRequest,
): Decision {
  const identity = effectOf(by.identity, wanted);
  if (identity === "Deny") return "denied-by-identity";
  const resource = effectOf(by.resource, wanted);
  if (resource === "Deny") return "denied-by-resource";
  return identity === "Allow" || resource === "Allow" ? "allowed" : "not-allowed";
}

function effectOf(statements: readonly Statement[], wanted: AccessRequest) {
  let effect: Statement["effect"] | null = null;
  for (const statement of statements) {
    if (!matches(statement, wanted)) continue;
    if (statement.effect === "Deny") return "Deny";
    effect = "Allow";
  }
  return effect;
}

function matches(
  { actions, resources, conditions = [] }: Statement,
  wanted: AccessRequest,
): boolean {
  const action = wanted.action.toLowerCase();
  return (
    actions.some((pattern) => isLike(pattern.toLowerCase(), action)) &&
    resources.some((pattern) => isLike(pattern, wanted.resource)) &&
    conditions.every((condition) => holds(condition, wanted.context ?? {}))
  );
}

type Test = (value: string, wanted: string) => boolean;

const conditionTests: Readonly<Record<string, Test>> = {
  StringEquals: (value, wanted) => value === wanted,
  StringLike: (value, pattern) => isLike(pattern, value),
  Bool: (value, wanted) => value === wanted.toLowerCase(),
};

/** How conditions are tested here; those with `Not` hold where the test without it does not. */
export const conditionTestNames = [
  ...Object.keys(conditionTests),
  "StringNotEquals",
  "StringNotLike",
];

/** Every condition must hold; of its values one is enough, and none may meet a `Not`. */
function holds({ test, variable, values }: Condition, context: AccessRequest["context"]): boolean {
  const isNegated = test.startsWith("StringNot");
  const passes = conditionTests[test.replace("StringNot", "String")];
  // An unknown test must not pass for a known one: it would allow too much, or too little.
  assert(passes !== undefined, `conditions are not tested by ${test}`);
  const value = context?.[variable];
  // A key that is absent is unlike everything.
  const meets = value !== undefined && values.some((wanted) => passes(value, wanted));
  return meets !== isNegated;
}

/** IAM's wildcards. In time proportional to the product of both lengths at worst. */
export function isLike(pattern: string, text: string): boolean {
  let at = 0;
  let next = 0;
  let star = -1;
  let resume = 0;
  while (at < text.length) {
    if (pattern[next] === "*") {
      star = next++;
      resume = at;
    } else if (next < pattern.length && (pattern[next] === "?" || pattern[next] === text[at])) {
      next++;
      at++;
    } else if (star >= 0) {
      next = star + 1;
      at = ++resume;
    } else return false;
  }
  while (pattern[next] === "*") next++;
  return next === pattern.length;
}

/** The action and the object that were refused, and why, in AWS's words. */
export function deniedMessage(
  who: string,
  action: string,
  resource: string,
  decision: Decision = "not-allowed",
): string {
  const denial = /^denied-by-(.*)$/.exec(decision);
  const policy = denial?.[1] === "identity" ? "an identity-based" : "a resource-based";
  const why =
    denial === null
      ? `because no identity-based policy allows the ${action} action`
      : `with an explicit deny in ${policy} policy`;
  return `User: ${who} is not authorized to perform: ${action} on resource: "${resource}" ${why}`;
}
