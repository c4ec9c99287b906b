#!/usr/bin/env python3
"""Writes segments.json: how texts are encoded and divided, from the standards alone.

Independent of the product's code: the GSM 03.38 tables come from PyPI's
`gsmcodecs` (pip install gsmcodecs==1.0.0), which this script only asks whether a
character is in them and how many septets it takes; they are held against the
tables typed below from 3GPP TS 23.038 §6.2.1 for every character of Unicode. The
division follows 3GPP TS 23.040 §9.2.3.24.1. Run: python3 segments.py > segments.json

A third oracle, npm's sms-segments-calculator, is held against the result by
`segments.check.mjs`. It disagrees on one thing, where the contract is followed:
it never divides a grapheme cluster, the contract only keeps escape and surrogate
pairs whole. The escape U+001B is in no table as a character: a text with it is UCS-2.

Form: {"cases": [{"name", "text": [[string, times], …], "encoding", "characters",
"units", "segments", "parts": [characters of each part]}]}. `characters` counts
Unicode scalar values, `units` septets or UTF-16 code units.
"""

import json
import random

import gsmcodecs  # noqa: F401  (registers the codecs)


BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = "\f^{}\\[~]|€"


def septets(character):
    if character == "\x1b":
        return None
    try:
        octets = character.encode("gsm23.038")
    except UnicodeError:
        return None
    return len(octets)


def check_tables():
    assert len(BASIC) == 128 and len(EXTENSION) == 10
    for code in [*range(0xD800), *range(0xE000, 0x110000)]:
        character = chr(code)
        typed = 2 if character in EXTENSION else 1 if character in BASIC else None
        assert septets(character) == (None if character == "\x1b" else typed), hex(code)


def divide(text):
    sizes = [septets(c) for c in text]
    if None not in sizes:
        encoding, alone, room = "gsm7", 160, 153
    else:
        encoding, alone, room = "ucs2", 70, 67
        sizes = [len(c.encode("utf-16-be")) // 2 for c in text]
    units = sum(sizes)
    if units <= alone:
        return encoding, units, [len(text)]
    parts, count, filled = [], 0, 0
    for size in sizes:
        if filled + size > room:
            parts.append(count)
            count, filled = 0, 0
        count, filled = count + 1, filled + size
    parts.append(count)
    return encoding, units, parts


check_tables()
cases = []


def case(name, *runs):
    runs = [list(run) if isinstance(run, tuple) else [run, 1] for run in runs]
    text = "".join(string * times for string, times in runs)
    encoding, units, parts = divide(text)
    cases.append({
        "name": name, "text": runs, "encoding": encoding, "characters": len(text),
        "units": units, "segments": len(parts), "parts": parts,
    })


for n in [1, 2, 69, 70, 71, 152, 153, 154, 159, 160, 161, 305, 306, 307, 458, 459, 460, 611, 612,
          613, 764, 765, 766, 1529, 1530, 1531, 1599, 1600]:
    case(f"{n} ASCII letters", ("a", n))
for n in [1, 34, 35, 36, 65, 66, 67, 68, 69, 70, 71, 133, 134, 135, 200, 201, 202, 267, 268, 269,
          1599, 1600]:
    case(f"{n} Cyrillic letters", ("ж", n))
for n in [1, 33, 34, 35, 36, 65, 66, 67, 68, 98, 99, 100, 1599, 1600]:
    case(f"{n} emoji", ("😀", n))
for n in [1, 76, 77, 79, 80, 81, 151, 152, 153, 154, 228, 229, 1599, 1600]:
    case(f"{n} euro signs", ("€", n))
for pair in "€[|^{}\\~]\f":
    for before in [151, 152, 153, 157, 158, 159, 160, 304, 305, 306]:
        case(f"{before} letters, then {pair!r}, then 10 letters", ("a", before), pair, ("b", 10))
    for before in [150, 456, 457, 458, 459]:
        case(f"{before} letters, then {pair!r} twice, then 10 letters", ("a", before), (pair, 2), ("b", 10))
for before in [64, 65, 66, 67, 68, 69, 70, 131, 132, 133, 134, 199, 200, 201]:
    case(f"{before} Cyrillic letters, then an emoji, then 5 letters", ("ж", before), "😀", ("ж", 5))
basic = [chr(c) for c in range(0x0, 0x3000) if septets(chr(c)) is not None]
assert len(basic) == 127 + 10, len(basic) if '€' in basic else (len(basic), 'no euro')
for character in basic:
    case(f"the GSM character {character!r}", character)
case("the escape itself", "\x1b")
typographic = (
    "‘’‚‛′“”„‟″–—‐‑‒―−…•«»‹›`´\u00a0\u00ad\u2002\u2003\u2007\u2008\u2009\u200a\u200b\u202f\ufeff\t"
)
for character in typographic + "çáíóúâêôãõëïœ™©®°½²ªº×÷":
    case(f"{character!r} in a text", "a", character, "b")
for name, text in [
    ("a family", "👨‍👩‍👧‍👦"), ("a flag", "🇳🇱"), ("a combining accent", "e\u0301"),
]:
    for before in [65, 66, 67, 69]:
        case(f"{before} Cyrillic letters, then {name}, then 5 letters", ("ж", before), text, ("ж", 5))
case("67 combining accents, a part more if clusters were kept whole", ("e\u0301", 67))
for character in "’–":
    for n in [68, 69, 70, 133, 134, 159]:
        case(f"{n} letters and {character!r}", ("a", n), character)
for name, text in [
    ("Arabic", "مرحبا بالعالم"), ("Hebrew", "שלום עולם"), ("Chinese", "你好，世界"),
    ("Japanese", "こんにちは世界"), ("Hindi", "नमस्ते दुनिया"), ("Greek", "Καλημέρα"),
    ("Greek capitals of GSM", "ΔΦΓΛΩΠΨΣΘΞ"), ("a family", "👨‍👩‍👧‍👦"), ("a flag", "🇳🇱"),
    ("a skin tone", "👍🏽"), ("a combining accent", "e\u0301"), ("a precomposed accent", "é"),
    ("a right-to-left mark", "a\u200fb"), ("line breaks", "a\r\nb\nc"),
    ("the guide's text", "Your order #1234 has shipped!"),
]:
    case(name, text)
    case(f"{name}, fifty times", (text, 50 if len(text) * 50 <= 1600 else 1600 // len(text)))
rng = random.Random(20260403)
for n in range(40):
    alphabet = basic if n % 2 else basic + ["ж", "😀", "’"]
    text = "".join(rng.choice(alphabet) for _ in range(rng.randint(100, 700)))
    case(f"random {n}", text)

print('{"cases": [')
print(",\n".join(json.dumps(c) for c in cases))
print("]}")
