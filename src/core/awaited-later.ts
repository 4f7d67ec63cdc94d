/**
 * The promise itself, which somebody awaits later and hears of its failure then: until that, nobody
 * listens, and Node would end the process for a failure that is not handled.
 */
export function awaitedLater<Of extends Promise<unknown>>(promise: Of): Of {
  promise.catch(() => undefined);
  return promise;
}
