import type { IncomingMessage } from "node:http";
import { badParameter, LambdaError, noFunction } from "./failures.ts";
import type { FunctionVersion, LocalFunction } from "./function-versions.ts";
import { arnOf, functionNameOf } from "./route.ts";

/*
 * PublishVersion, CreateAlias, UpdateAlias, and DeleteFunction of one version:
 * https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html and its neighbours.
 */

const functionPath = /^\/2015-03-31\/functions\/([^/]+)$/;
const versionsPath = /^\/2015-03-31\/functions\/([^/]+)\/versions$/;
const aliasesPath = /^\/2015-03-31\/functions\/([^/]+)\/aliases(?:\/([^/]+))?$/;

/** Whether a request is about a function's versions. */
export function isAboutVersions({ url = "" }: IncomingMessage): boolean {
  const path = url.replace(/\?.*$/, "");
  return [functionPath, versionsPath, aliasesPath].some((pattern) => pattern.test(path));
}

export interface VersionReply {
  readonly status: number;
  readonly body: object | null;
}

/** Throws `LambdaError` for what the API would refuse. */
export function answerVersions(
  { method = "", url = "" }: IncomingMessage,
  body: Buffer,
  functions: ReadonlyMap<string, LocalFunction>,
): VersionReply {
  const { pathname, searchParams } = new URL(url, "http://lambda");
  const of = (encoded: string, parameter: string | null = null) => {
    const { name, qualifier } = functionNameOf(encoded, parameter);
    const called = functions.get(name);
    if (called === undefined) throw noFunction(arnOf(name, undefined));
    return { name, qualifier, called };
  };
  const [, published] = versionsPath.exec(pathname) ?? [];
  if (published !== undefined && method === "POST") {
    const { name, called } = of(published);
    return { status: 201, body: configurationOf(name, called.publish()) };
  }
  const [, removed] = functionPath.exec(pathname) ?? [];
  if (removed !== undefined && method === "DELETE") {
    const { name, qualifier, called } = of(removed, searchParams.get("Qualifier"));
    if (qualifier === undefined) throw unsupported(method, `${pathname} of the whole of ${name}`);
    called.remove(qualifier);
    return { status: 204, body: null };
  }
  const [, aliased, alias] = aliasesPath.exec(pathname) ?? [];
  if (aliased !== undefined && method === (alias === undefined ? "POST" : "PUT")) {
    const { name, called } = of(aliased);
    const { Name = alias ?? "", FunctionVersion: version = "" } = wishesIn(body);
    if (!/^(?![0-9]+$)[\w-]{1,128}$/.test(Name))
      throw badParameter(`"${Name}" is not the name of an alias.`);
    called.alias(Name, version);
    const reply = { AliasArn: arnOf(name, Name), Name, FunctionVersion: version };
    return { status: alias === undefined ? 201 : 200, body: reply };
  }
  throw unsupported(method, pathname);
}

function unsupported(method: string, what: string): LambdaError {
  return new LambdaError(404, "UnknownOperationException", `no operation ${method} ${what}`);
}

/** A `FunctionConfiguration`, as far as it is known here. */
function configurationOf(name: string, { version, config }: FunctionVersion): object {
  return {
    FunctionName: name,
    FunctionArn: arnOf(name, version),
    Version: version,
    Handler: config.handler,
    MemorySize: config.memoryMb,
    Timeout: config.timeoutMs / 1000,
    State: "Active",
  };
}

function wishesIn(body: Buffer): { readonly Name?: string; readonly FunctionVersion?: string } {
  try {
    return (JSON.parse(body.toString("utf8")) ?? {}) as ReturnType<typeof wishesIn>;
  } catch {
    throw badParameter("Could not parse request body into json.");
  }
}
