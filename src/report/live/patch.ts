/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

/** What scripts put there, and people opened or chose, stays as it is. */
const kept = "figure[data-plot], [data-controls], [data-readout], [data-kept]";
const keptAttributes = ["open", "tabindex", "role", "aria-label"];

/**
 * Makes an element's content that of `markup`, changing only what differs: focus, scrolled tables,
 * opened details and drawings stay.
 */
export function patchContent(target: Element, markup: string): void {
  const template = document.createElement("template");
  template.innerHTML = markup;
  patchChildren(target, template.content);
}

function patchChildren(target: Element, wanted: Element | DocumentFragment): void {
  const before = [...target.childNodes];
  const after = [...wanted.childNodes];
  for (const [i, node] of after.entries()) {
    const old = before[i];
    if (old === undefined) target.append(node);
    else if (!isSameKind(old, node)) old.replaceWith(node);
    else if (old instanceof Element) patchElement(old, node as Element);
    else if (old.nodeValue !== node.nodeValue) old.nodeValue = node.nodeValue;
  }
  for (const old of before.slice(after.length)) old.remove();
}

function patchElement(old: Element, wanted: Element): void {
  for (const { name, value } of wanted.attributes)
    if (old.getAttribute(name) !== value && !isKept(old, name)) old.setAttribute(name, value);
  for (const { name } of [...old.attributes])
    if (!wanted.hasAttribute(name) && !keptAttributes.includes(name)) old.removeAttribute(name);
  if (!old.matches(kept)) patchChildren(old, wanted);
}

/** An explorable figure has words of its own. */
function isKept(old: Element, name: string): boolean {
  return keptAttributes.includes(name) && old.matches("figure[data-plot], details");
}

function isSameKind(old: Node, wanted: Node): boolean {
  if (!(old instanceof Element) || !(wanted instanceof Element))
    return old.nodeType === wanted.nodeType && !(old instanceof Element);
  const key = (element: Element) =>
    ["id", "data-plot", "data-run", "data-key"].map((name) => element.getAttribute(name)).join();
  return old.tagName === wanted.tagName && key(old) === key(wanted);
}
