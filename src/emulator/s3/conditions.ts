import type { ObjectFacts } from "./object-file.ts";
import { noSuchKey, notImplemented, preconditionFailed } from "./s3-error.ts";

type HeaderOf = (name: string) => string | undefined;

/** What must hold of the present object, if any, for a write to go ahead. Throws `S3Error`. */
export type WriteCondition = (present: ObjectFacts | undefined) => void;

export const always: WriteCondition = () => undefined;

/** A write's conditions on what its key has; `key` is for the refusal alone. */
export function writeCondition(header: HeaderOf, key: string): WriteCondition {
  const noneMatch = header("if-none-match");
  const match = header("if-match");
  if (noneMatch !== undefined && noneMatch.trim() !== "*")
    throw notImplemented("If-None-Match of a write with anything but *");
  if (noneMatch === undefined && match === undefined) return always;
  return (present) => {
    if (noneMatch !== undefined && present !== undefined) throw preconditionFailed("If-None-Match");
    if (match === undefined) return;
    if (present === undefined) throw noSuchKey(key);
    if (!names(match, present.etag)) throw preconditionFailed("If-Match");
  };
}

/** The conditions of a read, in RFC 9110's order: 412 throws, "unchanged" is a 304. */
export function readCondition(header: HeaderOf, facts: ObjectFacts): "send" | "unchanged" {
  return judged(
    "",
    {
      match: header("if-match"),
      noneMatch: header("if-none-match"),
      modifiedSince: header("if-modified-since"),
      unmodifiedSince: header("if-unmodified-since"),
    },
    facts,
  );
}

/** A copy's conditions on its source; what would be a 304 is a 412 there. */
export function copyCondition(header: HeaderOf, facts: ObjectFacts): void {
  const outcome = judged(
    "x-amz-copy-source-",
    {
      match: header("x-amz-copy-source-if-match"),
      noneMatch: header("x-amz-copy-source-if-none-match"),
      modifiedSince: header("x-amz-copy-source-if-modified-since"),
      unmodifiedSince: header("x-amz-copy-source-if-unmodified-since"),
    },
    facts,
  );
  if (outcome === "unchanged") throw preconditionFailed(unchangedBy(header));
}

interface Wishes {
  match: string | undefined;
  noneMatch: string | undefined;
  modifiedSince: string | undefined;
  unmodifiedSince: string | undefined;
}

function unchangedBy(header: HeaderOf): string {
  const isByTag = header("x-amz-copy-source-if-none-match") !== undefined;
  return `x-amz-copy-source-${isByTag ? "If-None-Match" : "If-Modified-Since"}`;
}

function judged(prefix: string, wishes: Wishes, facts: ObjectFacts): "send" | "unchanged" {
  const { match, noneMatch } = wishes;
  if (match !== undefined) {
    if (!names(match, facts.etag)) throw preconditionFailed(`${prefix}If-Match`);
  } else if (isAfter(facts.modifiedMs, wishes.unmodifiedSince))
    throw preconditionFailed(`${prefix}If-Unmodified-Since`);
  if (noneMatch !== undefined) return names(noneMatch, facts.etag) ? "unchanged" : "send";
  return isAfter(facts.modifiedMs, wishes.modifiedSince) === false ? "unchanged" : "send";
}

function names(list: string, etag: string): boolean {
  return list
    .split(",")
    .map((item) =>
      item
        .trim()
        .replace(/^W\//, "")
        .replace(/^"(.*)"$/, "$1"),
    )
    .some((item) => item === "*" || item === etag);
}

/** Undefined where there is no such date; HTTP dates have whole seconds. */
function isAfter(modifiedMs: number, date: string | undefined): boolean | undefined {
  const dateMs = Date.parse(date ?? "");
  return Number.isNaN(dateMs) ? undefined : Math.floor(modifiedMs / 1000) * 1000 > dateMs;
}
