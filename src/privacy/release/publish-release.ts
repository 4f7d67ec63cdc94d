import { hash } from "node:crypto";
import { assert } from "../../core/errors.ts";
import { jsonBytes, parseJson } from "../../core/json.ts";
import type { Store } from "../../ports/store.ts";
import { accountReleases } from "../account.ts";
import { openLedger, publishOnce } from "../ledger/ledger.ts";
import { gaussianRelease, releaseGaussian } from "../mechanisms/grid-noise.ts";
import { newSecret, secretBits } from "../mechanisms/secret-draws.ts";
import type { MechanismUse } from "../release.ts";
import {
  type CalibratedRelease,
  calibrateAfterEigenvalue,
  calibratedBefore,
  calibrateRelease,
  eigenvalueNoise,
  lowerBound,
  type ReleaseRequest,
} from "./calibrate.ts";
import { additiveRelease, projectionRelease } from "./publish.ts";
import { type DataTable, leastEigenvalue } from "./table.ts";

/** What a release is of, and where it is kept. */
export interface ReleaseSource {
  readonly store: Store;
  /** Names the data's content: every release of them is charged to one ledger. */
  readonly digest: string;
  readonly names: readonly string[];
  /** The rows of a store whose readers see nothing but releases. */
  readonly table: DataTable;
  /** Public scaling and clipping, as far as the request does not tell it. */
  readonly shaping: object;
  /** What all releases of these data may come to. */
  readonly budget: number;
}

/** What was released: bytes of CSV, and where they and their record are. */
export interface Released {
  readonly key: string;
  readonly csv: Uint8Array;
  readonly calibrated: CalibratedRelease;
  /** Of all releases of these data so far; null where mutual information was asked for. */
  readonly spent: number | null;
}

/**
 * Draws and publishes a release. The same request of the same data is the same release: what is
 * published already is returned, and charged once. The secret that it was drawn by is forgotten.
 */
export async function publishRelease(
  source: ReleaseSource,
  request: ReleaseRequest,
  eigenvalue: "given" | "private",
): Promise<Released> {
  const { store, digest, shaping } = source;
  const content = JSON.stringify({ version: 1, digest, request, eigenvalue, shaping });
  const prefix = `released/${hash("sha256", content, "hex")}/`;
  const ledger = openLedger(store, `ledgers/${digest}/`, {
    epsilon: source.budget,
    delta: deltaFor(request, eigenvalue),
    account: (releases: readonly MechanismUse[], at: number) =>
      accountReleases(releases, at).epsilon,
  });
  const charged = async (name: string, release: MechanismUse, bytes: Uint8Array) => {
    const key = `${prefix}${name}`;
    const entry = { id: key, release, unit: "record", observers: "whoever reads it", key } as const;
    return publishOnce(store, ledger, entry, bytes);
  };
  const key = `${prefix}data.csv`;
  const earlier = (await ledger.entries()).find(({ id }) => id === key)?.release;
  const given = () =>
    earlier?.mechanism === "sketch"
      ? calibratedBefore(request, earlier)
      : calibrateRelease(request);
  const calibration =
    eigenvalue === "given" ? given() : await afterEigenvalue(source, request, charged);
  const release = calibration.releases.at(-1);
  const before = await store.read(key);
  const csv = before ?? drawn(source, request, calibration);
  if (release !== undefined) {
    return {
      key,
      csv: await charged("data.csv", release, csv),
      calibrated: calibration,
      spent: await ledger.spent(),
    };
  }
  await store.writeOnce(key, csv);
  return { key, csv: (await store.read(key)) ?? csv, calibrated: calibration, spent: null };
}

/** What is left of delta for accountants; mutual information charges nothing to them. */
function deltaFor({ guarantee, bound }: ReleaseRequest, eigenvalue: "given" | "private"): number {
  if (guarantee.kind !== "differential") return 0.5;
  const failure = eigenvalue === "private" ? eigenvalueNoise(guarantee, bound).failure : 0;
  return guarantee.delta - failure;
}

type Charged = (name: string, release: MechanismUse, bytes: Uint8Array) => Promise<Uint8Array>;

/** Publishes the least eigenvalue with noise first; the sketch's noise then goes by that. */
async function afterEigenvalue(
  { table }: ReleaseSource,
  request: ReleaseRequest,
  charged: Charged,
): Promise<CalibratedRelease> {
  const { guarantee, bound } = request;
  if (guarantee.kind !== "differential")
    return calibrateAfterEigenvalue(request, { hidden: 0, release: nothing, failure: 0 });
  const { sensitivity, sigma, failure } = eigenvalueNoise(guarantee, bound);
  const noise = { adjacency: "zero-out", sensitivity, sigma } as const;
  const release = gaussianRelease(noise, 1);
  const bits = secretBits(newSecret(), "least eigenvalue");
  const { values } = releaseGaussian(Float64Array.of(leastEigenvalue(table)), noise, bits);
  const published = await charged("eigenvalue.json", release, jsonBytes(values[0]));
  const noised = parseJson<number>(published, "eigenvalue.json");
  assert(Number.isFinite(noised), "a published eigenvalue is a number");
  const hidden = lowerBound(noised, release.sigma, failure);
  return calibrateAfterEigenvalue(request, { hidden, release, failure });
}

const nothing = {
  mechanism: "gaussian",
  adjacency: "zero-out",
  sensitivity: 0,
  sigma: 1,
  times: 1,
} as const;

function drawn(
  { table, names }: ReleaseSource,
  request: ReleaseRequest,
  calibration: CalibratedRelease,
): Uint8Array {
  const bits = secretBits(newSecret(), "released data");
  const sigma = Math.sqrt(calibration.variance);
  const { rows, bound, scheme } = request;
  const released =
    scheme === "additive"
      ? additiveRelease(table, sigma, bits)
      : projectionRelease(table, { rows, sigma, bound }, bits);
  return csvOf(names, released);
}

/** Numbers as they are on the grid: read back, they are the same to the last bit. */
function csvOf(names: readonly string[], { rows, columns, values }: DataTable): Uint8Array {
  const lines = [names.map(quoted).join(",")];
  for (let i = 0; i < rows; i++)
    lines.push(values.subarray(i * columns, (i + 1) * columns).join(","));
  return new TextEncoder().encode(`${lines.join("\n")}\n`);
}

function quoted(name: string): string {
  return /[",\n\r]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}
