"""A language pack: what one language says in which words. One file a language, under `languages/`; data only.

`languages/en.toml` explains the form; everything here is checked when a pack is loaded, and all mistakes in it are
mistakes of the file, reported with the place.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from rsvpbot.reading.phrases import (
    NOTHING,
    Lists,
    Needs,
    Opening,
    Phrase,
    PhraseError,
    compile_phrase,
    may_open,
    normal,
    words_of,
)
from rsvpbot.reading.tokens import Spelling

MEANINGS = (
    "withdraw",
    "substitute",
    "no",
    "missed",
    "maybe",
    "promise",
    "wish",
    "yes",
    "away",
    "together",
    "late",
    "logistics",
    "request",
    "receipt",
    "courtesy",
)
"""What a clause can be taken for, the more telling first: where two are equally long, the first one is meant."""

ANSWERS = frozenset({"yes", "no", "maybe", "promise", "wish", "missed", "away", "substitute", "withdraw"})

_PLACES: Mapping[str, frozenset[str]] = {
    "phrases": frozenset(),
    "after_subject": frozenset({"subject"}),
    "after_stated_subject": frozenset({"subject", "stated"}),
    "after_subject_ending_a_clause": frozenset({"subject", "closing"}),
    "ending_a_clause": frozenset({"closing"}),
    "standing_alone": frozenset({"alone"}),
    "also_in_questions": frozenset({"asked"}),
}
"""Where in a section a phrase may stand, and what that asks of its surroundings (see en.toml)."""

PEOPLE = ("alone", "guests", "count", "head")
"""What is said of who comes along, beside the answer."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One phrase of a pack and what it means."""

    meaning: str
    phrase: Phrase
    subject: bool = False
    """Needs a subject before it: somebody comes, or does not."""
    alone: bool = False
    """Means this only where it stands alone between two stops."""
    stated: bool = False
    """The subject may not be left out."""
    closing: bool = False
    """Means this only where its clause ends with it."""
    asked: bool = False
    """Means this in a question too ("could you put me down?")."""
    value: str = ""
    """Of a fact: the short English word."""
    needs: Needs = NOTHING
    """What a sentence must hold for the phrase to be in it."""


@dataclass(frozen=True, slots=True)
class Pack:
    """One language, compiled."""

    tag: str
    name: str
    spelling: Spelling
    lists: Lists
    rules: tuple[Rule, ...]
    numbers: Mapping[str, int]
    titles: tuple[tuple[str, ...], ...]
    """Words before or after a name that are no part of it; the longest first."""
    titles_by_word: Mapping[str, tuple[tuple[str, ...], ...]]
    """The same by their first word."""
    words: Mapping[str, frozenset[str]]
    """Plain word sets: self, we, they, roles, and, particles, not, if, but, doubt, weighty, organisation …"""
    vocabulary: frozenset[str]
    """Every word that the pack knows; a word that it does not know may be a name or a slip of the pen."""
    typo_targets: Mapping[str, str]
    examples: tuple[Mapping[str, Any], ...] = ()
    _index: dict[str, tuple[Rule, ...]] = field(default_factory=dict)
    _openings: tuple[tuple[Rule, Opening], ...] = ()

    def rules_for(self, word: str) -> tuple[Rule, ...]:
        """The rules whose phrase may begin with this word."""
        found = self._index.get(word)
        if found is None:
            found = tuple(rule for rule, opening in self._openings if may_open(opening, word))
            if len(self._index) < 50_000:
                self._index[word] = found
        return found

    def has(self, name: str, word: str) -> bool:
        return word in self.words.get(name, frozenset())


class PackError(ValueError):
    """A language file that cannot be used: the file, the place, and what is wrong."""


@cache
def load(tag: str) -> Pack | None:
    """The pack of a language tag ("en-US" is "en"), or None where there is none. Raises PackError."""
    base = tag.partition("-")[0].lower()
    if not base.isalpha():
        return None
    folder = resources.files("rsvpbot.reading.languages")
    file = folder / f"{base}.toml"
    if not file.is_file():
        return None
    common = folder / "common.toml"
    return build(
        tomllib.loads(file.read_text(encoding="utf-8")),
        tomllib.loads(common.read_text(encoding="utf-8")),
        f"{base}.toml",
    )


def available() -> tuple[str, ...]:
    """The tags of all languages that have a pack."""
    folder = resources.files("rsvpbot.reading.languages")
    return tuple(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".toml") and f.name != "common.toml"))


