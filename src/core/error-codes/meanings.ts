/** What a code means and what to do, parted by "; ". */
export type Meanings = Readonly<Record<string, `${string}; ${string}`>>;
