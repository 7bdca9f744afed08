#!/usr/bin/env python3
"""Writes wordnet.json: what NLTK's reader finds in the nouns of WordNet 3.0.

    python3 make_wordnet_fixtures.py [DICT]

DICT is the folder of the `dict` files, by default /usr/share/wordnet (Debian's wordnet-base 1:3.0-37). Needs nltk 3.10.4.
Seed 20261127. Words: those of the data sets' products, entries of index.noun and of noun.exc by chance, their plurals, and
some that WordNet does not have. `lexnames`, which Debian leaves out and NLTK wants, is written here from lexnames(5WN).
"""
import json
import random
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

import nltk
from nltk.corpus.reader.wordnet import WordNetCorpusReader

LEXNAMES = """adj.all adj.pert adv.all noun.Tops noun.act noun.animal noun.artifact noun.attribute noun.body noun.cognition
noun.communication noun.event noun.feeling noun.food noun.group noun.location noun.motive noun.object noun.person
noun.phenomenon noun.plant noun.possession noun.process noun.quantity noun.relation noun.shape noun.state noun.substance
noun.time verb.body verb.change verb.cognition verb.communication verb.competition verb.consumption verb.contact
verb.creation verb.emotion verb.motion verb.perception verb.possession verb.social verb.stative verb.weather adj.ppl""".split()
PRODUCTS = """bottle cable capsule carpet grid hazelnut leather nut metal pill screw tile toothbrush transistor wood zipper
pushpin box juice bag connector candle cashew gum macaroni board pipe""".split()
OTHERS = ["metal nut", "Zippers", "toothbrushes", "wolves", "men", "boxes", "ponies", "quizzes", "fish knife", "axes",
          "Paris", "qwertz", "s", "washer's", "chewing gum", "macarons", "glasses"]


def reader(folder, temporary):
    for file in Path(folder).iterdir():
        shutil.copy(file, temporary)
    (Path(temporary) / "lexnames").write_text("".join(f"{i:02d}\t{name}\t1\n" for i, name in enumerate(LEXNAMES)))
    nltk.data.path.append(temporary)
    WordNetCorpusReader.map_wn = lambda self, version="wordnet": None
    warnings.simplefilter("ignore")
    return WordNetCorpusReader(temporary, None)


def offsets(synsets):
    return sorted({synset.offset() for synset in synsets if synset.pos() == "n"})


def sense(synset):
    def up(s): return s.hypernyms() + s.instance_hypernyms()
    def down(s): return s.hyponyms() + s.instance_hyponyms()
    return {
        "offset": synset.offset(), "file": synset.lexname(), "words": [name.replace("_", " ") for name in synset.lemma_names()],
        "definition": synset.definition(), "hypernyms": offsets(up(synset)), "hyponyms": offsets(down(synset)),
        "allHypernyms": offsets(synset.closure(up)), "hyponymsOfTwo": offsets(synset.closure(down, depth=2)),
    }


def main(folder):
    generator = random.Random(20261127)
    with tempfile.TemporaryDirectory() as temporary:
        wordnet = reader(folder, temporary)
        lemmas = sorted(lemma for lemma, parts in wordnet._lemma_pos_offset_map.items() if "n" in parts)
        chosen = generator.sample(lemmas, 160)
        exceptions = generator.sample(sorted(wordnet._exception_map["n"]), 60)
        plurals = [word + generator.choice(["s", "es"]) for word in generator.sample(lemmas, 40)]
        words = []
        for word in PRODUCTS + OTHERS + chosen + exceptions + plurals:
            seen, senses = set(), []
            lemma = word.lower().replace(" ", "_")
            for synset in wordnet.synsets(lemma, "n"):
                if synset.offset() not in seen:
                    seen.add(synset.offset())
                    senses.append(sense(synset))
            words.append({"word": word, "forms": wordnet._morphy(lemma, "n"), "senses": senses})
    lines = ",\n".join(json.dumps(word, separators=(",", ":")) for word in words)
    (Path(__file__).parent / "wordnet.json").write_text("[\n" + lines + "\n]\n")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/wordnet")
