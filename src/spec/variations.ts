import { RunError } from "../core/errors.ts";
import { type Override, parseOverride, splitOverride } from "./overrides.ts";

/** A spec value and the choices that it takes in turn. */
export interface Variation {
  readonly path: string;
  readonly choices: readonly { readonly label: string; readonly setting: Override }[];
}

/** `wait=all,{fastest: 12}`: choices are separated by commas outside of brackets and quotes. */
export function parseVary(text: string): Variation {
  const { path, value } = splitOverride(text, "--vary");
  const name = path.join(".");
  const choices = splitTopLevel(value).map((choice) => {
    if (choice.trim() === "")
      throw new RunError("bad-vary", `--vary ${name}: there is nothing between two commas`, {
        hint: "write it like --vary 'wait=all,{fastest: 12}'",
      });
    const setting = parseOverride(`${name}=${choice}`, "--vary");
    return { label: `${name} ${choice.trim()}`, setting };
  });
  return { path: name, choices };
}

/** Every combination; the last variation changes fastest. */
export function variedSettings(
  variations: readonly Variation[],
): { readonly label: string; readonly settings: readonly Override[] }[] {
  let all: { label: string; settings: Override[] }[] = [{ label: "", settings: [] }];
  for (const { choices } of variations)
    all = all.flatMap((before) =>
      choices.map(({ label, setting }) => ({
        label: before.label === "" ? label : `${before.label}, ${label}`,
        settings: [...before.settings, setting],
      })),
    );
  return all;
}

function splitTopLevel(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quote = "";
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (quote !== "") quote = char === quote ? "" : quote;
    else if (char === '"' || char === "'") quote = char;
    else if ("{[".includes(char)) depth++;
    else if ("}]".includes(char)) depth--;
    else if (char === "," && depth === 0) {
      parts.push(text.slice(from, i));
      from = i + 1;
    }
  }
  return [...parts, text.slice(from)];
}
