/** As published: 33,708 tokens, 1,024 numbers each, 4,980 tokens a side and worker, 64 workers. */
const full = { vocabulary: 33_708, width: 1_024, tokens: 4_980, workers: 64 };

interface Setting {
  readonly vocabulary: number;
  readonly width: number;
  /** Of a worker, a side. */
  readonly tokens: number;
  readonly workers: number;
}

/** Bytes of values, and of values and ids, that gathering a tied table holds; and of the table. */
export function gatheredBytes({ vocabulary, width, tokens, workers }: Setting) {
  const rows = workers * (vocabulary + 2 * tokens);
  return { values: rows * width * 4, all: rows * (width * 4 + 4), dense: vocabulary * width * 4 };
}

export async function publishedBytes() {
  const { values, all, dense } = gatheredBytes(full);
  console.log("\ntied table of 33,708 x 1,024, 4,980 tokens a side, 64 workers, by the formula:");
  console.log(
    `gathered ${(values / 1e9).toFixed(1)} GB of values (${(all / 1e9).toFixed(2)} GB with ids), ` +
      `dense ${(dense / 1e6).toFixed(0)} MB, ratio ${(values / dense).toFixed(1)}`,
  );
  return { values, all, dense };
}
