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
    const failure = await abort(client, upload);
    // A lost race is an answer, and one of its own to whoever writes once: that parts of the loser
    // stay, until the bucket's rule sweeps them, must not hide it.
    if (failure === null || isLostRace(thrown)) throw thrown;
    throw withFailure(thrown, failure, upload.Key);
  }
}

function isLostRace(thrown: unknown): boolean {
  const { name = "" } = thrown as Partial<Error>;
  return /^(PreconditionFailed|ConditionalRequestConflict|NoSuchUpload)$/.test(name);
}

/** The first failure is the one to be known by; what stays behind is told with it. */
function withFailure(reason: unknown, failure: Error, key: string): AggregateError {
  const { name, message, $metadata } = reason as Error & { $metadata?: object };
  const text = `${message}; and the upload of ${key} could not be aborted: ${failure.message}`;
  return Object.assign(new AggregateError([reason, failure], text), { name, $metadata });
}

/** Takes the parts away; why it could not, or null where there are none any more. */
async function abort(
  client: S3Client,
  upload: { Bucket: string; Key: string; UploadId: string },
): Promise<Error | null> {
  try {
    await client.send(new AbortMultipartUploadCommand(upload));
    return null;
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown;
    return thrown.name === "NoSuchUpload" ? null : thrown;
  }
}
