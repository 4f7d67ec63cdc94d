import { createHmac, hash } from "node:crypto";

/** What decides who is for testing, and at which slot: a row's place, or the row itself. */
export type Membership = "places" | "records";

/**
 * A number in [0, 1) for each record, which hangs on its own numbers and on how many records with
 * the same came before, and on nothing else: one record more or less changes nobody's but its own
 * (of those that are alike it does not matter whose). It keeps about 100 bytes a record.
 */
export class RecordCoins {
  private readonly key: string;
  private readonly counts = new Map<string, number>();

  /** `use` parts coins of one purpose from those of another. */
  constructor(seed: number | string, use: string) {
    this.key = `${seed}/${use}`;
  }

  /** Of the record that these numbers are, one array after another. */
  coin(...numbers: readonly (Float32Array | Uint32Array)[]): number {
    const mac = createHmac("sha256", this.key);
    for (const { buffer, byteOffset, byteLength } of numbers)
      mac.update(new Uint8Array(buffer, byteOffset, byteLength));
    const name = mac.digest().toString("latin1", 0, 16);
    const count = this.counts.get(name) ?? 0;
    this.counts.set(name, count + 1);
    const bytes = hash("sha256", `${this.key}/${count}/${name}`, "buffer");
    return bytes.readUIntBE(0, 6) / 2 ** 48;
  }
}
