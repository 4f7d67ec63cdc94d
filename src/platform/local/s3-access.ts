import type { Store } from "../../ports/store.ts";
import { createBucket, hasBucket, s3Client, s3Store } from "../../storage/s3.ts";
import { bucket } from "./paths.ts";

/** Client settings for an emulator that leave this process's own AWS settings alone. */
export interface Access {
  readonly s3: { readonly endpoint: string } & Identity;
  readonly lambda: { readonly endpoint: string } & Identity;
}

interface Identity {
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export function accessTo(environment: Readonly<Record<string, string>>): Access {
  const identity = {
    region: environment.AWS_REGION ?? "",
    credentials: {
      accessKeyId: environment.AWS_ACCESS_KEY_ID ?? "",
      secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? "",
    },
  };
  return {
    s3: { endpoint: environment.AWS_ENDPOINT_URL_S3 ?? "", ...identity },
    lambda: { endpoint: environment.AWS_ENDPOINT_URL_LAMBDA ?? "", ...identity },
  };
}

export function storeAt({ s3 }: Pick<Access, "s3">): Store {
  return s3Store({ bucket, client: s3Client(s3) });
}

export async function ensureBucket(access: Access): Promise<Store> {
  const client = s3Client(access.s3);
  await createBucket(client, bucket);
  return s3Store({ bucket, client });
}

/** Whether a server answers there: within two seconds, and with the home's own keys. */
export async function isServing(environment: Readonly<Record<string, string>>): Promise<boolean> {
  const client = s3Client({ ...accessTo(environment).s3, maxAttempts: 1 });
  try {
    // Signed by the home's own keys: another home's server on this port is not taken for it.
    return await hasBucket(client, bucket, AbortSignal.timeout(2_000));
  } finally {
    client.destroy();
  }
}
