"""A language pack: what one language says in which words. One file a language, under `languages/`; data only.

`docs/adding-a-language.md` explains the form; everything here is checked when a pack is loaded, and a mistake is
reported with its file and place.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

import tomli

from rsvpbot.reading.phrases import Lexicon, Rule
from rsvpbot.reading.phrases import check as check_phrases
from rsvpbot.reading.tokens import PLAIN, Spelling, Token, norms_of, norms_of_words, tokenize
from rsvpbot.reading.written import Cut, PhraseError, single_words

ANSWERS = frozenset({"yes", "no", "maybe", "missed", "away", "promise", "withdraw"})
"""What says it all ("count me in"), and what keeps one away ("am travelling")."""

VERBS = frozenset({"come", "presence"})
"""Words of coming: what is said of them, decides."""

MODIFIERS = frozenset(
    {
        "not",
        "cannot",
        "fail",
        "can",
        "will",
        "glad",
        "want",
        "confirm",
        "hope",
        "unsure",
        "if",
        "regret",
        "past",
        "would",
    }
)
"""What is said of coming."""

INSTEAD = frozenset({"instead", "instead_of", "represented", "stands_in", "sends"})
"""Somebody else comes."""

BESIDE = ("bring", "count", "more", "only", "together", "list", "late")
"""Who comes along, and when."""

OTHERS = frozenset({"but", "ask", "logistics", "special", "receipt", "courtesy", "aside", "be_in", "be"})

FACTS = ("diet", "access", "pass")

MEANINGS = (
    "aside", "courtesy", "withdraw", "instead_of", "instead", "represented", "stands_in", "sends",
    "no", "missed", "maybe", "promise", "yes", "away", "cannot", "not", "fail", "unsure", "if", "would", "hope",
    "confirm", "want", "glad", "can", "will", "past", "come", "presence", "regret", "receipt", "logistics", "ask",
    "special", "introduces", "but", "be_in", "be", *BESIDE,
)  # fmt: skip
"""Every section of phrases; of two equally long phrases at one place the earlier one is meant."""

SWITCHES = ("verb_first", "articles", "near", "not_adjacent", "bare_infinitive")
"""What a language does otherwise than English."""

PERSONS = ("any", "i", "we", "they")

_WHERE = ("alone", "whole", "first")
"""Lists of phrases that mean what they say only at some place."""

_VALUES = frozenset(
    {("not", "concord"), ("withdraw", "earlier"), ("unsure", "low"), ("bring", "comes"), ("list", "named")}
)
"""Lists of phrases of which something more is known."""

_SETS: Mapping[str, tuple[str, ...]] = {
    "people": (
        "i", "we", "they", "theirs", "my", "our", "determiners", "titles", "modifiers", "roles", "plural", "group",
        "organisation", "it", "and", "both", "of", "who", "particles", "places", "never_names", "surnames",
        "successors", "junior", "kin", "office", "objects", "given", "dual",
        "name_articles",
    ),
    "letter": ("greetings", "dear", "addressees", "closings", "labels"),
    "words": (
        "fill", "ordinary", "object", "turn", "other", "there", "months", "day_endings",
        "day_beginnings", "hours", "that", "bare", "tags",
    ),
}  # fmt: skip
"""The sets of words that a pack may have, by section."""


@dataclass(frozen=True, slots=True)
class Pack:
    """One language, compiled."""

    tag: str
    name: str
    spelling: Spelling
    lexicon: Lexicon
    numbers_by_word: Mapping[str, tuple[tuple[tuple[str, ...], int], ...]]
    """Number words and their values by their first word, the longest first."""
    title_ends: Mapping[str, tuple[tuple[str, ...], ...]]
    """Titles by their last word, the longest first: what may stand behind a name and is no part of it."""
    words: Mapping[str, frozenset[str]]
    """The sets of words, by name; "self" is "i" and "we" together."""
    entries: Mapping[str, Mapping[str, tuple[tuple[str, ...], ...]]]
    """The same by first word, as words, the longest first."""
    vocabulary: frozenset[str]
    """Every word that the pack knows; a word that it does not know may be a name or a slip of the pen."""
    person_words: frozenset[str]
    """Words with which a mention of a person may begin in lower case."""
    verbs: frozenset[str]
    """Single words of coming, being able, intending: with one of them a line is a sentence."""
    slips: Mapping[str, str]
    """Words one slip of the pen away from a key word, and that word."""
    verb_first: bool = False
    """Whoever comes may stand behind the verb: "acudirá Ana"."""
    near: bool = False
    """A denial turns nothing beyond a comma."""
    not_adjacent: bool = False
    """A "not" stands right before what it denies."""
    bare_infinitive: bool = True
    """A verb of coming that opens a sentence says that somebody comes: "Attending with pleasure"."""
    articles: bool = True
    """A role without an article, a possessive or a capital is nobody in particular: "colleague"."""
    weekdays: Mapping[str, int] = field(default_factory=dict)
    """The names of the days of the week; Monday is 0."""
    examples: tuple[Mapping[str, Any], ...] = ()
    _merged: dict[tuple[str, ...], Mapping[str, tuple[tuple[str, ...], ...]]] = field(default_factory=dict, repr=False)
    """Entries of several sets together, worked out when they are first asked for."""

    def longest(self, name: str, tokens: Sequence[Token], at: int) -> int:
        """How many tokens the longest entry of a set takes that stands at a token; 0 for none."""
        if at >= len(tokens):
            return 0
        found = self.entries[name].get(tokens[at].norm)
        return _length(found, tokens, at) if found else 0

    def longest_of(self, names: tuple[str, ...], tokens: Sequence[Token], at: int) -> int:
        """The same for several sets."""
        entries = self._merged.get(names)
        if entries is None:
            entries = self._merged[names] = _entries({text for name in names for text in self.words[name]})
        if at >= len(tokens):
            return 0
        found = entries.get(tokens[at].norm)
        return _length(found, tokens, at) if found else 0

    def weekday(self, word: str) -> int | None:
        """Which day of the week a word names, Monday being 0; None for any other word."""
        return self.weekdays.get(word)

    def has(self, name: str, word: str) -> bool:
        return word in self.words[name]

    def knows(self, word: str) -> bool:
        """Whether a word is one of the language's that the pack has, in whatever form."""
        return word in self.vocabulary or any(word[:n] in self.lexicon.stems for n in range(3, len(word)))


