import { randomBytes } from "node:crypto";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListPartsCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { expect, test } from "vitest";
import { refusal, type Subject } from "./s3.ts";

const whole = randomBytes((5 << 20) + 1000);
const pieces = [whole.subarray(0, 5 << 20), whole.subarray(5 << 20)];

/** Uploads in parts, to a good end and to the others. */
export function multipartChecks({ client, bucket: Bucket }: Subject): void {
  const begin = async (Key: string, bodies: readonly Buffer[] = pieces) => {
    const at = { Bucket, Key, ChecksumAlgorithm: "CRC32" } as const;
    const { UploadId } = await client().send(new CreateMultipartUploadCommand(at));
    const parts = [];
    for (const [i, Body] of bodies.entries()) {
      const part = { ...at, UploadId, PartNumber: i + 1, Body };
      const { ETag, ChecksumCRC32 } = await client().send(new UploadPartCommand(part));
      parts.push({ PartNumber: i + 1, ETag, ChecksumCRC32 });
    }
    return { at: { Bucket, Key, UploadId }, parts };
  };
  const complete = (upload: Awaited<ReturnType<typeof begin>>, more: object = {}) =>
    client().send(
      new CompleteMultipartUploadCommand({
        ...upload.at,
        MultipartUpload: { Parts: upload.parts },
        ...more,
      }),
    );

  test("parts are listed, joined, and read back", async () => {
    const upload = await begin("parts/joined");
    const listed = await client().send(new ListPartsCommand(upload.at));
    expect(listed.Parts?.map(({ Size }) => Size)).toEqual([5 << 20, 1000]);
    expect((await refusal(client().send(new HeadObjectCommand(upload.at))))[0]).toBe(404);
    const { ETag } = await complete(upload);
    expect(ETag).toMatch(/-2"$/);
    const got = await client().send(new GetObjectCommand({ Bucket, Key: "parts/joined" }));
    expect(Buffer.compare(await got.Body!.transformToByteArray(), whole)).toBe(0);
  });

  test("a completion with If-None-Match loses against what is there", async () => {
    await complete(await begin("parts/once"), { IfNoneMatch: "*" });
    const second = await begin("parts/once");
    const lost = refusal(complete(second, { IfNoneMatch: "*" }));
    expect(await lost).toEqual([412, "PreconditionFailed"]);
    await client().send(new AbortMultipartUploadCommand(second.at));
  });

  test("wrong order, wrong ETag, a small part in the middle, an aborted upload", async () => {
    const upload = await begin("parts/refused", [Buffer.from("small"), Buffer.from("too")]);
    const [first, second] = upload.parts as [object, object];
    const with_ = (Parts: object[]) => refusal(complete(upload, { MultipartUpload: { Parts } }));
    expect(await with_([second, first])).toEqual([400, "InvalidPartOrder"]);
    const wrong = { PartNumber: 1, ETag: `"${"0".repeat(32)}"` };
    expect(await with_([wrong])).toEqual([400, "InvalidPart"]);
    expect(await with_([first, second])).toEqual([400, "EntityTooSmall"]);
    await client().send(new AbortMultipartUploadCommand(upload.at));
    expect(await with_([first])).toEqual([404, "NoSuchUpload"]);
  });
}
