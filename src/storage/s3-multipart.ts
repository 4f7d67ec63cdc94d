import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";

interface Target {
  readonly Bucket: string;
  readonly Key: string;
  readonly Metadata: Record<string, string>;
  readonly IfNoneMatch?: "*";
}

const partsAtOnce = 4;
const partsMax = 10_000;

/** Puts a large object in parts, a few at a time; a failure leaves nothing to pay for. */
export async function putInParts(
  client: S3Client,
  target: Target,
  bytes: Uint8Array,
  partBytesWished: number,
): Promise<void> {
  const { IfNoneMatch, Metadata, ...at } = target;
  const partBytes = Math.max(partBytesWished, Math.ceil(bytes.length / partsMax));
  const begun = await client.send(
    new CreateMultipartUploadCommand({ ...at, Metadata, ChecksumAlgorithm: "CRC32" }),
  );
  const upload = { ...at, UploadId: begun.UploadId! };
  const count = Math.ceil(bytes.length / partBytes);
  const parts: CompletedPart[] = [];
  let next = 0;
  const sendParts = async () => {
    while (next < count) {
      const place = next++;
      const Body = bytes.subarray(place * partBytes, (place + 1) * partBytes);
      const PartNumber = place + 1;
      const { ETag, ChecksumCRC32 } = await client.send(
        new UploadPartCommand({ ...upload, PartNumber, Body, ChecksumAlgorithm: "CRC32" }),
      );
      parts[place] = {
        PartNumber,
        ...(ETag !== undefined && { ETag }),
        ...(ChecksumCRC32 !== undefined && { ChecksumCRC32 }),
      };
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(partsAtOnce, count) }, sendParts));
    const condition = IfNoneMatch === undefined ? {} : { IfNoneMatch };
    await client.send(
      new CompleteMultipartUploadCommand({
        ...upload,
        MultipartUpload: { Parts: parts },
        ...condition,
      }),
    );
  } catch (thrown) {
    next = count;
    await abort(client, upload, thrown);
    throw thrown;
  }
}

/** The first failure matters more than one while cleaning up, so both are told together. */
async function abort(
  client: S3Client,
  upload: { Bucket: string; Key: string; UploadId: string },
  reason: unknown,
): Promise<void> {
  try {
    await client.send(new AbortMultipartUploadCommand(upload));
  } catch (thrown) {
    if (thrown instanceof Error && thrown.name === "NoSuchUpload") return;
    throw new AggregateError([reason, thrown], `could not abort the upload of ${upload.Key}`);
  }
}