def _length(found: Sequence[tuple[str, ...]], tokens: Sequence[Token], at: int) -> int:
    """How many words has the first of these entries that stands at a token; 0 for none. All have its word in front, and
    most of them another behind it."""
    second = tokens[at + 1].norm if at + 1 < len(tokens) else ""
    for words in found:
        length = len(words)
        if length == 1:
            return 1
        if words[1] == second and (
            length == 2 or tuple([token.norm for token in tokens[at + 2 : at + length]]) == words[2:]
        ):
            return length
    return 0


class PackError(ValueError):
    """A language file that cannot be used: the file, the place, and what is wrong."""


@cache
def load(tag: str) -> Pack | None:
    """The pack of a language tag ("en-US" is "en"), or None where there is none.

    Only what texts ask for is worked out, and so only that is checked; `check` goes through all of it. Raises
    PackError.
    """
    found = _files(tag)
    return build(*found, thorough=False) if found else None


def check(tag: str) -> None:
    """Go through every phrase of a pack. Raises PackError with the first mistake."""
    found = _files(tag)
    if found:
        build(*found)


def _files(tag: str) -> tuple[Mapping[str, Any], Mapping[str, Any], str] | None:
    """A pack as it is written, the signs that all languages share, and the name of the file."""
    base = tag.partition("-")[0].lower()
    if not base.isalpha():
        return None
    folder = resources.files("rsvpbot.reading.languages")
    file = folder / f"{base}.toml"
    if not file.is_file() or base == "common":
        return None
    common = folder / "common.toml"
    return (  # tomli: as tomllib, and compiled; the packs are megabytes
        tomli.loads(file.read_text(encoding="utf-8")),
        tomli.loads(common.read_text(encoding="utf-8")),
        f"{base}.toml",
    )


@cache
def available() -> tuple[str, ...]:
    """The tags of all languages that have a pack."""
    folder = resources.files("rsvpbot.reading.languages")
    return tuple(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".toml") and f.name != "common.toml"))


