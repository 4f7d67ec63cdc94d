import type { IncomingMessage, ServerResponse } from "node:http";
import { parseJson } from "../core/json.ts";
import { checkRunName } from "../journal/run-record.ts";
import { cancelRun } from "../platform/training/cancel-run.ts";
import { type HomeOptions, withOpenHome, withOpenRun } from "../platform/training/open-run.ts";
import type { WhatIf } from "../report/data.ts";
import { runsFollowedMax } from "../report/live/protocol.ts";
import { livePage } from "../report/live/shell.ts";
import { liveBundle } from "../report/page-bundle.ts";
import { boundedBody } from "../wire/request-body.ts";
import { streamEvents } from "./event-stream.ts";
import { runRows } from "./run-status.ts";

/** A recorded run with one thing another, computed in another process; or why it is not. */
export type AskWhatIf = (
  run: string,
) => Promise<{ readonly found: WhatIf } | { readonly problem: string }>;

/** What the answers of one server go by. */
export interface Site {
  readonly at: HomeOptions;
  readonly pollMs: number;
  readonly resume: (run: string) => Promise<string>;
  readonly whatIf: AskWhatIf;
  /** The connections that follow runs; aborting one ends it. */
  readonly streams: Set<AbortController>;
  /** By run, why its last resume failed. */
  readonly problems: Map<string, string>;
  /** By run, what is being computed. */
  readonly whatIfs: Map<string, ReturnType<AskWhatIf>>;
}

const bodyBytesMax = 4_096;
const streamsMax = 64;
const script = "text/javascript; charset=utf-8";
const style = "text/css; charset=utf-8";
const json = "application/json; charset=utf-8";
/** Scripts and styles of this server alone; pages are shown in no other page. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; " +
  "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Answers a request that was let in. */
export async function answerRequest(
  site: Site,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname } = url;
  if (request.method === "POST") return change(site, pathname, request, response);
  if (pathname === "/page.js") return send(response, script, liveBundle().script);
  if (pathname === "/page.css") return send(response, style, liveBundle().style);
  if (pathname === "/api/runs") return sendRows(site, response);
  if (pathname === "/api/events") return follow(site, url, request, response);
  const isPage = ["/", "/compare"].includes(pathname) || /^\/run\/[^/]+$/.test(pathname);
  if (!isPage) return refuse(response, 404, "there is no such page");
  if (pathname.startsWith("/run/")) checkRunName(decodeURIComponent(pathname.slice(5)));
  const { stage } = site.at;
  const token = url.searchParams.get("token")!;
  send(response, "text/html; charset=utf-8", livePage({ token, stage: stage ?? null }));
}

async function sendRows({ at }: Site, response: ServerResponse): Promise<void> {
  const rows = (await withOpenHome(at, runRows)) ?? [];
  send(response, json, JSON.stringify(rows));
}

async function follow(
  { at, pollMs, streams, problems }: Site,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const runs = [...new Set(url.searchParams.getAll("run"))].map(checkRunName);
  if (runs.length === 0 || runs.length > runsFollowedMax)
    return refuse(response, 400, `name 1 to ${runsFollowedMax} runs to follow`);
  if (streams.size >= streamsMax) return refuse(response, 503, "too many pages are open");
  const ended = new AbortController();
  streams.add(ended);
  response.once("close", () => ended.abort());
  response.writeHead(200, { ...headers, "content-type": "text/event-stream" });
  const last = request.headers["last-event-id"];
  const after = typeof last === "string" ? last : null;
  const problemOf = (run: string) => problems.get(run) ?? "";
  try {
    await streamEvents(response, { at, runs, pollMs, after, problemOf }, ended.signal);
  } finally {
    streams.delete(ended);
  }
}

/** Cancels or resumes a run. Both are asked for; the run's status says what came of it. */
async function change(
  site: Site,
  pathname: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!["/api/cancel", "/api/resume", "/api/what-if"].includes(pathname))
    return refuse(response, 404, "there is nothing to change");
  const bytes = await boundedBody(request, bodyBytesMax);
  if (bytes === null) return refuse(response, 413, `more than ${bodyBytesMax} bytes`);
  const body = parseJson<{ readonly run?: unknown } | null>(bytes, "the request");
  const run = checkRunName(String(body?.run));
  if (pathname === "/api/what-if") return sendWhatIf(site, run, response);
  if (pathname === "/api/cancel") {
    const status = await withOpenRun(site.at, run, cancelRun);
    if (status !== "running") return refuse(response, 409, `${run} is not running (${status})`);
  } else {
    site.problems.delete(run);
    void site.resume(run).then((problem) => {
      if (problem !== "") site.problems.set(run, problem);
    });
  }
  response.writeHead(204, headers).end();
}

/** Computed once at a time, however many ask. */
async function sendWhatIf({ whatIf, whatIfs }: Site, run: string, response: ServerResponse) {
  const computing = whatIfs.get(run) ?? whatIf(run);
  whatIfs.set(run, computing);
  const answer = await computing.finally(() => whatIfs.delete(run));
  if ("problem" in answer) return refuse(response, 409, answer.problem);
  send(response, json, JSON.stringify(answer.found));
}

const headers = {
  "cache-control": "no-store",
  "content-security-policy": policy,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  // The address holds the token.
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
} as const;

function send(response: ServerResponse, type: string, text: string): void {
  response.writeHead(200, { ...headers, "content-type": type });
  response.end(text);
}

function refuse(response: ServerResponse, status: number, reason: string): void {
  response.writeHead(status, { ...headers, "content-type": "text/plain; charset=utf-8" });
  response.end(`${reason}\n`);
}
