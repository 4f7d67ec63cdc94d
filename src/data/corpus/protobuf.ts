/** One field of a message: a number, or bytes (text, floats, a message within). */
export interface ProtobufField {
  readonly number: number;
  readonly value: number | null;
  readonly bytes: Uint8Array | null;
}

/**
 * The fields of a message in Protocol Buffers' wire format, in their order; null for what is none.
 * Numbers beyond 2^53 are not exact.
 */
export function fieldsOf(bytes: Uint8Array): ProtobufField[] | null {
  const fields: ProtobufField[] = [];
  let at = 0;
  const varint = (): number | null => {
    let value = 0;
    for (let shift = 0; shift < 70 && at < bytes.length; shift += 7) {
      const byte = bytes[at++]!;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return null;
  };
  while (at < bytes.length) {
    const tag = varint();
    if (tag === null || tag < 8) return null;
    const [number, wire] = [Math.floor(tag / 8), tag % 8];
    if (wire === 0) {
      const value = varint();
      if (value === null) return null;
      fields.push({ number, value, bytes: null });
      continue;
    }
    const length = wire === 2 ? varint() : ({ 1: 8, 5: 4 } as Record<number, number>)[wire];
    if (length === null || length === undefined || at + length > bytes.length) return null;
    fields.push({ number, value: null, bytes: bytes.subarray(at, at + length) });
    at += length;
  }
  return fields;
}
