import { RunError } from "../../core/errors.ts";
import type { Source } from "../sources/source.ts";
import { isZip, openZipEntry, type ZipEntry, zipEntries } from "../sources/zip.ts";
import { npyShape } from "./npy.ts";

/** What an archive is read as: one table, and the targets of its rows where it has them. */
export interface Unzipped {
  readonly source: Source;
  readonly targets: Source | null;
}

/** Names under which programs save features and targets, the plainest first. */
const featureNames = ["x_train", "x", "data", "features", "train_data", "images"];
const targetNames = ["y_train", "y", "target", "targets", "label", "labels"];

/**
 * A ZIP archive of one file as that file, and one of arrays (.npz) as features and targets: by
 * their names, else the one matrix and the one vector of as many rows. Any other source is itself.
 * Throws `RunError` for an archive of several files, naming them, and for a workbook.
 */
export async function unzip(source: Source): Promise<Unzipped> {
  if (!isZip(await source.range(0, Math.min(4, source.sizeBytes)))) return plain(source);
  const entries = (await zipEntries(source)).filter(({ name }) => !name.startsWith("__MACOSX/"));
  refuseDocument(source, entries);
  if (entries.length > 0 && entries.every(({ name }) => name.endsWith(".npy")))
    return arrays(source, entries);
  if (entries.length === 1) return plain(await openZipEntry(source, entries[0]!));
  throw new RunError("bad-format", `${source.name}: a ZIP archive of ${entries.length} files`, {
    hint: `unpack it, and name one: unzip ${source.name}; it holds ${listOf(entries)}`,
  });
}

function plain(source: Source): Unzipped {
  return { source, targets: null };
}

function refuseDocument(source: Source, entries: readonly ZipEntry[]): void {
  const names = entries.map(({ name }) => name);
  const isWorkbook = names.some((name) => name.startsWith("xl/") || name === "content.xml");
  const isModel = names.some((name) => /(^|\/)data\.pkl$/.test(name));
  if (!isWorkbook && !isModel) return;
  throw new RunError(
    "bad-format",
    `${source.name}: it is ${isWorkbook ? "a workbook of a spreadsheet" : "a file of PyTorch"}`,
    {
      hint: isWorkbook
        ? 'save the sheet as CSV UTF-8, or: python3 -c "import pandas; ' +
          `pandas.read_excel('${source.name}').to_csv('${source.name}.csv', index=False)"`
        : "save its tensors as arrays: numpy.save(NAME, tensor.numpy())",
    },
  );
}

async function arrays(source: Source, entries: readonly ZipEntry[]): Promise<Unzipped> {
  const all = await Promise.all(
    entries.map(async (entry) => {
      const array = await openZipEntry(source, entry);
      return { name: entry.name.replace(/\.npy$/, ""), array, shape: await npyShape(array) };
    }),
  );
  const byName = (names: readonly string[]) =>
    names.flatMap((name) => all.find((one) => one.name.toLowerCase() === name) ?? [])[0];
  const matrices = all.filter(({ shape }) => shape.length >= 2);
  const features = byName(featureNames) ?? (matrices.length === 1 ? matrices[0] : undefined);
  const only = features ?? (all.length === 1 ? all[0] : undefined);
  if (only === undefined)
    throw new RunError("bad-format", `${source.name}: which of its arrays are the features?`, {
      hint:
        "save them as X, and the targets as y: numpy.savez(FILE, X=..., y=...); it holds " +
        all.map(({ name, shape }) => `${name} (${shape.join(", ")})`).join(", "),
    });
  const vectors = all.filter(({ shape }) => shape.length === 1 && shape[0] === only.shape[0]);
  const others = vectors.filter((one) => one !== only);
  const named = byName(targetNames);
  if (named !== undefined && named !== only && !others.includes(named))
    throw new RunError(
      "bad-format",
      `${source.name}: ${named.name} is (${named.shape.join(", ")}), and ${only.name} ` +
        `(${only.shape.join(", ")})`,
      { hint: "save targets with a number for each row: y.ravel()" },
    );
  const targets = named ?? (others.length === 1 ? others[0] : undefined);
  return { source: only.array, targets: targets?.array ?? null };
}

function listOf(entries: readonly ZipEntry[]): string {
  const some = entries.slice(0, 6).map(({ name }) => name);
  return entries.length > 6 ? `${some.join(", ")}, ...` : some.join(", ");
}
