/** Modules that register members of a program's own, by their addresses: threads load them, too. */
const addresses = new Set<string>();

export function addOwnModule(address: string): void {
  addresses.add(address);
}

export function ownModules(): readonly string[] {
  return [...addresses];
}
