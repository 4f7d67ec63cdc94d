import { hash } from "node:crypto";

/** What decides who is for testing, and at which slot: a row's place, or the row itself. */
export type Membership = "places" | "records";

/**
 * A number in [0, 1) for each record, which hangs on its own numbers and on how many records with
 * the same came before, and on nothing else: one record more or less changes nobody's but its own
 * (of those that are alike it does not matter whose). It keeps less than 100 bytes a record.
 */
export class RecordCoins {
  private readonly key: Buffer;
  private readonly counts = new Map<string, number>();

  /** `use` parts coins of one purpose from those of another. */
  constructor(seed: number | string, use: string) {
    this.key = hash("sha256", `${seed}/${use}`, "buffer");
  }

  /** Of the record that these numbers are, one array after another. */
  coin(...numbers: readonly (Float32Array | Uint32Array)[]): number {
    const bytes = numbers.map(({ buffer, byteOffset, byteLength }) => {
      return new Uint8Array(buffer, byteOffset, byteLength);
    });
    const name = hash("sha256", Buffer.concat([this.key, ...bytes]), "buffer");
    const short = name.toString("latin1", 0, 16);
    const count = this.counts.get(short) ?? 0;
    this.counts.set(short, count + 1);
    // The first copy's coin is in the name already.
    const drawn = count === 0 ? name : hash("sha256", `${count}/${name.toString("hex")}`, "buffer");
    return drawn.readUIntBE(16, 6) / 2 ** 48;
  }
}