def build(data: Mapping[str, Any], common: Mapping[str, Any], source: str) -> Pack:
    """Compile a pack from its parsed file and the signs that all languages share. Raises PackError."""
    try:
        return _build(data, common)
    except PhraseError as error:
        raise PackError(f"{source}: {error}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise PackError(f"{source}: {error!r}: a section is missing, or a value is not of its form") from error


def _build(data: Mapping[str, Any], common: Mapping[str, Any]) -> Pack:
    lists_data = {name: tuple(texts) for name, texts in data["lists"].items()}
    lists_data.setdefault("fill", ())
    lists = Lists(lists_data)
    rules = tuple(_rules(data, lists)) + tuple(_rules(common, lists))
    spelling_data = data.get("spelling", {})
    spelling = Spelling(
        variants={normal(k): tuple(normal(v).split()) for k, v in spelling_data.get("variants", {}).items()},
        endings=tuple(
            (normal_ending(k), tuple(normal(v).split()))
            for k, v in sorted(spelling_data.get("endings", {}).items(), key=lambda item: -len(item[0]))
        ),
        stops=frozenset(normal(word) for word in spelling_data.get("stops", ())),
    )
    word_sets = {**data["words"], **data.get("background", {})}
    words = {name: frozenset(normal(text) for text in texts) for name, texts in word_sets.items()}
    titles = tuple(sorted({tuple(normal(t).split()) for t in data["titles"]["words"]}, key=len, reverse=True))
    numbers = {normal(word): int(value) for word, value in data.get("numbers", {}).items()}
    vocabulary = frozenset(
        {word for rule in rules for word in words_of(rule.phrase)}
        | set(lists.words())
        | {part for text in (t for group in words.values() for t in group) for part in text.split()}
        | {part for title in titles for part in title}
        | set(numbers)
        | {part for parts in spelling.variants.values() for part in parts}
    )
    targets = {normal(word) for word in spelling_data.get("slips", ())}
    openings = tuple((rule, lists.opening(rule.phrase)) for rule in rules)
    return Pack(
        tag=data["tag"],
        name=data["name"],
        spelling=spelling,
        lists=lists,
        rules=rules,
        numbers=numbers,
        titles=titles,
        titles_by_word={first: tuple(t for t in titles if t[0] == first) for first in {t[0] for t in titles}},
        words=words,
        vocabulary=vocabulary,
        typo_targets=_slips(targets, vocabulary),
        examples=tuple(data.get("example", ())),
        _openings=openings,
    )


def normal_ending(text: str) -> str:
    return text.replace("’", "'").lower()


def _rules(data: Mapping[str, Any], lists: Lists) -> Iterable[Rule]:
    for meaning in (*MEANINGS, *PEOPLE):
        section = data.get(meaning, {})
        for key, traits in _PLACES.items():
            for text in section.get(key, ()):
                phrase = _phrase(text, lists, meaning)
                yield Rule(
                    meaning,
                    phrase,
                    subject="subject" in traits,
                    alone="alone" in traits,
                    stated="stated" in traits,
                    closing="closing" in traits,
                    asked="asked" in traits,
                    needs=lists.needs(phrase),
                )
    for fact in ("diet", "access", "pass"):
        for value, texts in data.get(fact, {}).items():
            for text in texts:
                phrase = _phrase(text, lists, f"{fact}.{value}")
                yield Rule(fact, phrase, value=value, needs=lists.needs(phrase))


def _phrase(text: str, lists: Lists, where: str) -> Phrase:
    try:
        phrase = compile_phrase(text)
    except PhraseError as error:
        raise PhraseError(f"[{where}] {error}") from error
    lists.check(phrase, f"[{where}] {text!r}")
    return phrase


def _slips(targets: Iterable[str], vocabulary: frozenset[str]) -> dict[str, str]:
    """Every word one slip of the pen away from a key word: a letter left out, doubled, changed or exchanged."""
    slips: dict[str, str] = {}
    for word in sorted(targets):
        variants = {word[:i] + word[i + 1 :] for i in range(1, len(word))}
        variants |= {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)}
        letters = sorted(set("abcdefghijklmnopqrstuvwxyz") | set(word))
        variants |= {word[:i] + c + word[i:] for i in range(1, len(word) + 1) for c in letters}
        variants |= {word[:i] + c + word[i + 1 :] for i in range(1, len(word)) for c in letters}
        for variant in variants:
            if variant not in vocabulary and variant not in targets:
                slips.setdefault(variant, word)
    return slips


__all__ = ["ANSWERS", "Pack", "PackError", "Rule", "available", "build", "load"]
