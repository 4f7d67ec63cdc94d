/**
 * A place for objects under keys like `runs/a1/state`. Laws (tested over every store): what was
 * written is read back; bytes are copied in and out; an absent key reads as null; of several
 * concurrent `writeOnce` to one key exactly one returns true; a reader never sees half an object.
 */
export interface Store {
  read(key: string): Promise<Uint8Array | null>;
  write(key: string, bytes: Uint8Array): Promise<void>;
  /** Writes only where nothing is; false when something was there already. */
  writeOnce(key: string, bytes: Uint8Array): Promise<boolean>;
  /** Every key that begins with `prefix`, in ascending order of UTF-8 bytes. */
  list(prefix: string): Promise<string[]>;
  /** Removing what is not there is fine. */
  remove(key: string): Promise<void>;
  /**
   * As `write` of what `make` gives, which is called once somebody reads it; absent where that
   * would save nothing.
   */
  writeLater?(key: string, make: () => Uint8Array): Promise<void>;
  /** As `remove` of each, in fewer requests; absent where that would save none. */
  removeAll?(keys: readonly string[]): Promise<void>;
}
