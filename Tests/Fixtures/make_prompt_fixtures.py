#!/usr/bin/env python3
"""Writes prompts.json: for every category in Sources/Words/ProductKeyword.swift, the senses that are chosen and the five
best prompts by text alone.

    python3 make_prompt_fixtures.py WEIGHTS [DICT]

Another reading of the rules that Sources/Prompts states: senses and relations by NLTK, vectors by the BertModel of
transformers with the weights of all-MiniLM-L6-v2 (WEIGHTS is the folder of all-minilm-l6-v2.safetensors and
all-minilm-l6-v2-vocab.txt). Needs nltk 3.10.4, torch, transformers, safetensors.
"""
import json
import re
import sys
import tempfile
from pathlib import Path

sys.modules["torchvision"] = None  # transformers would import it, and needs nothing of it here
import torch
from safetensors.torch import load_file
from transformers import BertConfig, BertModel, BertTokenizer

from make_wordnet_fixtures import reader

HERE = Path(__file__).parent
KINDS = [["artifact", "food", "substance"], ["plant", "object", "shape", "attribute", "group"]]
STATUS = ["clean surface", "smooth surface", "even texture", "uniform colour", "plain finish", "sharp edges", "intact shape"]
LIMIT = 64


class Encoder:
    def __init__(self, folder):
        self.tokenizer = BertTokenizer(str(Path(folder) / "all-minilm-l6-v2-vocab.txt"), do_lower_case=True)
        config = BertConfig(hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536)
        self.model = BertModel(config, add_pooling_layer=False).eval()
        weights = load_file(str(Path(folder) / "all-minilm-l6-v2.safetensors"))
        missing = self.model.load_state_dict(weights, strict=False).missing_keys
        assert not missing, missing
        self.cache = {}

    @torch.no_grad()
    def __call__(self, text):
        if text not in self.cache:
            states = self.model(**self.tokenizer(text, return_tensors="pt")).last_hidden_state[0]
            self.cache[text] = torch.nn.functional.normalize(states.mean(0), dim=0).double()
        return self.cache[text]

    def cosine(self, a, b):
        return float(self(a) @ self(b))


def table():
    source = (HERE / "../../Sources/Words/ProductKeyword.swift").read_text()
    rows = re.findall(r'ProductKeyword\(\s*"(\w+)",\s*"([^"]*)",\s*"([^"]*)"\)', source)
    # One product's row for categories that share it.
    shared = re.findall(r'\[([^\]]*)\]\s*\.map \{\s*ProductKeyword\(\s*\$0,\s*"([^"]*)",\s*"([^"]*)"\)', source)
    return rows + [(re.findall(r'"(\w+)"', names)[0], keyword, text) for names, keyword, text in shared]


def lemma(text):
    return text.replace(" ", "_")


def parts(wordnet, words):
    if not words:
        return []
    for start in range(len(words)):
        part = " ".join(words[start:])
        if wordnet._morphy(lemma(part), "n"):
            return [part] + parts(wordnet, words[:start])
    return parts(wordnet, words[:-1])


def choose(encoder, wordnet, word, context):
    senses = list(dict.fromkeys(wordnet.synsets(lemma(word), "n")))
    for kinds in KINDS:
        admissible = [sense for sense in senses if sense.lexname()[5:] in kinds]
        if admissible:
            def text(sense): return f"{', '.join(sense.lemma_names())}: {sense.definition()}".replace("_", " ")
            return max(admissible, key=lambda sense: encoder.cosine(context, text(sense)))
    return None


def prompts(encoder, wordnet, keyword, description):
    base = f"a photo of a {keyword}"
    looked_up = parts(wordnet, keyword.split())
    chosen = [choose(encoder, wordnet, part, base if index else description) for index, part in enumerate(looked_up)]
    seen = {keyword, *looked_up, *(form.replace("_", " ") for part in looked_up for form in wordnet._morphy(lemma(part), "n"))}
    excluded = re.findall(r'"([^"]+)"', (HERE / "../../Sources/Words/ExcludedWords.swift").read_text())
    words = []
    for sense in chosen:
        if sense is None:
            continue
        # NLTK keeps pointers without their order in the file: it is read from there.
        line = wordnet._data_file("n")
        line.seek(sense.offset())
        pointers = re.findall(r" (@i?|~i?) (\d{8}) n 0000", line.readline().split("|")[0])
        synsets = [sense] + [wordnet.synset_from_pos_and_offset("n", int(offset))
                             for symbols in ("@", "~") for symbol, offset in pointers if symbol[0] == symbols]
        words += [name for synset in synsets for name in synset.lemma_names()]
    kept = []
    for word in words + STATUS:
        word = word.lower().replace("_", " ")
        if word not in seen and word not in excluded:
            seen.add(word)
            kept.append(word)
    if len(kept) > LIMIT:
        best = sorted(range(len(kept)), key=lambda i: (-encoder.cosine(base, f"a photo of a {kept[i]}"), i))[:LIMIT]
        kept = [kept[i] for i in sorted(best)]
    texts = [base] + [f"a {keyword} with {word}" for word in kept]
    ranked = sorted(range(len(texts)), key=lambda i: (-encoder.cosine(description, texts[i]), i))[:5]
    return {
        "keyword": keyword, "description": description, "words": len(kept),
        "senses": [sense and f"n{sense.offset():08d}" for sense in chosen],
        "best": [{"prompt": texts[i], "similarity": round(encoder.cosine(description, texts[i]), 6)} for i in ranked],
    }


def main(weights, folder):
    encoder = Encoder(weights)
    with tempfile.TemporaryDirectory() as temporary:
        wordnet = reader(folder, temporary)
        lines = [json.dumps({"category": category, **prompts(encoder, wordnet, keyword, description)})
                 for category, keyword, description in table()]
    (HERE / "prompts.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")


main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "/usr/share/wordnet")
