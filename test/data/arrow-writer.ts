/** A value of a FlatBuffer's table: a number of so many bytes, or what stands elsewhere. */
type Field =
  | null
  | { readonly bytes: 1 | 2 | 4 | 8; readonly value: number }
  | { readonly text: string }
  | { readonly table: readonly Field[] }
  | { readonly tables: readonly (readonly Field[])[] }
  /** Structs of whole numbers of 8 bytes. */
  | { readonly structs: readonly (readonly number[])[] };

/** Bytes of a FlatBuffer, parents before what they point to. */
class Builder {
  private bytes = Buffer.alloc(1 << 16);
  private end = 4;

  static of(root: readonly Field[]): Buffer {
    const builder = new Builder();
    builder.bytes.writeUInt32LE(builder.table(root), 0);
    const length = Math.ceil(builder.end / 8) * 8;
    return builder.bytes.subarray(0, length);
  }

  private room(bytes: number): number {
    const at = Math.ceil(this.end / 8) * 8;
    this.end = at + bytes;
    while (this.end > this.bytes.length)
      this.bytes = Buffer.concat([this.bytes, Buffer.alloc(this.bytes.length)]);
    return at;
  }

  /** Every field has a place of 8 bytes. */
  private table(fields: readonly Field[]): number {
    const list = this.room(4 + 2 * fields.length);
    const at = this.room(8 + 8 * fields.length);
    this.bytes.writeUInt16LE(4 + 2 * fields.length, list);
    this.bytes.writeUInt16LE(8 + 8 * fields.length, list + 2);
    this.bytes.writeInt32LE(at - list, at);
    for (const [i, field] of fields.entries()) {
      if (field === null) continue;
      this.bytes.writeUInt16LE(8 + 8 * i, list + 4 + 2 * i);
      this.field(at + 8 + 8 * i, field);
    }
    return at;
  }

  private field(at: number, field: NonNullable<Field>): void {
    if ("bytes" in field) {
      if (field.bytes === 8) this.bytes.writeBigInt64LE(BigInt(field.value), at);
      else this.bytes.writeIntLE(field.value, at, field.bytes);
      return;
    }
    const to =
      "table" in field
        ? this.table(field.table)
        : "text" in field
          ? this.text(field.text)
          : "tables" in field
            ? this.tables(field.tables)
            : this.structs(field.structs);
    this.bytes.writeUInt32LE(to - at, at);
  }

  private text(text: string): number {
    const at = this.room(4 + Buffer.byteLength(text) + 1);
    this.bytes.writeUInt32LE(Buffer.byteLength(text), at);
    this.bytes.write(text, at + 4);
    return at;
  }

  private tables(tables: readonly (readonly Field[])[]): number {
    const at = this.room(4 + 4 * tables.length);
    this.bytes.writeUInt32LE(tables.length, at);
    for (const [i, table] of tables.entries()) {
      const place = at + 4 + 4 * i;
      this.bytes.writeUInt32LE(this.table(table) - place, place);
    }
    return at;
  }

  private structs(structs: readonly (readonly number[])[]): number {
    // Their first number is at a multiple of 8.
    const at = this.room(8 + 8 * structs.flat().length) + 4;
    this.bytes.writeUInt32LE(structs.length, at);
    for (const [i, value] of structs.flat().entries())
      this.bytes.writeBigInt64LE(BigInt(value), at + 4 + 8 * i);
    return at;
  }
}

/** A column: its type in Arrow, and its buffers: which cells there are, then what they are. */
export interface ArrowColumn {
  readonly name: string;
  readonly type: number;
  readonly about: readonly Field[];
  readonly buffers: readonly Uint8Array[];
}

const int = (value: number, bytes: 1 | 2 | 4 | 8): Field => ({ bytes, value });
const version = int(4, 2);

function message(kind: number, header: readonly Field[], body: Buffer): Buffer {
  const root = [version, int(kind, 1), { table: header }, int(body.length, 8)];
  const metadata = Builder.of(root);
  const prefix = Buffer.alloc(8);
  prefix.writeInt32LE(-1, 0);
  prefix.writeInt32LE(metadata.length, 4);
  return Buffer.concat([prefix, metadata, body]);
}

/** One batch of rows as an Arrow stream, or as a file with its footer. */
export function arrowBytes(
  columns: readonly ArrowColumn[],
  rows: number,
  kind: "file" | "stream",
): Uint8Array {
  const field = ({ name, type, about }: ArrowColumn): Field[] => [
    { text: name },
    int(1, 1),
    int(type, 1),
    { table: about },
  ];
  const schema = [int(0, 2), { tables: columns.map(field) }];
  const pieces: Buffer[] = [];
  const places: number[][] = [];
  let at = 0;
  for (const bytes of columns.flatMap(({ buffers }) => buffers)) {
    places.push([at, bytes.length]);
    const padded = Buffer.alloc(Math.ceil(bytes.length / 8) * 8);
    padded.set(bytes);
    pieces.push(padded);
    at += padded.length;
  }
  const nodes = columns.map(() => [rows, 0]);
  const header = [int(rows, 8), { structs: nodes }, { structs: places }];
  const start = message(1, schema, Buffer.alloc(0));
  const body = Buffer.concat(pieces);
  const batch = message(3, header, body);
  const end = Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
  if (kind === "stream") return Buffer.concat([start, batch, end]);
  const magic = Buffer.from("ARROW1\0\0");
  const block = [magic.length + start.length, batch.length - body.length, body.length];
  const footer = Builder.of([version, { table: schema }, null, { structs: [block] }]);
  const length = Buffer.alloc(4);
  length.writeInt32LE(footer.length, 0);
  const tail = [footer, length, magic.subarray(0, 6)];
  return Buffer.concat([magic, start, batch, end, ...tail]);
}
