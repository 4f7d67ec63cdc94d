import type { IncomingMessage } from "node:http";
import { type AccountView, accountSettings, listedFunctions } from "./account-requests.ts";
import { grantedReservation } from "./concurrency.ts";
import { badParameter, noFunction } from "./failures.ts";
import { configurationOf } from "./function-configuration.ts";
import type { LocalFunction } from "./function-versions.ts";
import { arnOf, functionNameOf } from "./route.ts";

/*
 * What the API does with functions besides calling them:
 * https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html
 */

/** A request about functions, found out before it is admitted. */
export interface FunctionRequest {
  /** The API's name, which is the action's too. */
  readonly name: string;
  /** What it is about, as statements name it. */
  readonly resource: string;
  /** Throws `LambdaError` for what the API would refuse. */
  answer(body: Buffer, account: AccountView): FunctionReply | Promise<FunctionReply>;
}

export interface FunctionReply {
  readonly status: number;
  readonly body: object | null;
}

interface Given {
  readonly name: string;
  readonly called: LocalFunction;
  readonly qualifier: string | undefined;
  /** Of an alias. */
  readonly alias: string;
  readonly body: Buffer;
  readonly account: AccountView;
}

interface FunctionOperation {
  readonly method: string;
  readonly path: RegExp;
  readonly name: string;
  readonly run: (given: Given) => FunctionReply | Promise<FunctionReply>;
}

const one = "/2015-03-31/functions/([^/]+)";
const operations: readonly FunctionOperation[] = [
  { method: "GET", path: new RegExp(`^${one}$`), name: "GetFunction", run: getFunction },
  {
    method: "GET",
    path: new RegExp(`^${one}/configuration$`),
    name: "GetFunctionConfiguration",
    run: ({ name, called, qualifier }) => ok(configurationOf(name, called.at(qualifier))),
  },
  { method: "DELETE", path: new RegExp(`^${one}$`), name: "DeleteFunction", run: deleteFunction },
  {
    method: "POST",
    path: new RegExp(`^${one}/versions$`),
    name: "PublishVersion",
    run: ({ name, called }) => ({ status: 201, body: configurationOf(name, called.publish()) }),
  },
  { method: "POST", path: new RegExp(`^${one}/aliases$`), name: "CreateAlias", run: putAlias },
  {
    method: "PUT",
    path: new RegExp(`^${one}/aliases/([^/]+)$`),
    name: "UpdateAlias",
    run: putAlias,
  },
  {
    method: "GET",
    path: /^\/2019-09-30\/functions\/([^/]+)\/concurrency$/,
    name: "GetFunctionConcurrency",
    run: ({ called }) => ok(reservationOf(called)),
  },
  {
    method: "PUT",
    path: /^\/2017-10-31\/functions\/([^/]+)\/concurrency$/,
    name: "PutFunctionConcurrency",
    run: putConcurrency,
  },
  {
    method: "DELETE",
    path: /^\/2017-10-31\/functions\/([^/]+)\/concurrency$/,
    name: "DeleteFunctionConcurrency",
    run({ called }) {
      called.reserve(undefined);
      return { status: 204, body: null };
    },
  },
];

/** What a request asks of functions; null where it is none of these, such as an invocation. */
export function functionRequestOf({ method = "", url = "" }: IncomingMessage) {
  const { pathname, searchParams } = new URL(url, "http://lambda");
  const path = pathname.replace(/\/$/, "");
  if (method === "GET" && path === "/2016-08-19/account-settings")
    return ofAccount("GetAccountSettings", (account) => ok(accountSettings(account)));
  if (method === "GET" && path === "/2015-03-31/functions")
    return ofAccount("ListFunctions", (account) => ok(listedFunctions(account, searchParams)));
  const found = operations.find(
    (operation) => operation.method === method && operation.path.test(path),
  );
  if (found === undefined) return null;
  const [, encoded = "", alias = ""] = found.path.exec(path) ?? [];
  const { name, qualifier } = functionNameOf(encoded, searchParams.get("Qualifier"));
  const request: FunctionRequest = {
    name: found.name,
    resource: arnOf(name, qualifier),
    answer(body, account) {
      const called = account.functions.get(name);
      if (called === undefined) throw noFunction(arnOf(name, undefined));
      return found.run({ name, called, qualifier, alias, body, account });
    },
  };
  return request;
}

function ofAccount(name: string, run: (account: AccountView) => FunctionReply): FunctionRequest {
  return { name, resource: "*", answer: (_body, account) => run(account) };
}

const ok = (body: object): FunctionReply => ({ status: 200, body });

function getFunction({ name, called, qualifier }: Given): FunctionReply {
  const reserved = called.reserved();
  return ok({
    Configuration: configurationOf(name, called.at(qualifier)),
    ...(reserved === undefined ? {} : { Concurrency: reservationOf(called) }),
  });
}

/** One version, or without a qualifier the whole function. */
async function deleteFunction({ name, called, qualifier, account }: Given) {
  if (qualifier === undefined) await account.remove(name);
  else called.remove(qualifier);
  return { status: 204, body: null };
}

/** CreateAlias names its alias in the body, UpdateAlias in the path. */
function putAlias({ name, called, alias, body }: Given): FunctionReply {
  const wishes = wishesIn(body);
  const { Name = alias, FunctionVersion: version = "" } = wishes as {
    Name?: string;
    FunctionVersion?: string;
  };
  if (!/^(?![0-9]+$)[\w-]{1,128}$/.test(Name))
    throw badParameter(`"${Name}" is not the name of an alias.`);
  called.alias(Name, version);
  const reply = { AliasArn: arnOf(name, Name), Name, FunctionVersion: version };
  return { status: alias === "" ? 201 : 200, body: reply };
}

function putConcurrency({ called, body, account }: Given): FunctionReply {
  const others = [...account.functions.values()].filter((other) => other !== called);
  const { ReservedConcurrentExecutions: wished } = wishesIn(body);
  called.reserve(grantedReservation(wished, others, account.concurrency));
  return ok(reservationOf(called));
}

function reservationOf(called: LocalFunction): { ReservedConcurrentExecutions?: number } {
  const reserved = called.reserved();
  return reserved === undefined ? {} : { ReservedConcurrentExecutions: reserved };
}

function wishesIn(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    return (JSON.parse(body.toString("utf8")) ?? {}) as Record<string, unknown>;
  } catch {
    throw badParameter("Could not parse request body into json.");
  }
}
