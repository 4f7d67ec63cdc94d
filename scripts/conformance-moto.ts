import { installedMoto } from "./conformance-install.ts";
import { conformanceAgainst } from "./conformance-server.ts";

const motoVersion = "5.2.3";

/** Moto's server, from Python's registry. */
export async function conformanceMoto(): Promise<boolean> {
  const command = await installedMoto(motoVersion);
  if (command === null) return true;
  const args = (port: number) => ["-H", "127.0.0.1", "-p", String(port)];
  return conformanceAgainst({ name: `moto ${motoVersion}`, command, args });
}
