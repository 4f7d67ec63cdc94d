import { GetObjectCommand, HeadObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { messageOf, RunError } from "../core/errors.ts";
import type { Source } from "../data/source.ts";
import { s3Client } from "./s3.ts";

/** An object at `s3://bucket/key`, by the ordinary AWS credentials. Throws `RunError`. */
export async function openS3(address: string, client: S3Client = s3Client()): Promise<Source> {
  const parts = /^s3:\/\/([^/]+)\/(.+)$/.exec(address);
  if (parts === null) {
    throw new RunError("bad-address", `${address}: expected s3://bucket/key`, {
      hint: "name the bucket and the object's whole key",
    });
  }
  const at = { Bucket: parts[1]!, Key: parts[2]! };
  const head = await client.send(new HeadObjectCommand(at)).catch((cause: unknown) => {
    throw new RunError("unreadable-object", `${address}: ${messageOf(cause)}`, {
      hint: "check bucket, key, region and credentials (AWS_PROFILE, AWS_REGION; s3:GetObject)",
      cause,
    });
  });
  const sizeBytes = head.ContentLength ?? 0;
  // The whole object must be the one that was named, also when it is replaced while it is read.
  const same = head.ETag === undefined ? at : { ...at, IfMatch: head.ETag };
  return {
    name: address,
    sizeBytes,
    identity: async () => `${address} ${head.ETag ?? ""} ${sizeBytes}`,
    async *bytes() {
      const { Body } = await client.send(new GetObjectCommand(same));
      for await (const chunk of Body as AsyncIterable<Uint8Array>) yield chunk;
    },
    async range(from, to) {
      if (to <= from) return new Uint8Array(0);
      const get = new GetObjectCommand({ ...same, Range: `bytes=${from}-${to - 1}` });
      const { Body } = await client.send(get);
      return (await Body?.transformToByteArray()) ?? new Uint8Array(0);
    },
  };
}
