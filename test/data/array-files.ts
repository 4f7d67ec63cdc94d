import { crc32, deflateRawSync } from "node:zlib";

/** The bytes of a NumPy file; `values` in the order in which they are stored. */
export function npy(
  descr: string,
  shape: readonly number[],
  values: readonly number[],
  { version = 1, fortran = false } = {},
): Uint8Array {
  const dims = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const order = fortran ? "True" : "False";
  const header = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': (${dims}), }\n`;
  const start = version === 1 ? 10 : 12;
  const itemBytes = Number(descr.slice(-1));
  const bytes = new Uint8Array(start + header.length + values.length * itemBytes);
  const view = new DataView(bytes.buffer);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
  if (version === 1) view.setUint16(8, header.length, true);
  else view.setUint32(8, header.length, true);
  bytes.set(new TextEncoder().encode(header), start);
  values.forEach((value, i) => {
    const at = start + header.length + i * itemBytes;
    if (descr === "<f4") view.setFloat32(at, value, true);
    else if (descr === "<f8") view.setFloat64(at, value, true);
    else if (descr === "<i4") view.setInt32(at, value, true);
    else if (descr === "<i8") view.setBigInt64(at, BigInt(value), true);
    else view.setUint8(at, value);
  });
  return bytes;
}

/** The bytes of a ZIP archive of these files. */
export function zipOf(
  files: Readonly<Record<string, Uint8Array>>,
  { isPacked = true } = {},
): Uint8Array {
  const bodies: Buffer[] = [];
  const list: Buffer[] = [];
  let at = 0;
  for (const [name, bytes] of Object.entries(files)) {
    const body = isPacked ? deflateRawSync(bytes) : Buffer.from(bytes);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(isPacked ? 8 : 0, 4);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(body.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const header = Buffer.concat([Buffer.from("PK\x03\x04"), common, Buffer.from(name)]);
    const places = Buffer.alloc(14);
    places.writeUInt32LE(at, 10);
    const made = Buffer.concat([Buffer.from([20, 0]), common, places, Buffer.from(name)]);
    list.push(Buffer.concat([Buffer.from("PK\x01\x02"), made]));
    bodies.push(header, body);
    at += header.length + body.length;
  }
  const end = Buffer.alloc(18);
  end.writeUInt16LE(list.length, 4);
  end.writeUInt16LE(list.length, 6);
  end.writeUInt32LE(Buffer.concat(list).length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...bodies, ...list, Buffer.from("PK\x05\x06"), end]);
}
