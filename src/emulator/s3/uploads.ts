import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { makeOwnFolder, ownFile } from "../../core/own-files.ts";
import type { Attributes } from "./attributes.ts";
import { type Checksum, type ChecksumName, checksumNames } from "./checksums.ts";
import { type ObjectFacts, readFactsSync } from "./object-file.ts";
import { noSuchUpload, S3Error } from "./s3-error.ts";
import { fromXml, listOf, malformed, xmlTextOf } from "./xml.ts";

/** What an upload was begun with. Plain data. */
export interface UploadPlan extends Attributes {
  readonly key: string;
  readonly startedMs: number;
  /** What it was begun with; without one, the whole object gets the usual one. */
  readonly checksum?: { readonly name: ChecksumName; readonly type: Checksum["type"] };
}

export interface Upload {
  readonly id: string;
  readonly plan: UploadPlan;
  readonly parts: ReadonlyMap<number, ObjectFacts>;
  partPath(number: number): string;
}

/** Unfinished multipart uploads of a bucket. They live on over restarts, a week long. */
export interface Uploads {
  begin(plan: UploadPlan): Upload;
  /** In no order. */
  all(): readonly Upload[];
  /** Throws `NoSuchUpload`, also where the upload is for another key. */
  find(id: string, key: string): Upload;
  publishPart(upload: Upload, number: number, path: string, facts: ObjectFacts): void;
  /** Forgets the upload at once; its files go afterwards. */
  discard(upload: Upload): Promise<void>;
  /** Remembers how an upload ended: completing it again, after a lost reply, says the same. */
  finished(id: string, facts: ObjectFacts): void;
  outcomeOf(id: string, key: string): ObjectFacts | undefined;
}

const uploadMsMax = 7 * 24 * 3600 * 1000;
const outcomesMax = 1000;

export function openUploads(path: string, temporaryPath: () => string): Uploads {
  makeOwnFolder(path);
  const uploads = new Map<string, Upload & { parts: Map<number, ObjectFacts> }>();
  const outcomes = new Map<string, ObjectFacts>();
  for (const id of readdirSync(path)) {
    const upload = reopened(id, join(path, id));
    if (upload === undefined || Date.now() - upload.plan.startedMs > uploadMsMax)
      rmSync(join(path, id), { recursive: true, force: true });
    else uploads.set(id, upload);
  }
  const find = (id: string, key: string) => {
    const upload = uploads.get(id);
    if (upload === undefined || upload.plan.key !== key) throw noSuchUpload(id);
    return upload;
  };
  return {
    begin(plan) {
      const id = randomUUID().replaceAll("-", "");
      const fresh = temporaryPath();
      makeOwnFolder(fresh);
      writeFileSync(join(fresh, planName), JSON.stringify(plan), { mode: ownFile });
      renameSync(fresh, join(path, id));
      const upload = uploadAt(id, join(path, id), plan, new Map());
      uploads.set(id, upload);
      return upload;
    },
    all: () => [...uploads.values()],
    find,
    publishPart(upload, number, from, facts) {
      const stored = find(upload.id, upload.plan.key);
      renameSync(from, stored.partPath(number));
      stored.parts.set(number, facts);
    },
    async discard(upload) {
      uploads.delete(upload.id);
      const grave = temporaryPath();
      renameSync(join(path, upload.id), grave);
      await rm(grave, { recursive: true, force: true });
    },
    finished(id, facts) {
      outcomes.set(id, facts);
      const oldest = outcomes.keys().next().value;
      if (outcomes.size > outcomesMax && oldest !== undefined) outcomes.delete(oldest);
    },
    outcomeOf(id, key) {
      const facts = outcomes.get(id);
      return facts?.key === key ? facts : undefined;
    },
  };
}

const planName = "upload.json";

function uploadAt(id: string, path: string, plan: UploadPlan, parts: Map<number, ObjectFacts>) {
  return { id, plan, parts, partPath: (number: number) => join(path, `part-${number}`) };
}

function reopened(id: string, path: string) {
  let plan: UploadPlan;
  try {
    plan = JSON.parse(readFileSync(join(path, planName), "utf8")) as UploadPlan;
  } catch {
    // Only a folder that lost its plan to a power failure comes here; it is of no use to anyone.
    return undefined;
  }
  const parts = new Map<number, ObjectFacts>();
  for (const name of readdirSync(path)) {
    const number = Number(/^part-(\d+)$/.exec(name)?.[1]);
    const facts = Number.isNaN(number) ? undefined : readFactsSync(join(path, name));
    if (facts !== undefined) parts.set(number, facts);
  }
  return uploadAt(id, path, plan, parts);
}

/** A part as a completion names it. */
export interface RequestedPart {
  readonly number: number;
  readonly etag: string;
  readonly checksums: Readonly<Partial<Record<ChecksumName, string>>>;
}

const partsMax = 10_000;

/** The parts of a CompleteMultipartUpload body, which must ascend. Throws `S3Error`. */
export function requestedParts(body: string): RequestedPart[] {
  const parts = listOf(fromXml(body, "CompleteMultipartUpload"), "Part");
  if (parts.length === 0 || parts.length > partsMax) throw malformed();
  let before = 0;
  return parts.map((part: unknown) => {
    const number = xmlTextOf(part, "PartNumber")?.trim() ?? "";
    const etag = xmlTextOf(part, "ETag")?.trim();
    if (!/^\d{1,5}$/.test(number) || etag === undefined) throw malformed();
    if (Number(number) <= before)
      throw new S3Error(400, "InvalidPartOrder", "The list of parts was not in ascending order.");
    before = Number(number);
    const checksums: Partial<Record<ChecksumName, string>> = {};
    for (const name of checksumNames) {
      const base64 = xmlTextOf(part, `Checksum${name.toUpperCase()}`);
      if (base64 !== undefined) checksums[name] = base64.trim();
    }
    return { number: Number(number), etag: etag.replace(/^"(.*)"$/, "$1"), checksums };
  });
}
