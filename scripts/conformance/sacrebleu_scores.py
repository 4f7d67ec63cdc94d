"""BLEU by sacreBLEU: `sacrebleu_scores.py CASES` prints what its own program says of each case.

CASES is a JSON file: a list of {"name", "translations", "references"}, all lists of lines. Prints
one JSON object: the version, and for each case score, precisions, brevity penalty, lengths, tokens.
"""

import json
import sys

import sacrebleu
from sacrebleu.metrics import BLEU
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a


def main(path):
    with open(path, encoding="utf-8") as file:
        cases = json.load(file)
    tokenizer = Tokenizer13a()
    found = []
    for case in cases:
        metric = BLEU(force=True)
        told = metric.corpus_score(case["translations"], [case["references"]])
        found.append(
            {
                "name": case["name"],
                "score": told.score,
                "precisions": told.precisions,
                "brevityPenalty": told.bp,
                "translationTokens": told.sys_len,
                "referenceTokens": told.ref_len,
                "signature": str(metric.get_signature()),
                "tokens": [tokenizer(line.rstrip()).split() for line in case["translations"]],
            }
        )
    print(json.dumps({"version": sacrebleu.__version__, "found": found}, ensure_ascii=False))


main(sys.argv[1])
