/** Reads an item at a byte. */
export type ReadItem = (view: DataView, at: number) => number;

/** The same of eight bytes, those that a double does not tell apart whole. */
export type ReadLong = (view: DataView, at: number) => number | bigint;

export interface ItemType {
  readonly bytes: number;
  readonly read: ReadItem;
  /** Of whole numbers of eight bytes. */
  readonly readLong?: ReadLong;
  /** It is true or false: 1 or 0. */
  readonly truth?: true;
}

/** By NumPy's letter and size: what reads it, given whether the least byte is first. */
const readers: Readonly<Record<string, (little: boolean) => ReadItem>> = {
  b1: () => (view, at) => (view.getUint8(at) === 0 ? 0 : 1),
  i1: () => (view, at) => view.getInt8(at),
  u1: () => (view, at) => view.getUint8(at),
  i2: (little) => (view, at) => view.getInt16(at, little),
  u2: (little) => (view, at) => view.getUint16(at, little),
  i4: (little) => (view, at) => view.getInt32(at, little),
  u4: (little) => (view, at) => view.getUint32(at, little),
  i8: (little) => (view, at) => Number(view.getBigInt64(at, little)),
  u8: (little) => (view, at) => Number(view.getBigUint64(at, little)),
  f2: (little) => (view, at) => halfOf(view.getUint16(at, little)),
  f4: (little) => (view, at) => view.getFloat32(at, little),
  f8: (little) => (view, at) => view.getFloat64(at, little),
};

/** The type that an array's header names, such as `<f4`; undefined for what holds no numbers. */
export function itemTypeOf(descr: string): ItemType | undefined {
  const [, order, name] = /^([<>|=])([a-z]\d+)$/.exec(descr) ?? [];
  if (name === undefined || !Object.hasOwn(readers, name)) return undefined;
  const little = order !== ">";
  const long: ReadLong = (view, at) =>
    wholeOf(name === "u8" ? view.getBigUint64(at, little) : view.getBigInt64(at, little));
  return {
    bytes: Number(name.slice(1)),
    read: readers[name]!(little),
    ...(name === "i8" || name === "u8" ? { readLong: long } : {}),
    ...(name === "b1" ? { truth: true } : {}),
  };
}

/** As a number where that is exact. */
function wholeOf(long: bigint): number | bigint {
  const number = Number(long);
  return Number.isSafeInteger(number) ? number : long;
}

/** The number that 16 bits of a half-precision float stand for. */
function halfOf(bits: number): number {
  const sign = bits >> 15 === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
