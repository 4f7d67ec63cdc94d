/// <reference lib="dom" />

export interface Option<Value extends string> {
  readonly value: Value;
  readonly label: string;
}

/** A row of radio buttons that looks like one switch; keys work as the browser has them. */
export function choice<Value extends string>(
  name: string,
  legend: string,
  options: readonly Option<Value>[],
  chosen: Value,
  changed: (value: Value) => void,
): HTMLFieldSetElement {
  const set = document.createElement("fieldset");
  set.setAttribute("aria-label", legend);
  for (const { value, label } of options) {
    const input = document.createElement("input");
    input.type = "radio";
    input.name = name;
    input.value = value;
    input.checked = value === chosen;
    input.addEventListener("change", () => changed(value));
    const holder = document.createElement("label");
    holder.append(input, label);
    set.append(holder);
  }
  return set;
}

/** Moves a switch from outside, without telling anybody. */
export function check(within: Element, name: string, value: string): void {
  const input = within.querySelector<HTMLInputElement>(`input[name="${name}"][value="${value}"]`);
  if (input !== null) input.checked = true;
}
