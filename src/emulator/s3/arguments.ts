import { isPresigned, type S3Request } from "./request.ts";
import { accessDenied, invalidArgument, notImplemented, S3Error } from "./s3-error.ts";

/** What an operation understands, by names in a row; `checksum-*` stands for all that begin so. */
interface Understood {
  readonly name: string;
  readonly method: string;
  readonly query?: readonly string[];
  readonly takes?: string;
  readonly reads?: string;
}

/** Of who asks, how it was signed or how the body is framed; or without any meaning here. */
const usualHeaders = names(
  "date content-sha256 security-token user-agent content-length decoded-content-length trailer " +
    "algorithm credential expires signedheaders signature te " +
    "expected-bucket-owner request-payer api-version",
);

/** Parameters that change nothing: the operation's name, as some of AWS's SDKs send it. */
const usualParameters = names("x-id versionId");

/** Of an address that was signed in the older way. */
const signing = names("AWSAccessKeyId Signature Expires");

const conditions: Readonly<Record<string, readonly string[]>> = {
  GET: names("if-match if-none-match if-modified-since if-unmodified-since"),
  HEAD: names("if-match if-none-match if-modified-since if-unmodified-since"),
  PUT: names("if-match if-none-match"),
  POST: names("if-match if-none-match"),
  DELETE: names("if-match"),
};

/**
 * Refuses, as not implemented, every argument that would change what a request means if somebody
 * took notice of it: parameters, `x-amz-…` headers and conditions that the operation does not know,
 * and values of those that it does know which stand for more than is done here.
 */
export function checkArguments(request: S3Request, understood: Understood): void {
  const { name, method, query = [], takes = "", reads = "" } = understood;
  const parameters = [...usualParameters, ...query, ...names(takes)];
  const headers = [...usualHeaders, ...names(reads)];
  const refuse = (what: string) => notImplemented(`${name} with ${what}`);
  for (const parameter of request.query.keys()) {
    const isMoved = /^x-amz-/i.test(parameter) && isPresigned(request);
    const isOld = request.query.has("AWSAccessKeyId") && signing.includes(parameter);
    if (!isMoved && !isOld && !parameters.includes(parameter)) throw refuse(`?${parameter}`);
  }
  for (const header of request.headerNames()) {
    if (header.startsWith("x-amz-") && !isAmong(header.slice("x-amz-".length), headers))
      throw refuse(header);
    if (header.startsWith("if-") && !(conditions[method] ?? []).includes(header))
      throw refuse(header);
  }
  if (method === "PUT" && request.header("content-range") !== undefined)
    throw refuse("content-range");
  checkValues(request);
}

function checkValues(request: S3Request): void {
  const version = request.query.get("versionId");
  if (version !== null && version !== "null")
    throw notImplemented("A version of an object: buckets here have none, and this");
  for (const header of ["x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner"]) {
    const owner = request.header(header);
    if (owner !== undefined && owner !== account) throw accessDenied("Access Denied");
  }
  checkAcl(request);
}

const account = "000000000000";

/**
 * Buckets have no access lists, as AWS makes them today: all that is stored is the owner's.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
 */
function checkAcl(request: S3Request): void {
  const acl = request.header("x-amz-acl");
  const isPrivateBucket = request.key === "" && acl === "private";
  if (acl === undefined || acl === "bucket-owner-full-control" || isPrivateBucket) return;
  throw new S3Error(400, "AccessControlListNotSupported", "The bucket does not allow ACLs");
}

/** One of two words, in capital letters; the first where the header is absent. */
export function directiveOf(
  request: S3Request,
  header: string,
  words: readonly [string, string],
): string {
  const word = request.header(header)?.toUpperCase() ?? words[0];
  if (words.includes(word)) return word;
  throw invalidArgument(`Unknown ${header.replace("x-amz-", "")}.`, {
    ArgumentName: header,
    ArgumentValue: word,
  });
}

function isAmong(header: string, known: readonly string[]): boolean {
  return known.some((one) =>
    one.endsWith("*") ? header.startsWith(one.slice(0, -1)) : one === header,
  );
}

function names(row: string): readonly string[] {
  return row.split(" ").filter((name) => name !== "");
}
