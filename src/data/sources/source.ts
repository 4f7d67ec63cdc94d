/** Something to read data from: a file, an object. */
export interface Source {
  /** As a person would name it, for messages. */
  readonly name: string;
  readonly sizeBytes: number;
  /** The same for the same content, such as a digest of it or an object's entity tag. */
  identity(): Promise<string>;
  /** From the first byte on; may be called again. */
  bytes(): AsyncIterable<Uint8Array>;
  /** Of a file of this machine: where threads may read it; `passed` is told how much they did. */
  readonly file?: { readonly path: string; passed(bytes: number): void };
  /** The bytes from `from` up to, not including, `to`. */
  range(from: number, to: number): Promise<Uint8Array>;
}

/** A file of those that a source stands for. */
export interface SourceFile {
  readonly source: string;
  /** What its folders say of all its rows: `year=2024` is `{ year: "2024" }`. */
  readonly partition: Readonly<Record<string, string>>;
}

/** Finds a source by a path or an address. Throws `RunError` where there is none. */
export interface SourceOpener {
  (source: string): Promise<Source>;
  /** The files that a source stands for: of a folder or a pattern several; absent for itself. */
  readonly list?: (source: string) => Promise<readonly SourceFile[]>;
}
