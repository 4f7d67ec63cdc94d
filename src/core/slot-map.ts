/**
 * A value for some of the slots 0, 1, 2, ...: plain data that is never changed. Putting one more
 * makes a new map that shares all but one page and one shelf with the old, so that a quorum of ten
 * thousand replies can be heard one by one.
 */
export interface SlotMap<Value> {
  readonly count: number;
  /** Shelf i holds slots i x shelfSlots and up, page by page; null where there is nothing. */
  readonly shelves: readonly (readonly (Page<Value> | null)[] | null)[];
}

type Items<Item> = readonly (Item | null)[];
type Page<Value> = Items<Value>;

const pageSlots = 32;
const shelfPages = 32;
const shelfSlots = pageSlots * shelfPages;

const nothing: SlotMap<never> = { count: 0, shelves: [] };

export function emptySlotMap<Value>(): SlotMap<Value> {
  return nothing;
}

/** The map with `slot` at `value`, which must not be null. */
export function withSlot<Value>(map: SlotMap<Value>, slot: number, value: Value): SlotMap<Value> {
  const shelf = Math.floor(slot / shelfSlots);
  const page = Math.floor(slot / pageSlots) % shelfPages;
  const place = slot % pageSlots;
  const before = map.shelves[shelf]?.[page] ?? null;
  const isNew = (before?.[place] ?? null) === null;
  const pages = withItem(map.shelves[shelf] ?? null, page, withItem(before, place, value));
  return { count: map.count + (isNew ? 1 : 0), shelves: withItem(map.shelves, shelf, pages) };
}

/** As `withSlot` of each slot and its value, one after the other; every page is copied once. */
export function withSlots<Value>(
  map: SlotMap<Value>,
  slots: ArrayLike<number>,
  values: readonly Value[],
): SlotMap<Value> {
  const shelves: (Items<Page<Value>> | null)[] = map.shelves.slice();
  let { count } = map;
  for (let i = 0; i < slots.length; i++) {
    const slot = slots[i]!;
    const shelf = Math.floor(slot / shelfSlots);
    const page = Math.floor(slot / pageSlots) % shelfPages;
    const pages = owned(shelves, map.shelves, shelf);
    const items = owned(pages, map.shelves[shelf] ?? [], page);
    const place = slot % pageSlots;
    while (items.length <= place) items.push(null);
    if (items[place] === null) count++;
    items[place] = values[i]!;
  }
  return { count, shelves };
}

export function atSlot<Value>(map: SlotMap<Value>, slot: number): Value | undefined {
  const shelf = map.shelves[Math.floor(slot / shelfSlots)];
  const page = shelf?.[Math.floor(slot / pageSlots) % shelfPages];
  return page?.[slot % pageSlots] ?? undefined;
}

/** The slots that have a value, ascending. */
export function slotNumbers(map: SlotMap<unknown>): number[] {
  const slots: number[] = [];
  forEachSlot(map, (slot) => slots.push(slot));
  return slots;
}

/** Every slot with its value, ascending. */
export function forEachSlot<Value>(
  { shelves }: SlotMap<Value>,
  visit: (slot: number, value: Value) => void,
): void {
  for (let shelf = 0; shelf < shelves.length; shelf++) {
    const pages = shelves[shelf] ?? [];
    for (let page = 0; page < pages.length; page++) {
      const values = pages[page] ?? [];
      const first = shelf * shelfSlots + page * pageSlots;
      for (let at = 0; at < values.length; at++) {
        const value = values[at]!;
        if (value !== null) visit(first + at, value);
      }
    }
  }
}

/** A map of these values, slot by slot. */
export function slotMapOf<Value>(entries: Iterable<readonly [number, Value]>): SlotMap<Value> {
  let map = emptySlotMap<Value>();
  for (const [slot, value] of entries) map = withSlot(map, slot, value);
  return map;
}

/** A copy with `item` at `index`, filled up with nulls. */
function withItem<Item>(items: readonly (Item | null)[] | null, index: number, item: Item) {
  const copy = items === null ? [] : items.slice();
  while (copy.length <= index) copy.push(null);
  copy[index] = item;
  return copy;
}

/** The list at `index`, as one that may be changed: a copy, once, of the one `before`. */
function owned<Item>(
  lists: (Items<Item> | null)[],
  before: readonly (Items<Item> | null)[],
  index: number,
): (Item | null)[] {
  while (lists.length <= index) lists.push(null);
  const there = lists[index] ?? null;
  if (there !== null && there !== before[index]) return there as (Item | null)[];
  const copy = there === null ? [] : there.slice();
  lists[index] = copy;
  return copy;
}
