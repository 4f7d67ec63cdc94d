import { describe, expect, it } from "vitest";
import { requestBuffers } from "../../src/compute/request-buffers.ts";

describe("the memory of requests", () => {
  it("is given out again after it was given back, and not before", () => {
    const buffers = requestBuffers();
    const first = buffers.take(100_000);
    const second = buffers.take(100_000);
    expect(second.buffer).not.toBe(first.buffer);
    buffers.giveBack(first);
    const third = buffers.take(90_000);
    expect(third.buffer).toBe(first.buffer);
    expect(third.length).toBe(90_000);
    expect(buffers.take(90_000).buffer).not.toBe(first.buffer);
  });

  it("is not twice as large as what it is taken for", () => {
    const buffers = requestBuffers();
    buffers.giveBack(buffers.take(1_000_000));
    expect(buffers.take(400_000).buffer.byteLength).toBe(400_000);
    expect(buffers.take(600_000).buffer.byteLength).toBe(1_000_000);
  });

  it("is kept up to 16 MB, the last ones given back", () => {
    const buffers = requestBuffers();
    const taken = Array.from({ length: 5 }, () => buffers.take(5_000_000));
    for (const one of taken) buffers.giveBack(one);
    const again = new Set(Array.from({ length: 5 }, () => buffers.take(5_000_000).buffer));
    expect(taken.map((one) => again.has(one.buffer))).toEqual([false, false, true, true, true]);
  });

  it("small requests come from the memory that they share with others", () => {
    const buffers = requestBuffers();
    const small = buffers.take(100);
    buffers.giveBack(small);
    expect(buffers.take(100)).not.toBe(small);
  });
});
