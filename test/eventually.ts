import { expect, vi } from "vitest";

/** Until it holds: polled, and given up only where all that hangs is given up. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  what: string,
): Promise<void> {
  const check = async () => expect(await condition(), what).toBe(true);
  await vi.waitFor(check, { timeout: 500_000, interval: 25 });
}
