"""Which language a text is in: script first, then frequent words, letters and endings (tongues.toml). No dependency.

Made for short texts, down to one word: "oui", "Con gusto asistiré", "не смогу". Says "und" rather than guess.
Tags follow BCP 47 (RFC 5646); Russian and Arabic in Latin letters are "ru-Latn" and "ar-Latn".
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

UNKNOWN = "und"

_LONGEST = 6_000
PLAINLY = 1.5
"""So far ahead of Russian is a language that is written with Russian letters."""

NEAR = 0.5
"""So much of the best score has a language that may be meant as well."""

_ENOUGH = 0.2
LONG_WORD = 6
"""Letters from which on an ending says something."""

LONGEST_ENDING = 6
"""A word that five languages share says nothing."""
_NOT_PROSE = re.compile(r"https?://\S{1,500}|[^\s<>@]{1,64}@[^\s<>@]{1,128}")
_CITED = re.compile(r"«[^»\n]{12,300}»|\"[^\"\n]{12,300}\"|“[^”\n]{12,300}”|„[^“\n]{12,300}“")
_HARD_SIGN = re.compile("ъ(?=[еёюя])")
"""As Russian has it ("отъезд"); Bulgarian has it elsewhere."""
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_ELISION = re.compile(r"['’]")
_NAME_PARTICLES = frozenset({
    "van", "der", "den", "de", "del", "la", "le", "da", "do", "dos", "das", "di", "du", "von", "y", "el", "al",
    "bin", "ibn", "e",
})  # fmt: skip

# One range a script, in the order in which they are asked for.
_KANA = ((0x3041, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9D))
_HANGUL = ((0xAC00, 0xD7AF), (0x1100, 0x11FF), (0x3130, 0x318F))
_HAN = ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x3134F), (0xF900, 0xFAFF))
_OTHERS = {
    "el": ((0x0370, 0x03FF), (0x1F00, 0x1FFF)),
    "he": ((0x0590, 0x05FF),),
    "th": ((0x0E00, 0x0E7F),),
    "hi": ((0x0900, 0x097F),),
    "bn": ((0x0980, 0x09FF),),
    "ta": ((0x0B80, 0x0BFF),),
    "te": ((0x0C00, 0x0C7F),),
    "si": ((0x0D80, 0x0DFF),),
    "lo": ((0x0E80, 0x0EFF),),
    "my": ((0x1000, 0x109F),),
    "ka": ((0x10A0, 0x10FF),),
    "am": ((0x1200, 0x137F),),
    "km": ((0x1780, 0x17FF),),
    "hy": ((0x0530, 0x058F),),
    "bo": ((0x0F00, 0x0FFF),),
}


@dataclass(frozen=True, slots=True)
class _Tongue:
    tag: str
    letters: frozenset[str]
    endings: tuple[str, ...]


@cache
def _tongues(script: str) -> tuple[dict[str, dict[str, float]], tuple[_Tongue, ...]]:
    """For each word the languages that have it with the word's weight there, and the languages of a script."""
    table = tomllib.loads(resources.files("rsvpbot.reading").joinpath("tongues.toml").read_text("utf-8"))[script]
    homes: dict[str, list[str]] = {}
    tongues = []
    for tag, entry in table.items():
        for word in dict.fromkeys(entry["words"].split()):
            homes.setdefault(word, []).append(tag)
        tongues.append(_Tongue(tag, frozenset(entry["letters"].split()), tuple(entry.get("endings", "").split())))
    weights = {word: dict.fromkeys(tags, (1.0 if len(word) < 4 else 1.5) / len(tags)) for word, tags in homes.items()}
    return weights, tuple(tongues)


def language_of(text: str) -> str:
    """BCP 47 tag of the language that most of `text` is in; "und" where nothing can be said. Reads 6,000 characters."""
    return languages_of(text)[0]


def languages_of(text: str) -> tuple[str, ...]:
    """The same, and behind it the languages in Latin letters that come near it."""
    text = text[:_LONGEST]
    if "@" in text or "://" in text:
        text = _NOT_PROSE.sub(" ", text)
    scripts = _scripts(text)
    if not scripts:
        return (UNKNOWN,)
    script = max(scripts, key=lambda name: (scripts[name], name))
    if script in {"ja", "ko", "zh", *_OTHERS}:
        return (script,)
    best, scores = _vote(_CITED.sub(" ", text), script)
    if scores[best] <= _ENOUGH:
        best, scores = _vote(text, script)
    if scores[best] > _ENOUGH:
        if script != "latin":
            return (best,)
        return best, *(tag for tag, score in scores.items() if tag != best and score >= NEAR * scores[best])
    return ({"cyrillic": "ru", "arabic": "ar"}.get(script, UNKNOWN),)


