import { type Condition, conditionTestNames, isLike, type Statement } from "./policy.ts";
import { bucketActions, objectActions } from "./s3-actions.ts";

/** A bucket's own statements, each with whom it is about. */
export interface BucketPolicy {
  /** As it was put. */
  readonly text: string;
  /** Those that are about somebody, by ARN. */
  statementsFor(arn: string): readonly Statement[];
}

/** Why a policy is not taken. */
export class PolicyRefusal extends Error {
  /** `malformed`: S3 refuses it. `public`: its settings do. `unknown`: S3 may take it. */
  readonly kind: "malformed" | "public" | "unknown";

  constructor(kind: PolicyRefusal["kind"], message: string) {
    super(message);
    this.name = "PolicyRefusal";
    this.kind = kind;
  }
}

const bytesMax = 20 * 1024;
const account = "000000000000";

/**
 * Reads a bucket's policy, as
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html has it. `arns`
 * are of all whom this account knows; where they are absent, a principal may be anybody. Throws
 * `PolicyRefusal` for what S3 does not take and for whatever is not understood here: nothing of a
 * policy is passed over.
 */
export function readBucketPolicy(
  text: string,
  { bucket, arns }: { readonly bucket: string; readonly arns?: readonly string[] },
): BucketPolicy {
  const policy = parsed(text);
  only(policy, ["Version", "Id", "Statement"]);
  if (policy.Version !== undefined && !/^20(12-10|08-10)-17$/.test(String(policy.Version)))
    throw malformed("The policy must contain a valid version string");
  const given = Array.isArray(policy.Statement) ? policy.Statement : [policy.Statement];
  if (policy.Statement === undefined || given.length === 0)
    throw malformed("Missing required field Statement");
  const statements = given.map((one) => statementOf(one, bucket, arns));
  return {
    text,
    statementsFor: (arn) =>
      statements.filter(({ isAbout }) => isAbout(arn)).map(({ statement }) => statement),
  };
}

function parsed(text: string): Fields {
  if (Buffer.byteLength(text) > bytesMax)
    throw malformed(`Bucket policies are limited to ${bytesMax / 1024} KB`);
  let value: unknown;
  try {
    value = text.startsWith("{") ? JSON.parse(text) : null;
  } catch {
    value = null;
  }
  if (isFields(value)) return value;
  throw malformed("Policies must be valid JSON and the first byte must be '{'");
}

type Fields = Readonly<Record<string, unknown>>;

function statementOf(given: unknown, bucket: string, arns: readonly string[] | undefined) {
  if (!isFields(given)) throw malformed("Statement must be an object or a list of objects");
  for (const field of ["NotPrincipal", "NotAction", "NotResource"])
    if (field in given) throw unknown(`a statement with ${field}`);
  only(given, ["Sid", "Effect", "Principal", "Action", "Resource", "Condition"]);
  const { Effect: effect } = given;
  if (effect !== "Allow" && effect !== "Deny") throw malformed(`Invalid effect: ${effect}`);
  const conditions = conditionsOf(given.Condition);
  const isAbout = principalOf(given.Principal, arns);
  if (effect === "Allow" && isAbout === everybody && !conditions.some(isAboutSomebody))
    throw new PolicyRefusal(
      "public",
      "because public policies are blocked by the BlockPublicPolicy block public access setting.",
    );
  const actions = textsIn(given.Action, "Action");
  const resources = textsIn(given.Resource, "Resource");
  for (const resource of resources) checkResource(resource, bucket);
  for (const action of actions) checkAction(action, resources, bucket);
  return { isAbout, statement: { effect, actions, resources, conditions } satisfies Statement };
}

function checkResource(resource: string, bucket: string): void {
  const arn = `arn:aws:s3:::${bucket}`;
  if (resource !== arn && !resource.startsWith(`${arn}/`))
    throw malformed("Policy has invalid resource");
  if (resource.includes("${")) throw unknown("a variable in a resource");
}

