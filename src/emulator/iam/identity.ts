import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeOwnFolder, ownFile } from "../../core/own-files.ts";
import type { Statement } from "./policy.ts";

/** Whom an access key belongs to: the home's owner, or a function's role. */
export interface Identity {
  readonly secretAccessKey: string;
  /** Of temporary keys, which count only together with it. */
  readonly sessionToken?: string;
  readonly arn: string;
  readonly statements: readonly Statement[];
  /** Which of a home's users it belongs to, where there are several. */
  readonly account?: string;
}

/** By access key. */
export type Identities = ReadonlyMap<string, Identity>;

/** What a client signs with. */
export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** The one region of this machine. */
export const localRegion = "us-east-1";

const everything: readonly Statement[] = [{ effect: "Allow", actions: ["*"], resources: ["*"] }];
/** Of the home's owner, for whom no policy of a bucket is out of reach. */
export const ownerArn = "arn:aws:iam::000000000000:user/owner";

/** Whoever may do everything, by these keys. */
export function ownerWith({ accessKeyId: _, ...secrets }: Keys): Identity {
  return { ...secrets, arn: ownerArn, statements: everything };
}

/** Whoever works under a role's statements, by these keys. */
export function roleWith(
  { accessKeyId: _, ...secrets }: Keys,
  name: string,
  statements: readonly Statement[],
): Identity {
  return { ...secrets, arn: `arn:aws:sts::000000000000:assumed-role/${name}/${name}`, statements };
}

/** Keys that nobody has yet: lasting ones, or temporary ones with their token. */
export function drawKeys(kind: "lasting" | "temporary" = "lasting"): Keys {
  const id = randomBytes(8).toString("hex").toUpperCase();
  const secretAccessKey = randomBytes(30).toString("base64url");
  if (kind === "lasting") return { accessKeyId: `AKIA${id}`, secretAccessKey };
  const sessionToken = randomBytes(48).toString("base64url");
  return { accessKeyId: `ASIA${id}`, secretAccessKey, sessionToken };
}

/** The keys of a home's owner, drawn when first asked for: what they signed stays valid. */
export function ownerKeys(home: string): Keys {
  const path = join(home, "keys.json");
  const known = keysAt(path);
  if (known !== null) return known;
  const keys = drawKeys();
  makeOwnFolder(home);
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, JSON.stringify(keys), { mode: ownFile });
  renameSync(fresh, path);
  return keys;
}

function keysAt(path: string): Keys | null {
  try {
    const keys = JSON.parse(readFileSync(path, "utf8")) as Partial<Keys>;
    const { accessKeyId, secretAccessKey } = keys;
    if (typeof accessKeyId !== "string" || typeof secretAccessKey !== "string") return null;
    return { accessKeyId, secretAccessKey };
  } catch {
    // Absent, or cut short by a power failure: others are drawn.
    return null;
  }
}