def build(data: Mapping[str, Any], common: Mapping[str, Any], source: str, *, thorough: bool = True) -> Pack:
    """Compile a pack from its parsed file and the signs that all languages share. `thorough`: go through every phrase
    before. Raises PackError."""
    try:
        if thorough:
            check_phrases(_phrases(data, common), {"fill": (), **data.get("classes", {})})
        return _build(data, common)
    except PhraseError as error:
        raise PackError(f"{source}: {error}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise PackError(f"{source}: {error!r}: a section is missing, or a value is not of its form") from error


def normal(text: str, spelling: Spelling = PLAIN) -> str:
    """Words as they are compared: folded, joined by single spaces."""
    return " ".join(norms_of(text, spelling))


def _build(data: Mapping[str, Any], common: Mapping[str, Any]) -> Pack:
    _check_sections(data)
    spelling = _spelling(data.get("spelling", {}))
    words = _word_sets(data, Spelling(elisions=spelling.elisions, accented=spelling.accented))
    classes = data.get("classes", {})
    telling = {
        normal(text) for name in ("unsure", "if", "hope", "not", "fail") for text in _all_texts(data.get(name, ()))
    }
    words = {**words, "fill": words["fill"] - telling}  # a filler is passed over, and "perhaps" must not be
    barrier = frozenset(
        word for name in ("not", "but", "if") for text in _all_texts(data.get(name, ())) for word in [normal(text)]
    )
    lexicon = Lexicon(_phrases(data, common), {**classes, "fill": sorted(words["fill"])}, barrier, spelling)
    numbers = {normal(word): int(value) for word, value in data.get("numbers", {}).items()}
    vocabulary = frozenset(
        lexicon.words
        | {
            part
            for name, texts in words.items()
            if name not in {"surnames", "places"}
            for t in texts
            for part in t.split()
        }
        | {part for number in numbers for part in number.split()}
        | {part for parts in spelling.variants.values() for part in parts}
    )
    return Pack(
        tag=data["tag"],
        name=data["name"],
        spelling=spelling,
        lexicon=lexicon,
        numbers_by_word=_by_first_word((tuple(number.split()), value) for number, value in numbers.items()),
        title_ends=_by_last_word(words["titles"]),
        words=words,
        entries={name: _entries(texts) for name, texts in words.items()},
        vocabulary=vocabulary,
        person_words=frozenset(
            first
            for name in (
                "self",
                "they",
                "determiners",
                "titles",
                "modifiers",
                "roles",
                "plural",
                "group",
                "both",
                "dual",
            )
            for text in words[name]
            for first in text.split()[:1]
        )
        | {number.split()[0] for number in numbers}
        | words["particles"],
        verbs=frozenset(_single_words(data)),
        slips=_slips({normal(word) for word in data.get("spelling", {}).get("slips", ())}, vocabulary),
        verb_first=bool(data.get("verb_first", False)),
        articles=bool(data.get("articles", True)),
        near=bool(data.get("near", False)),
        not_adjacent=bool(data.get("not_adjacent", False)),
        bare_infinitive=bool(data.get("bare_infinitive", True)),
        weekdays={
            normal(word): day
            for day, names in enumerate(data.get("words", {}).get("weekdays", ()))
            for word in names.split("|")
        },
        examples=tuple(data.get("example", ())),
    )


def _entries(texts: Iterable[str]) -> Mapping[str, tuple[tuple[str, ...], ...]]:
    by_word: dict[str, list[tuple[str, ...]]] = {}
    for text in texts:
        words = tuple(text.split())
        by_word.setdefault(words[0], []).append(words)
    return {first: tuple(sorted(found, key=len, reverse=True)) for first, found in by_word.items()}


def _by_last_word(texts: Iterable[str]) -> Mapping[str, tuple[tuple[str, ...], ...]]:
    by_word: dict[str, list[tuple[str, ...]]] = {}
    for text in texts:
        words = tuple(text.split())
        by_word.setdefault(words[-1], []).append(words)
    return {last: tuple(sorted(found, key=len, reverse=True)) for last, found in by_word.items()}


def _by_first_word(
    numbers: Iterable[tuple[tuple[str, ...], int]],
) -> Mapping[str, tuple[tuple[tuple[str, ...], int], ...]]:
    by_word: dict[str, list[tuple[tuple[str, ...], int]]] = {}
    for words, value in numbers:
        by_word.setdefault(words[0], []).append((words, value))
    return {first: tuple(sorted(found, key=lambda n: -len(n[0]))) for first, found in by_word.items()}


_LISTS: Mapping[str, tuple[str, ...]] = {"words": ("weekdays",)}
"""Lists whose order matters."""


def _check_sections(data: Mapping[str, Any]) -> None:
    known = {"tag", "name", *SWITCHES, "spelling", "numbers", "classes", "example", *_SETS, *MEANINGS, *FACTS}
    unknown = sorted(set(data) - known)
    if unknown:
        raise PhraseError(f"there is no section [{unknown[0]}]")
    for section, names in _SETS.items():
        wrong = sorted(set(data.get(section, {})) - {*names, *_LISTS.get(section, ())})
        if wrong:
            raise PhraseError(f"[{section}] has no list {wrong[0]!r}")
    days = len(data.get("words", {}).get("weekdays", ()))
    if days not in {0, 7}:
        raise PhraseError(f"[words] weekdays: there are 7, from Monday on, and not {days}")


def _words_only(text: str, spelling: Spelling) -> str:
    """As `normal`, without the stops of "H.E."; a sign that stands alone ("&") stays."""
    tokens = [token for token in tokenize(text, spelling) if token.norm != "\n"]
    return " ".join(token.norm for token in tokens if token.word or len(tokens) == 1)


def _word_sets(data: Mapping[str, Any], spelling: Spelling) -> Mapping[str, frozenset[str]]:
    texts = {name: data.get(section, {}).get(name, ()) for section, names in _SETS.items() for name in names}
    everything = {text for of in texts.values() for text in of}
    plain = norms_of_words((part for text in everything for part in text.split()), spelling)
    norms = {
        text: " ".join(word for part in parts for word in plain[part])
        if all(part in plain for part in parts)
        else _words_only(text, spelling)
        for text in everything
        for parts in [text.split()]
    }
    words = {name: frozenset(filter(None, (norms[text] for text in of))) for name, of in texts.items()}
    words["self"] = words["i"] | words["we"]
    return words


def _spelling(data: Mapping[str, Any]) -> Spelling:
    exact = Spelling(accented=frozenset(unicodedata.normalize("NFC", w.lower()) for w in data.get("accented", ())))
    return Spelling(
        variants={normal(k): tuple(normal(v, exact).split()) for k, v in data.get("variants", {}).items()},
        endings=tuple(
            (k.replace("’", "'").lower(), tuple(normal(v).split()))
            for k, v in sorted(data.get("endings", {}).items(), key=lambda item: -len(item[0]))
        ),
        accented=exact.accented,
        elisions=frozenset(normal(text) for text in data.get("elisions", ())),
        always=tuple(normal(text) for text in data.get("always", ())),
        beginnings=tuple(sorted((normal(text) for text in data.get("beginnings", ())), key=len, reverse=True)),
        stops=frozenset(normal(word) for word in data.get("stops", ())),
    )


def _all_texts(section: Any) -> Iterable[str]:
    if isinstance(section, Mapping):
        for texts in section.values():
            yield from texts
    else:
        yield from section


def _phrases(data: Mapping[str, Any], common: Mapping[str, Any]) -> Iterable[tuple[str, Rule]]:
    return (phrase for source in (data, common) for phrase in _rules(source))


def _rules(data: Mapping[str, Any]) -> Iterable[tuple[str, Rule]]:
    for meaning in MEANINGS:
        section = data.get(meaning, ())
        if not isinstance(section, Mapping):
            section = {"any": section}
        for key, texts in section.items():
            if (meaning, key) == ("come", "would") or (meaning, key) in _VALUES:
                rule = Rule(meaning, value=key)
                yield from ((text, rule) for text in texts)
                continue
            if key not in {*PERSONS, *_WHERE}:
                raise PhraseError(f"[{meaning}] has no list {key!r}; there are {', '.join((*PERSONS, *_WHERE))}")
            person = key if key in {"i", "we", "they"} else ""
            rule = Rule(meaning, person, alone=key == "alone", whole=key == "whole", first=key == "first")
            yield from ((text, rule) for text in texts)
    for fact in FACTS:
        for value, texts in data.get(fact, {}).items():
            rule = Rule(fact, value=value)
            yield from ((text, rule) for text in texts)
    for name in ("ordinary", "fill"):
        texts = data.get("words", {}).get(name, ())
        plain = norms_of_words(texts, PLAIN)
        rule = Rule("ordinary")
        yield from ((text, rule) for text in texts if len(plain.get(text) or norms_of(text, PLAIN)) > 1)
    for name in ("event", "time"):
        rule = Rule(name)
        yield from ((text, rule) for text in data.get("classes", {}).get(name, ()))


def _single_words(data: Mapping[str, Any]) -> Iterable[str]:
    cut = Cut()
    for meaning in ("come", "will", "can", "cannot", "want", "hope", "glad", "confirm"):
        for text in _all_texts(data.get(meaning, ())):
            yield from single_words(text, cut)


def _slips(targets: Iterable[str], vocabulary: frozenset[str]) -> dict[str, str]:
    """Every word one slip of the pen away from a key word: a letter left out, doubled, changed or exchanged."""
    targets = sorted(targets)
    letters = sorted({letter for word in targets for letter in word})
    slips: dict[str, str] = {}
    for word in targets:
        variants = {word[:i] + word[i + 1 :] for i in range(1, len(word))}
        variants |= {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)}
        variants |= {word[:i] + c + word[i:] for i in range(1, len(word) + 1) for c in letters}
        variants |= {word[:i] + c + word[i + 1 :] for i in range(1, len(word)) for c in letters}
        for variant in variants:
            if variant not in vocabulary and variant not in targets:
                slips.setdefault(variant, word)
    return slips


__all__ = [
    "ANSWERS",
    "BESIDE",
    "FACTS",
    "INSTEAD",
    "MEANINGS",
    "MODIFIERS",
    "VERBS",
    "Pack",
    "PackError",
    "available",
    "build",
    "check",
    "load",
    "normal",
]
