import type { ErrorCode } from "../../core/error-codes/error-codes.ts";
import { RunError } from "../../core/errors.ts";
import type { Deployment } from "./deployment.ts";

interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

/** Turns what AWS's clients throw into a `RunError` where a person can mend it. */
export function awsFailure(thrown: unknown, deployment: Deployment): unknown {
  const isLostBucket = thrown instanceof RunError && thrown.code === "bucket-gone";
  if (thrown instanceof RunError && !isLostBucket) return thrown;
  const failure = failureOf((isLostBucket ? thrown.cause : thrown) as Thrown, deployment);
  if (failure === null) return thrown;
  const { code, message, hint } = failure;
  return new RunError(code, message, { hint, cause: thrown });
}

interface Thrown {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly Reason?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

function failureOf(thrown: Thrown, deployment: Deployment): Failure | null {
  const { name = "" } = thrown ?? {};
  return (
    credentials(name, thrown) ??
    place(thrown, deployment) ??
    permission(name, thrown, deployment) ??
    quota(name, thrown, deployment)
  );
}

function credentials(name: string, { message = "" }: Thrown): Failure | null {
  if (name === "CredentialsProviderError")
    return {
      code: "no-credentials",
      message: "AWS: no credentials were found",
      hint: "sign in (aws sso login, or aws configure), or set AWS_PROFILE",
    };
  if (/^(ExpiredToken|ExpiredTokenException|TokenRefreshRequired|RequestExpired)$/.test(name))
    return {
      code: "expired-credentials",
      message: "AWS: the credentials have expired",
      hint: "sign in again (aws sso login); a run in AWS goes on meanwhile",
    };
  if (/^(InvalidAccessKeyId|UnrecognizedClientException|InvalidClientTokenId)$/.test(name))
    return {
      code: "bad-credentials",
      message: "AWS does not know these credentials",
      hint: "check AWS_PROFILE and the keys: aws sts get-caller-identity",
    };
  if (/^(SignatureDoesNotMatch|InvalidSignatureException|RequestTimeTooSkewed)$/.test(name))
    return {
      code: "bad-signature",
      message: `AWS refuses the signature: ${message}`,
      hint: "check the secret key, and this machine's clock: it may be wrong by 5 minutes at most",
    };
  return null;
}

function place(
  { name = "", code = "", message = "" }: Thrown,
  { stage, bucket }: Deployment,
): Failure | null {
  if (/Region is missing/.test(message))
    return {
      code: "no-region",
      message: "AWS: no region is set",
      hint: "set AWS_REGION to the region that the stage is deployed in",
    };
  if (/^(PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraint)/.test(name))
    return {
      code: "other-region",
      message: `the bucket ${bucket} is in another region`,
      hint: "set AWS_REGION to the region that the stage is deployed in",
    };
  const gone = { NoSuchBucket: "its bucket", ResourceNotFoundException: "a function of it" }[name];
  if (gone !== undefined)
    return {
      code: "gone",
      message: `stage ${stage}: ${gone} is not there`,
      hint: `check AWS_REGION and the account, or deploy again: npx sst deploy --stage ${stage}`,
    };
  if (/^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH)$/.test(code))
    return {
      code: "no-network",
      message: `AWS cannot be reached (${code})`,
      hint: "check the network and any AWS_ENDPOINT_URL; a run in AWS goes on meanwhile",
    };
  return null;
}

function permission(name: string, thrown: Thrown, deployment: Deployment): Failure | null {
  const isDenied = /^(AccessDenied|AccessDeniedException|Forbidden)$/.test(name);
  if (!isDenied && thrown?.$metadata?.httpStatusCode !== 403) return null;
  const message = thrown.message ?? "";
  const action = /perform: ([\w-]+:\w+)/.exec(message)?.[1];
  const resource = / on resource: (\S+)/.exec(message)?.[1];
  const what = `${action ?? "this"}${resource === undefined ? "" : ` on ${resource}`}`;
  if (/explicit deny in a resource-based policy/.test(message))
    return {
      code: "not-permitted",
      message: `the policy of the bucket ${deployment.bucket} denies ${what}`,
      hint:
        "no other statement outweighs that one: take it out of the policy, which " +
        `aws s3api get-bucket-policy --bucket ${deployment.bucket} shows`,
    };
  const statement = {
    Effect: "Allow",
    Action: action ?? ["s3:GetObject", "s3:PutObject", "s3:ListBucket", "lambda:InvokeFunction"],
    Resource: resource ?? [
      `arn:aws:s3:::${deployment.bucket}`,
      `arn:aws:s3:::${deployment.bucket}/*`,
      `arn:aws:lambda:*:*:function:${deployment.orchestrator}`,
    ],
  };
  return {
    code: "not-permitted",
    message: `AWS does not permit ${what}`,
    hint: `a policy statement that does: ${JSON.stringify(statement)}`,
  };
}

function quota(
  name: string,
  { message = "", Reason: reason }: Thrown,
  { stage }: Deployment,
): Failure | null {
  if (reason === "ReservedFunctionConcurrentInvocationLimitExceeded")
    return {
      code: "throttled",
      message: `Lambda throttles: ${message}`,
      hint:
        "all that is reserved for the function is in use; where the budget's kill switch left it " +
        `nothing: kofn restore --stage ${stage}`,
    };
  if (name === "TooManyRequestsException")
    return {
      code: "throttled",
      message: `Lambda throttles: ${message}`,
      hint:
        "ask for more concurrency (Service Quotas: Lambda, Concurrent executions; tenant " +
        "environments are 2,500 for each 1,000), or use fewer workers",
    };
  if (name === "SlowDown" || name === "ServiceUnavailable" || name === "ServiceException")
    return {
      code: "aws-busy",
      message: `AWS asks to slow down: ${message}`,
      hint: "try again in a minute",
    };
  return null;
}
