/// <reference lib="dom" />
import { addressOf } from "./address.ts";

/** What a button asks for, and what came of it. */
export interface Asked {
  readonly act: string;
  readonly run: string;
  /** Why it was refused; empty where it was not. */
  readonly refusal: string;
  /** What was answered. */
  readonly answer: string;
}

/** Lets the buttons below an element act on runs; `begun` and `ended` are told of each. */
export function listenToButtons(
  below: Element,
  begun: (act: string, run: string) => void,
  ended: (asked: Asked) => void,
): void {
  below.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLButtonElement>("button[data-act]");
    const { act, target: run } = button?.dataset ?? {};
    if (button === null || act === undefined || run === undefined) return;
    button.disabled = true;
    begun(act, run);
    void askFor(act, run).then((asked) => {
      if (asked.refusal !== "") button.disabled = false;
      ended(asked);
    });
  });
}

async function askFor(act: string, run: string): Promise<Asked> {
  try {
    const response = await fetch(addressOf(`/api/${act}`), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ run }),
    });
    const text = await response.text();
    return response.ok
      ? { act, run, refusal: "", answer: text }
      : { act, run, refusal: text, answer: "" };
  } catch {
    return { act, run, refusal: "The page's server does not answer.", answer: "" };
  }
}
