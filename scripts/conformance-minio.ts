import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installedMinio } from "./conformance-install.ts";
import { conformanceAgainst } from "./conformance-server.ts";

/** The last state of its sources, as the Go module proxy has it. */
const minioVersion = "v0.0.0-20260212201848-7aac2a2c5b7c";

/** MinIO's server, built from its Go module. */
export async function conformanceMinio(): Promise<boolean> {
  const command = await installedMinio(minioVersion);
  if (command === null) return true;
  const folder = await mkdtemp(join(tmpdir(), "kofn-minio-data-"));
  try {
    return await conformanceAgainst({
      name: `MinIO ${minioVersion}`,
      command,
      args: (port) => ["server", folder, "--address", `127.0.0.1:${port}`, "--quiet"],
      // As the checks sign; nothing else may reach it, and it is gone afterwards.
      variables: {
        MINIO_ROOT_USER: "local",
        MINIO_ROOT_PASSWORD: "local-secret",
        MINIO_UPDATE: "off",
      },
    });
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
