import { asMapping } from "../../core/json.ts";
import { parseOptions } from "../../core/registry.ts";
import { type DataOptions, dataSchema } from "../../data/options.ts";
import { openInput } from "../../data/prepare/input.ts";
import {
  profileSparse,
  profileTable,
  type SparseProfile,
  type TableProfile,
} from "../../data/profile/table-profile.ts";
import { openDataSource } from "../../platform/open-source.ts";
import { type ProposedSpec, proposeSparseSpec, proposeSpec } from "../../run/propose-spec.ts";
import { type Override, withOverrides } from "../../spec/overrides.ts";
import { progressView } from "../progress.ts";
import type { Terminal } from "../terminal.ts";

/** How a data file is to be looked at: its target, and settings of a spec. */
export interface LookOptions {
  readonly target?: string;
  readonly settings: readonly Override[];
}

/** A data file, gone over once. */
export interface ProfiledFile {
  readonly options: DataOptions;
  readonly table: TableProfile | null;
  readonly sparse: SparseProfile | null;
  /** A spec to train on it, settings applied. Throws `RunError` where it cannot be trained on. */
  propose(): ProposedSpec;
}

/** Who sets these chooses how to train. */
const ownWay = new Set(["strategy", "encoding", "optimizer", "privacy"]);

/** Goes over a data file. Throws `RunError`, as a run would, for what cannot be read. */
export async function readProfile(
  path: string,
  { target, settings }: LookOptions,
  terminal: Terminal,
): Promise<ProfiledFile> {
  const start = { data: { source: path, ...(target === undefined ? {} : { target }) } };
  const data = asMapping(asMapping(withOverrides(start, settings))?.data) ?? {};
  const options = parseOptions(dataSchema, data, "data");
  const bar = progressView(terminal, { rounds: 0 });
  try {
    const input = await openInput(options, openDataSource);
    let read = 0;
    const onBytes = (bytes: number) => {
      read = Math.min(input.sizeBytes, read + bytes);
      bar.onPhase("reading", read, input.sizeBytes);
    };
    const table = input.isSparse ? null : await profileTable(input, options, onBytes);
    const sparse = input.isSparse ? await profileSparse(input) : null;
    // Those of the data are in there already.
    const others = settings.filter(({ path: [section] }) => section !== "data");
    const propose = () => {
      const { spec, ...rest } =
        table === null ? proposeSparseSpec(sparse!, data) : proposeSpec(table, options, data);
      const { strategy: _, ...plain } = spec;
      const isOwn = others.some(({ path: [section] }) => ownWay.has(section!));
      const start = isOwn ? plain : spec;
      return { ...rest, spec: asMapping(withOverrides(start, others)) ?? start };
    };
    return { options, table, sparse, propose };
  } finally {
    bar.close();
  }
}
