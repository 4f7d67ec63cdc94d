/**
 * A table of a FlatBuffer. Fields are asked for by their number in the schema, and have their
 * default where they are absent. Throws `RangeError` where an offset points out of the bytes.
 */
export class FlatTable {
  private readonly view: DataView;
  private readonly at: number;

  constructor(view: DataView, at: number) {
    this.view = view;
    this.at = at;
  }

  /** The root of a whole buffer. */
  static root(bytes: Uint8Array): FlatTable {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return new FlatTable(view, view.getUint32(0, true));
  }

  byte(field: number, usual = 0): number {
    const at = this.place(field);
    return at === 0 ? usual : this.view.getUint8(at);
  }

  short(field: number, usual = 0): number {
    const at = this.place(field);
    return at === 0 ? usual : this.view.getInt16(at, true);
  }

  int(field: number, usual = 0): number {
    const at = this.place(field);
    return at === 0 ? usual : this.view.getInt32(at, true);
  }

  long(field: number): number {
    const at = this.place(field);
    return at === 0 ? 0 : Number(this.view.getBigInt64(at, true));
  }

  text(field: number): string {
    const at = this.place(field);
    if (at === 0) return "";
    const start = at + this.view.getUint32(at, true);
    const length = this.view.getUint32(start, true);
    const { buffer, byteOffset, byteLength } = this.view;
    if (start + 4 + length > byteLength) throw new RangeError("a text out of its bytes");
    return Buffer.from(buffer, byteOffset + start + 4, length).toString();
  }

  table(field: number): FlatTable | null {
    const at = this.place(field);
    return at === 0 ? null : new FlatTable(this.view, at + this.view.getUint32(at, true));
  }

  tables(field: number): FlatTable[] {
    return this.items(
      field,
      4,
      (at) => new FlatTable(this.view, at + this.view.getUint32(at, true)),
    );
  }

  /** Of a list of structs of whole numbers: those at `offsets` of each, of 4 or 8 bytes. */
  structs(
    field: number,
    bytes: number,
    offsets: readonly (readonly [number, 4 | 8])[],
  ): number[][] {
    return this.items(field, bytes, (at) =>
      offsets.map(([offset, width]) =>
        width === 4
          ? this.view.getInt32(at + offset, true)
          : Number(this.view.getBigInt64(at + offset, true)),
      ),
    );
  }

  longs(field: number): number[] {
    return this.structs(field, 8, [[0, 8]]).map(([one]) => one!);
  }

  private items<T>(field: number, bytes: number, item: (at: number) => T): T[] {
    const at = this.place(field);
    if (at === 0) return [];
    const start = at + this.view.getUint32(at, true);
    const length = this.view.getUint32(start, true);
    if (start + 4 + length * bytes > this.view.byteLength) throw new RangeError("a list too long");
    return Array.from({ length }, (_, i) => item(start + 4 + i * bytes));
  }

  /** Where a field's value is, 0 where it is absent. */
  private place(field: number): number {
    const fields = this.at - this.view.getInt32(this.at, true);
    const slot = 4 + 2 * field;
    if (slot + 2 > this.view.getUint16(fields, true)) return 0;
    const offset = this.view.getUint16(fields + slot, true);
    return offset === 0 ? 0 : this.at + offset;
  }
}
