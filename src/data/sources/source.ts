/** Something to read data from: a file, an object. */
export interface Source {
  /** As a person would name it, for messages. */
  readonly name: string;
  readonly sizeBytes: number;
  /** The same for the same content, such as a digest of it or an object's entity tag. */
  identity(): Promise<string>;
  /** From the first byte on; may be called again. */
  bytes(): AsyncIterable<Uint8Array>;
  /** The bytes from `from` up to, not including, `to`. */
  range(from: number, to: number): Promise<Uint8Array>;
}

/** Finds a source by a path or an address. Throws `RunError` where there is none. */
export type SourceOpener = (source: string) => Promise<Source>;
