import type { S3Access } from "./gate.ts";
import type { Reply } from "./reply.ts";
import type { S3Request } from "./request.ts";
import type { Root } from "./root.ts";

/** What every operation works with. */
export interface S3Context {
  readonly root: Root;
  /** Whether an object is on the disk, not only with the system, before it is acknowledged. */
  readonly fsync: boolean;
  /** Of one page of a listing. */
  readonly pageKeysMax: () => number;
  onBytesIn(count: number): void;
  /** What the request's signer may do. */
  readonly access: S3Access;
}

/** One S3 operation by its API name. What it throws is answered as an error. */
export type S3Operation = (context: S3Context, request: S3Request) => Promise<Reply> | Reply;