/** Each action must be one of S3's, and one that the statement's resources can meet. */
function checkAction(action: string, resources: readonly string[], bucket: string): void {
  if (action !== "*" && !/^s3:[\w*?]+$/i.test(action)) throw malformed("Policy has invalid action");
  const is = (name: string) => isLike(action.toLowerCase(), `s3:${name}`.toLowerCase());
  const [onBucket, onObjects] = [bucketActions.some(is), objectActions.some(is)];
  if (!onBucket && !onObjects)
    throw unknown(`the action ${action}, which no operation here takes,`);
  const hasBucket = resources.includes(`arn:aws:s3:::${bucket}`);
  const hasObjects = resources.some((resource) => resource.includes("/"));
  if (!(onBucket && hasBucket) && !(onObjects && hasObjects))
    throw malformed("Action does not apply to any resource(s) in statement");
}

const everybody = () => true;

/** Whom a statement is about. */
function principalOf(
  given: unknown,
  arns: readonly string[] | undefined,
): (arn: string) => boolean {
  if (given === "*") return everybody;
  if (!isFields(given)) throw malformed("Missing required field Principal");
  const other = Object.keys(given).find((kind) => kind !== "AWS");
  if (other !== undefined) throw unknown(`a principal of the kind ${other}`);
  const names = textsIn(given.AWS, "Principal");
  if (names.includes("*")) return everybody;
  const matches = names.map((name) => {
    // What an account is allowed, its own policies must allow as well.
    if (name === account || name === `arn:aws:iam::${account}:root`)
      throw unknown("a whole account as its principal, in the place of its users and roles,");
    const role = /^arn:aws:iam::\d{12}:role\/([\w+=,.@-]+)$/.exec(name)?.[1];
    const session = `arn:aws:sts::${account}:assumed-role/${role}/`;
    const is = (arn: string) => arn === name || (role !== undefined && arn.startsWith(session));
    if (arns !== undefined && !arns.some(is)) throw malformed("Invalid principal in policy");
    return is;
  });
  return (arn) => matches.some((is) => is(arn));
}

/** The condition keys that requests have here, by their names in lower case. */
const conditionKeys = ["s3:prefix", "aws:SecureTransport", "aws:PrincipalArn"];

/** An Allow for everybody is public but for this, and buckets are closed to the public. */
function isAboutSomebody({ test, variable }: Condition): boolean {
  return test === "StringEquals" && variable === "aws:PrincipalArn";
}

function conditionsOf(given: unknown): readonly Condition[] {
  if (given === undefined) return [];
  if (!isFields(given)) throw malformed("Syntax errors in policy: Condition");
  return Object.entries(given).flatMap(([test, keys]) => {
    if (!conditionTestNames.includes(test)) throw unknown(`the condition ${test}`);
    if (!isFields(keys)) throw malformed("Syntax errors in policy: Condition");
    return Object.entries(keys).map(([key, value]) => {
      const variable = conditionKeys.find((name) => name.toLowerCase() === key.toLowerCase());
      if (variable === undefined) throw unknown(`the condition key ${key}`);
      const values = textsIn(typeof value === "boolean" ? String(value) : value, key);
      if (values.some((text) => text.includes("${"))) throw unknown("a variable in a condition");
      return { test, variable, values };
    });
  });
}

function textsIn(given: unknown, name: string): readonly string[] {
  const texts = Array.isArray(given) ? given : [given];
  if (given === undefined || texts.length === 0) throw malformed(`Missing required field ${name}`);
  if (texts.every((one) => typeof one === "string")) return texts;
  throw malformed(`Syntax errors in policy: ${name}`);
}

function only(given: Fields, fields: readonly string[]): void {
  const other = Object.keys(given).find((field) => !fields.includes(field));
  if (other !== undefined) throw malformed(`Syntax errors in policy: ${other}`);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function malformed(message: string): PolicyRefusal {
  return new PolicyRefusal("malformed", message);
}

function unknown(what: string): PolicyRefusal {
  return new PolicyRefusal("unknown", `A bucket policy with ${what}`);
}
