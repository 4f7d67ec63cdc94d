"""Vocabularies of subword-nmt and sentencepiece: `vocabularies.py CORPUS SENTENCES FOLDER`.

Learns codes and models from CORPUS with the tools' own programs, writes them into FOLDER, and
FOLDER/expected.json: how the tools cut and join the lines of SENTENCES.
"""

import io
import json
import sys
from importlib.metadata import version
from os.path import join

import sentencepiece
from subword_nmt.apply_bpe import BPE
from subword_nmt.learn_bpe import learn_bpe

MERGES = 120
PIECES = 160


def main(corpus, sentences, folder):
    with open(sentences, encoding="utf-8") as file:
        lines = file.read().split("\n")[:-1]
    expected = {"subword-nmt": version("subword-nmt"), "sentencepiece": version("sentencepiece")}
    expected["sentences"] = lines
    expected["files"] = {}
    for name, first in (("subword-nmt.codes", True), ("subword-nmt-0.1.codes", False)):
        path = join(folder, name)
        if first:
            with open(corpus, encoding="utf-8") as text, open(path, "w", encoding="utf-8") as out:
                learn_bpe(text, out, MERGES)
        else:
            # Version 0.1 has no first line, and ends of words are symbols of their own.
            with open(join(folder, "subword-nmt.codes"), encoding="utf-8") as text:
                codes = text.read().split("\n", 1)[1]
            with open(path, "w", encoding="utf-8") as out:
                out.write("e </w>\nn </w>\n" + codes)
        with open(path, encoding="utf-8") as codes:
            bpe = BPE(io.StringIO(codes.read()))
        cut = [bpe.segment_tokens(line.strip("\r\n ").split(" ")) for line in lines]
        expected["files"][name] = {"pieces": cut}
    for name, more in MODELS.items():
        sentencepiece.SentencePieceTrainer.train(
            input=corpus,
            model_prefix=join(folder, name),
            model_type="bpe",
            minloglevel=2,
            **{"vocab_size": PIECES, **more},
        )
        model = sentencepiece.SentencePieceProcessor(model_file=join(folder, f"{name}.model"))
        ids = [model.encode(line) for line in lines]
        expected["files"][f"{name}.model"] = {
            "ids": ids,
            "pieces": [model.encode(line, out_type=str) for line in lines],
            "joined": [model.decode(one) for one in ids],
            "size": model.get_piece_size(),
            "unknown": model.unk_id(),
        }
    with open(join(folder, "expected.json"), "w", encoding="utf-8") as out:
        json.dump(expected, out, ensure_ascii=False, indent=1)
        out.write("\n")


MODELS = {
    "plain": {"normalization_rule_name": "identity"},
    "usual": {},
    "bytes": {
        "normalization_rule_name": "identity",
        "byte_fallback": True,
        "vocab_size": 420,
    },
    "symbols": {
        "normalization_rule_name": "identity",
        "user_defined_symbols": ["<sep>", "river"],
        "remove_extra_whitespaces": False,
    },
}

main(*sys.argv[1:])
