/** Makes kofn's own layers known to TensorFlow.js, once. */
export function registerLayers(): void {}
