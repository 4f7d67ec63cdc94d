import { createHash } from "node:crypto";
import { hmac, scopeText, signingKey } from "../../wire/signing-key.ts";
import { isSame, type Signed } from "./sigv4.ts";

/** The signatures within a body that was signed piece by piece, each over the one before. */
export interface ChunkSignatures {
  /** Takes in the bytes of a chunk as they come. */
  update(bytes: Uint8Array): void;
  /** Ends a chunk: whether this is its signature. */
  endsWith(signature: string): boolean;
  /** Whether this is the signature of what follows the last chunk, as `name:value` in lines. */
  closes(trailers: string, signature: string): boolean;
}

const nothing = createHash("sha256").digest("hex");

/**
 * Begins with the signature of the request's head:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and, for trailers,
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
export function chunkSignatures(signed: Signed, secret: string): ChunkSignatures {
  const key = signingKey(secret, signed.scope);
  let before = signed.signature;
  let hash = createHash("sha256");
  const follows = (kind: string, digests: readonly string[], given: string) => {
    const lines = [kind, signed.date, scopeText(signed.scope), before, ...digests];
    const wanted = hmac(key, lines.join("\n")).toString("hex");
    before = wanted;
    return isSame(wanted, given);
  };
  return {
    update: (bytes) => void hash.update(bytes),
    endsWith(signature) {
      const digest = hash.digest("hex");
      hash = createHash("sha256");
      return follows("AWS4-HMAC-SHA256-PAYLOAD", [nothing, digest], signature);
    },
    closes(trailers, signature) {
      const digest = createHash("sha256").update(trailers).digest("hex");
      return follows("AWS4-HMAC-SHA256-TRAILER", [digest], signature);
    },
  };
}
