import { join } from "node:path";
import { messageOf, RunError } from "../core/errors.ts";
import { environmentOf, openLambda, type ServedS3 } from "./account.ts";
import { type Identity, ownerKeys, ownerWith } from "./iam/identity.ts";
import { listenLocally, type RequestHandler } from "./lambda/local-listener.ts";
import { createS3, type S3Server } from "./s3/server.ts";
import type { Emulator, EmulatorOptions, HomeEmulator } from "./users.ts";

const lockRetryMs = 50;
const lockPatienceMs = 1_500;

/** Runs the emulator in this process, on 127.0.0.1. */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const served = await serveS3(options);
  try {
    const emulator = await openLambda(served, options, null);
    return {
      ...emulator,
      async close() {
        await emulator.close();
        await served.close();
      },
    };
  } catch (thrown) {
    await served.close();
    throw thrown;
  }
}

/** Serves a home's S3 on 127.0.0.1, for whoever joins with functions of his own. */
export async function serveHome(
  options: Pick<EmulatorOptions, "home" | "s3Port">,
): Promise<HomeEmulator> {
  const served = await serveS3(options);
  const { owner, endpoint } = served;
  const environment = environmentOf({ s3: endpoint }, owner);
  return { environment, join: (user) => openLambda(served, user, user), close: served.close };
}

async function serveS3({
  home,
  s3Port,
}: Pick<EmulatorOptions, "home" | "s3Port">): Promise<ServedS3 & Pick<HomeEmulator, "close">> {
  // The home's owner, whose keys stay.
  const owner = ownerKeys(home);
  const identities = new Map<string, Identity>([[owner.accessKeyId, ownerWith(owner)]]);
  const s3 = await onceFree(() => createS3({ root: join(home, "s3"), identities }));
  try {
    const server = await listenLocally(byS3(s3), s3Port);
    const endpoint = `http://127.0.0.1:${server.port}`;
    const close = async () => void (await Promise.all([server.close(), s3.close()]));
    return { home, s3, endpoint, owner, identities, close };
  } catch (thrown) {
    await s3.close();
    throw thrown;
  }
}

/** A process that was killed may need a moment to let go of its folder. */
async function onceFree<T>(open: () => T): Promise<T> {
  for (let waitedMs = 0; ; waitedMs += lockRetryMs) {
    try {
      return open();
    } catch (thrown) {
      const isInUse = thrown instanceof RunError && thrown.code === "root-in-use";
      if (!isInUse || waitedMs >= lockPatienceMs) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, lockRetryMs));
    }
  }
}

function byS3(s3: S3Server): RequestHandler {
  return (request, response) => {
    s3.handle(request, response).catch((thrown: unknown) => {
      process.emitWarning(`S3: ${messageOf(thrown)}`);
      response.destroy();
    });
  };
}