def script_of(text: str) -> str:
    """The script of most of a text: "latin", "cyrillic", "arabic", or the tag of a language with one of its own."""
    scripts = _scripts(text[:_LONGEST])
    return max(scripts, key=lambda name: (scripts[name], name)) if scripts else ""


def _scripts(text: str) -> Mapping[str, float]:
    """How much of the text is in which script.

    A Han character says as much as two letters. Beside another script, Latin words with a capital are likely names or
    the event's title, and do not count.
    """
    counts: Counter[str] = Counter()
    kana = 0
    for sign, times in Counter(text).items():
        if not sign.isalpha():
            continue
        code = ord(sign)
        if code < 0x0250 or 0x1E00 <= code < 0x1F00:
            counts["latin"] += times
        elif 0x0400 <= code < 0x0530:
            counts["cyrillic"] += times
        elif 0x0600 <= code < 0x0780 or 0xFB50 <= code < 0xFF00:
            counts["arabic"] += times
        elif _within(code, _HAN):
            counts["zh"] += 2 * times
        elif _within(code, _KANA):
            kana += times
        elif _within(code, _HANGUL):
            counts["ko"] += 2 * times
        else:
            for tag, ranges in _OTHERS.items():
                if _within(code, ranges):
                    counts[tag] += times
                    break
    if kana:
        counts["ja"] = 2 * kana + (counts.pop("zh", 0) if kana * 10 >= counts.get("zh", 0) / 2 else 0)
    if 0 < counts["latin"] < counts.total():
        lower = sum(len(word) for word in _WORD.findall(text) if word[0].islower() and word[0] < "\u0250")
        counts["latin"] = lower // 3
    return counts


def _within(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= code <= last for first, last in ranges)


def _vote(text: str, script: str) -> tuple[str, dict[str, float]]:
    """The best tag of a script, and the scores of all."""
    weights, tongues = _tongues(script)
    scores = dict.fromkeys((tongue.tag for tongue in tongues), 0.0)
    for word, weight in _counted_words(text):
        home = weights.get(word)
        if home is not None:
            for tag, share in home.items():
                scores[tag] += share * weight
            continue
        for tag in _ending_so(word[-LONGEST_ENDING:], script) if len(word) >= LONG_WORD else ():
            scores[tag] += 0.15 * weight
    folded = text.casefold()
    signs = Counter(_HARD_SIGN.sub("", folded) if "ъ" in folded else folded)
    for tongue in tongues:
        scores[tongue.tag] += sum(min(signs[letter], 3) for letter in tongue.letters & signs.keys()) * (
            0.6 if script == "latin" else 1.0
        )
    best = max(scores, key=lambda tag: scores[tag])
    if (
        script == "cyrillic"
        and best != "ru"
        and not any(signs[sign] for t in tongues if t.tag == best for sign in t.letters)
    ):
        # Without a letter of its own, a neighbour's must be plainly ahead.
        best = best if scores[best] >= scores["ru"] + PLAINLY else "ru"
    return best, scores


@lru_cache(maxsize=4_000)
def _ending_so(end: str, script: str) -> tuple[str, ...]:
    """The languages of whose words many end like this."""
    return tuple(tongue.tag for tongue in _tongues(script)[1] if end.endswith(tongue.endings))


def _counted_words(text: str) -> list[tuple[str, float]]:
    """The words, and how much each counts: a particle before a capital is likely part of a name."""
    found = _WORD.findall(text)
    counted: list[tuple[str, float]] = []
    for at, word in enumerate(found):
        folded = word.casefold().replace("’", "'")
        following = found[at + 1] if at + 1 < len(found) else ""
        weight = 0.25 if folded in _NAME_PARTICLES and word.islower() and following[:1].isupper() else 1.0
        counted.append((folded, weight))
        if "'" in folded:
            counted.extend((piece, 0.5 * weight) for piece in _ELISION.split(folded))
    return counted
