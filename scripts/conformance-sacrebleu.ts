import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openVocabulary, sentenceCodec } from "../src/data/corpus/sentence-vocabulary.ts";
import { corpusBleu } from "../src/problems/translation/bleu.ts";
import { realData } from "../test/data/fixtures.ts";
import { installedPackages } from "./conformance-install.ts";

const packages = ["sacrebleu==2.6.0", "subword-nmt==0.3.8", "sentencepiece==0.2.3"];
const script = (name: string) => join(import.meta.dirname, "conformance", name);
const fixtures = join(import.meta.dirname, "../test/fixtures");

interface Case {
  readonly name: string;
  readonly translations: readonly string[];
  readonly references: readonly string[];
  /** Of a system whose BLEU a bench printed. */
  readonly score?: number;
}

interface Told {
  readonly version: string;
  readonly found: readonly { readonly name: string; readonly score: number }[];
}

/**
 * BLEU beside sacreBLEU's own program, and vocabularies beside those of subword-nmt and
 * sentencepiece. Files of systems whose BLEU a bench printed are compared too. With `--write` the
 * tests' golden values are written anew from the same programs.
 */
export async function conformanceSacreBleu(): Promise<boolean> {
  const python = installedPackages("sacrebleu 2.6.0", packages);
  if (python === null) return true;
  const folder = mkdtempSync(join(tmpdir(), "kofn-sacrebleu-"));
  try {
    const bleu = bleuAgrees(python, folder);
    const cut = await vocabulariesAgree(python, folder);
    return bleu && cut;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function bleuAgrees(python: string, folder: string): boolean {
  const own = join(fixtures, "bleu/cases.json");
  const told = scores(python, own);
  if (process.argv.includes("--write"))
    writeFileSync(join(fixtures, "bleu/sacrebleu.json"), `${JSON.stringify(told, null, 1)}\n`);
  console.log(`sacreBLEU ${told.version}`);
  const small = JSON.parse(readFileSync(own, "utf8")) as Case[];
  const more = [...realCases(), ...printedSystems()];
  const path = join(folder, "real.json");
  writeFileSync(path, JSON.stringify(more));
  const all = [...told.found, ...(more.length === 0 ? [] : scores(python, path).found)];
  let worst = 0;
  for (const { name, translations, references, score } of [...small, ...more]) {
    const theirs = all.find((one) => one.name === name)!.score;
    const ours = score ?? corpusBleu(translations, references).score;
    worst = Math.max(worst, Math.abs(ours - theirs));
    console.log(`${name.padEnd(40)} ${ours.toFixed(6).padStart(12)} ${theirs.toFixed(6)}`);
  }
  console.log(`largest difference of a score: ${worst.toExponential(1)}`);
  return worst < 1e-6;
}

function scores(python: string, cases: string): Told {
  const text = execFileSync(python, [script("sacrebleu_scores.py"), cases], {
    maxBuffer: 2 ** 28,
  });
  return JSON.parse(text.toString()) as Told;
}

/** Real sentences: the source as a translation, and references with words left out and repeated. */
function realCases(): Case[] {
  if (realData === null) {
    console.log("no folder of data (KOFN_DATA): only the small cases");
    return [];
  }
  const lines = (name: string) => readFileSync(join(realData!, name), "utf8").trimEnd().split("\n");
  const [german, english] = [lines("multi30k.val.de"), lines("multi30k.val.en")];
  const worse = (every: number) =>
    english.map((line, i) =>
      line
        .split(" ")
        .flatMap((word, at) => ((i + at) % every === 0 ? (at % 2 === 0 ? [] : [word, word]) : word))
        .join(" "),
    );
  return [
    { name: "multi30k: the source copied", translations: german, references: english },
    ...[2, 3, 7].map((every) => ({
      name: `multi30k: every word in ${every} changed`,
      translations: worse(every),
      references: english,
    })),
  ];
}

/** What `npm run bench -- translation --systems FILE` kept, of files named after the suite. */
function printedSystems(): Case[] {
  const files = process.argv.slice(3).filter((one) => !one.startsWith("--"));
  return files.flatMap((file) => JSON.parse(readFileSync(file, "utf8")) as Case[]);
}

async function vocabulariesAgree(python: string, folder: string): Promise<boolean> {
  const place = join(fixtures, "vocabularies");
  const corpus = join(place, "corpus.txt");
  const told = [corpus, join(place, "sentences.txt"), folder];
  execFileSync(python, [script("vocabularies.py"), ...told], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const expected = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8"));
  const files = Object.keys(expected.files as object);
  if (process.argv.includes("--write"))
    for (const name of [...files, "expected.json"])
      copyFileSync(join(folder, name), join(place, name));
  let wrong = 0;
  for (const name of files) {
    const path = join(folder, name);
    const { pieces, ids, unknown } = expected.files[name];
    const tokens = 65_000;
    const choice = name.endsWith(".codes")
      ? { subwordNmt: path, tokens }
      : { sentencePiece: path, tokens };
    async function* sentences() {
      yield* expected.sentences as string[];
    }
    const codec = sentenceCodec(
      await openVocabulary(choice, sentences(), async (file) => readFileSync(file)),
    );
    for (const [i, sentence] of (expected.sentences as string[]).entries()) {
      const ours = codec.encode(sentence);
      const same =
        ids === undefined
          ? ours.map((id) => codec.labels[id]).join("\n") === pieces[i].join("\n")
          : ours.map((id) => (id === 3 ? unknown : id - 4)).join() === ids[i].join();
      if (same) continue;
      wrong++;
      console.log(`${name}: ${JSON.stringify(sentence)} is cut otherwise`);
    }
  }
  console.log(
    `subword-nmt ${expected["subword-nmt"]}, sentencepiece ${expected.sentencepiece}: ` +
      `${files.length} vocabularies, ${wrong} sentences cut otherwise`,
  );
  return wrong === 0;
}
