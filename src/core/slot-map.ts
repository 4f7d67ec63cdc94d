/**
 * A value for some of the slots 0, 1, 2, ...: plain data that is never changed. Putting one more
 * makes a new map that shares all but one page with the old, so that a quorum of ten thousand
 * replies can be heard one by one.
 */
export interface SlotMap<Value> {
  readonly count: number;
  /** Page i holds slots i x pageSlots and up; null where there is nothing. */
  readonly pages: readonly (readonly (Value | null)[] | null)[];
}

const pageSlots = 128;

const nothing: SlotMap<never> = { count: 0, pages: [] };

export function emptySlotMap<Value>(): SlotMap<Value> {
  return nothing;
}

/** The map with `slot` at `value`, which must not be null. */
export function withSlot<Value>(map: SlotMap<Value>, slot: number, value: Value): SlotMap<Value> {
  const page = Math.floor(slot / pageSlots);
  const pages = map.pages.slice();
  while (pages.length <= page) pages.push(null);
  const slots = pages[page]?.slice() ?? [];
  while (slots.length <= slot % pageSlots) slots.push(null);
  const isNew = slots[slot % pageSlots] === null;
  slots[slot % pageSlots] = value;
  pages[page] = slots;
  return { count: map.count + (isNew ? 1 : 0), pages };
}

export function atSlot<Value>(map: SlotMap<Value>, slot: number): Value | undefined {
  return map.pages[Math.floor(slot / pageSlots)]?.[slot % pageSlots] ?? undefined;
}

/** The slots that have a value, ascending. */
export function slotsOf(map: SlotMap<unknown>): number[] {
  const slots: number[] = [];
  for (const [page, values] of map.pages.entries()) {
    for (const [at, value] of (values ?? []).entries())
      if (value !== null) slots.push(page * pageSlots + at);
  }
  return slots;
}

/** A map of these values, slot by slot. */
export function slotMapOf<Value>(entries: Iterable<readonly [number, Value]>): SlotMap<Value> {
  let map = emptySlotMap<Value>();
  for (const [slot, value] of entries) map = withSlot(map, slot, value);
  return map;
}
