/** Modules that register members of a program's own, by their addresses: workers load them, too. */
const addresses = new Set<string>();

/** Set where a worker loads them, so that a program that is one of them does not train again. */
export const loadsMembers = "KOFN_LOADS_MEMBERS";

/** Returns how to take it away from workers that start later. */
export function addOwnModule(address: string): () => void {
  addresses.add(address);
  return () => addresses.delete(address);
}

export function ownModules(): readonly string[] {
  return [...addresses];
}
