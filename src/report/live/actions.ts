/// <reference lib="dom" />
import { addressOf } from "./address.ts";

/** Lets the buttons below an element cancel and resume runs; `refused` is told why one did not. */
export function listenToButtons(below: Element, refused: (reason: string) => void): void {
  below.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLButtonElement>("button[data-act]");
    const { act, target } = button?.dataset ?? {};
    if (button === null || act === undefined || target === undefined) return;
    button.disabled = true;
    void askFor(act, target).then((reason) => {
      if (reason !== "") button.disabled = false;
      refused(reason);
    });
  });
}

/** Returns why it was refused, or an empty text. */
async function askFor(act: string, run: string): Promise<string> {
  try {
    const response = await fetch(addressOf(`/api/${act}`), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ run }),
    });
    return response.ok ? "" : await response.text();
  } catch {
    return "The page's server does not answer.";
  }
}
