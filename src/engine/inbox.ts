/** What came and was not looked at yet, in its order. */
export interface Inbox<Item> {
  put(item: Item): void;
  take(): Item | undefined;
  /** Resolves when something is there, or the run was interrupted. */
  woken(): Promise<void>;
  wake(): void;
}

export function createInbox<Item>(interrupted: Promise<void> | undefined): Inbox<Item> {
  const items: Item[] = [];
  let first = 0;
  let isWoken = false;
  let tell: (() => void) | null = null;
  const wake = () => {
    isWoken = true;
    tell?.();
    tell = null;
  };
  void interrupted?.then(wake);
  return {
    put(item) {
      items.push(item);
      wake();
    },
    take() {
      if (first < items.length) return items[first++];
      items.length = first = 0;
      isWoken = false;
      return undefined;
    },
    woken: () => (isWoken ? Promise.resolve() : new Promise((resolve) => (tell = resolve))),
    wake,
  };
}
