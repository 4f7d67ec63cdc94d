import type { ObjectFacts } from "./object-file.ts";
import { noSuchKey, preconditionFailed, S3Error } from "./s3-error.ts";

type HeaderOf = (name: string) => string | undefined;

/** What must hold of the present object, if any, for a write to go ahead. Throws `S3Error`. */
export type WriteCondition = (present: ObjectFacts | undefined) => void;

export const always: WriteCondition = () => undefined;

export function writeCondition(header: HeaderOf): WriteCondition {
  const noneMatch = header("if-none-match");
  const match = header("if-match");
  if (noneMatch !== undefined && noneMatch.trim() !== "*")
    throw new S3Error(501, "NotImplemented", "If-None-Match of a write must be *.");
  if (noneMatch === undefined && match === undefined) return always;
  return (present) => {
    if (noneMatch !== undefined && present !== undefined) throw preconditionFailed();
    if (match === undefined) return;
    if (present === undefined) throw noSuchKey();
    if (!names(match, present.etag)) throw preconditionFailed();
  };
}

/** The conditions of a read, in RFC 9110's order: 412 throws, "unchanged" is a 304. */
export function readCondition(header: HeaderOf, facts: ObjectFacts): "send" | "unchanged" {
  return judged(
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
    {
      match: header("x-amz-copy-source-if-match"),
      noneMatch: header("x-amz-copy-source-if-none-match"),
      modifiedSince: header("x-amz-copy-source-if-modified-since"),
      unmodifiedSince: header("x-amz-copy-source-if-unmodified-since"),
    },
    facts,
  );
  if (outcome === "unchanged") throw preconditionFailed();
}

interface Wishes {
  match: string | undefined;
  noneMatch: string | undefined;
  modifiedSince: string | undefined;
  unmodifiedSince: string | undefined;
}

function judged(wishes: Wishes, facts: ObjectFacts): "send" | "unchanged" {
  const { match, noneMatch } = wishes;
  if (match !== undefined) {
    if (!names(match, facts.etag)) throw preconditionFailed();
  } else if (isAfter(facts.modifiedMs, wishes.unmodifiedSince)) throw preconditionFailed();
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
