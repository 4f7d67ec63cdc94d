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

/**
 * Whether these statements allow an action, as IAM evaluates the policies of one identity: a Deny
 * that matches wins, then an Allow that matches, and what nothing matches is denied.
 */
export function isAllowed(statements: readonly Statement[], wanted: AccessRequest): boolean {
  let allowed = false;
  for (const statement of statements) {
    if (!matches(statement, wanted)) continue;
    if (statement.effect === "Deny") return false;
    allowed = true;
  }
  return allowed;
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

/** Every condition must hold; of its values one is enough. */
function holds({ test, variable, values }: Condition, context: AccessRequest["context"]): boolean {
  // An unknown test must not pass for a known one: it would allow too much, or too little.
  assert(test === "StringLike", `conditions are tested by StringLike, not by ${test}`);
  const value = context?.[variable];
  return value !== undefined && values.some((pattern) => isLike(pattern, value));
}

/** IAM's wildcards. In time proportional to the product of both lengths at worst. */
function isLike(pattern: string, text: string): boolean {
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

/** The action and the object that were refused, in S3's words. */
export function deniedMessage(who: string, action: string, resource: string): string {
  return (
    `User: ${who} is not authorized to perform: ${action} on resource: "${resource}" ` +
    `because no identity-based policy allows the ${action} action`
  );
}
