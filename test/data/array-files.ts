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
