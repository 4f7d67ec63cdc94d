import type { Translator } from "../../tfjs/transformer/translator.ts";
import { readNetwork, usedNetwork } from "../stored-networks.ts";
import { type TranslationOptions, translationFactsOf } from "./options.ts";

/** What this process translators: whoever names the same network finds it ready. */
const translators = new Map<string, Translator>();
const loading = new Map<string, Promise<Translator>>();

/** The sizes of the network, for a table of so many tokens. */
export function sizesOf(options: TranslationOptions, tokens: number) {
  const { width, heads, layers, hidden = 4 * width, dropout } = options;
  return { tokens, width, heads, layers, hidden, dropout };
}

/** The network that was made ready. */
export function translatorOf(options: TranslationOptions): Translator {
  const translator = translators.get(nameOf(options));
  if (translator !== undefined) return usedNetwork(translator);
  throw new Error(`the network ${nameOf(options)} was not made ready`);
}

/** Loads what computes networks, and this one from the store; the second time it costs nothing. */
export async function openTranslatorOf(
  options: TranslationOptions,
  read: (key: string) => Promise<Uint8Array | null>,
): Promise<void> {
  const name = nameOf(options);
  if (translators.has(name)) return;
  const pending = loading.get(name) ?? load(options, read);
  loading.set(name, pending);
  try {
    translators.set(name, usedNetwork(await pending));
  } finally {
    loading.delete(name);
  }
}

async function load(
  options: TranslationOptions,
  read: (key: string) => Promise<Uint8Array | null>,
): Promise<Translator> {
  const { key, tokens } = translationFactsOf(options);
  const bytes = await readNetwork(read, key);
  const { openTranslator } = await import("../../tfjs/transformer/translator.ts");
  return openTranslator(bytes, key, {
    backend: options.backend,
    sizes: sizesOf(options, tokens),
  });
}

function nameOf(options: TranslationOptions): string {
  return JSON.stringify([translationFactsOf(options).key, options.backend]);
}
