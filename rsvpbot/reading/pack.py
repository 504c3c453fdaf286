"""A language pack: what one language says in which words. One file a language, under `languages/`; data only.

`docs/adding-a-language.md` explains the form; everything here is checked when a pack is loaded, and a mistake is
reported with its file and place.
"""

from __future__ import annotations

import pickle
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import chain
from pathlib import Path
from typing import Any

import tomli

from rsvpbot.reading.packed import Met, Remembered, WordSets
from rsvpbot.reading.phrases import Lexicon, Rule
from rsvpbot.reading.phrases import check as check_phrases
from rsvpbot.reading.tokens import PLAIN, Spelling, Token, norms_of, norms_of_words, tokenize
from rsvpbot.reading.written import Cut, PhraseError, single_words, stem_of

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

SWITCHES = ("verb_first", "articles", "near", "not_adjacent", "not_behind", "bare_infinitive")
"""What a language does otherwise than English."""

PERSONS = ("any", "i", "we", "they")

_WHERE = ("alone", "whole", "first")
"""Lists of phrases that mean what they say only at some place."""

_VALUES = frozenset(
    {
        ("not", "concord"),
        ("withdraw", "earlier"),
        ("unsure", "low"),
        ("bring", "comes"),
        ("list", "named"),
        ("yes", "rhetorical"),
        ("courtesy", "writes_for"),
        ("together", "invited"),
    }
)
"""Lists of phrases of which something more is known."""

_SETS: Mapping[str, tuple[str, ...]] = {
    "people": (
        "i", "we", "they", "theirs", "my", "our", "determiners", "titles", "modifiers", "roles", "plural", "group",
        "organisation", "it", "and", "or", "both", "of", "who", "particles", "places", "never_names", "surnames",
        "successors", "junior", "kin", "office", "objects", "given", "dual",
        "name_articles", "among", "with",
    ),
    "letter": ("greetings", "dear", "addressees", "closings", "wishes", "labels"),
    "words": (
        "fill", "ordinary", "object", "turn", "other", "there", "months", "day_endings",
        "day_beginnings", "hours", "that", "bare", "tags", "questions", "another_time",
        "unneeded",
    ),
}  # fmt: skip
"""The sets of words that a pack may have, by section."""


_VOCABULARY, _STEMS, _PERSON_BEGINS, _TITLE_ENDS = "vocabulary", "stems", "person begins", "title ends"
"""Sets that follow from the written ones."""

_OF_PEOPLE = ("self", "they", "determiners", "titles", "modifiers", "roles", "plural", "group", "both", "dual")

_WHOLE = (
    "self", "i", "we", "my", "our", "bare", "fill", "successors", "junior", "kin", "titles", "particles", "never_names",
    "day_endings", "day_beginnings", "hours", "months", "turn", "closings",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pack:
    """One language, compiled."""

    tag: str
    name: str
    spelling: Spelling
    lexicon: Lexicon
    numbers_by_word: Mapping[str, tuple[tuple[tuple[str, ...], int], ...]]
    """Number words and their values by their first word, the longest first."""
    longest_title: int
    """Words of the longest title."""
    sets: WordSets
    """The sets of words, by name; "self" is "i" and "we" together; and those that are worked out from them."""
    words: Mapping[str, frozenset[str]]
    """Those that are wanted as a whole."""
    verbs: frozenset[str]
    """Single words of coming, being able, intending: with one of them a line is a sentence."""
    key_words: tuple[str, ...]
    """Words in which one slip of the pen is forgiven."""
    verb_first: bool = False
    """Whoever comes may stand behind the verb: "acudirá Ana"."""
    near: bool = False
    """A denial turns nothing beyond a comma."""
    not_adjacent: bool = False
    """A "not" stands right before what it denies."""
    not_behind: bool = False
    """A "not" may stand right behind the verb: "je ne viendrai pas"."""
    bare_infinitive: bool = True
    """A verb of coming that opens a sentence says that somebody comes: "Attending with pleasure"."""
    articles: bool = True
    """A role without an article, a possessive or a capital is nobody in particular: "colleague"."""
    weekdays: Mapping[str, int] = field(default_factory=dict)
    """The names of the days of the week; Monday is 0."""
    examples: tuple[Mapping[str, Any], ...] = ()
    _bits: dict[tuple[str, ...], int] = field(default_factory=dict, repr=False)
    """Several sets as one number, worked out when they are first asked for."""
    _known: Remembered[bool] = field(init=False, repr=False)
    _slips: Remembered[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_known", Remembered(self._knows))
        object.__setattr__(self, "_slips", Remembered(self._slip_of))

    def begins(self, names: tuple[str, ...], word: str) -> bool:
        """Whether an entry of these sets begins with a word."""
        return bool(self.sets.met[word].begins & self._together(names))

    def longest(self, name: str, tokens: Sequence[Token], at: int) -> int:
        """How many tokens the longest entry of a set takes that stands at a token; 0 for none."""
        if at >= len(tokens):
            return 0
        met = self.sets.met[tokens[at].norm]
        wanted = met.begins & self.sets.bits[name] if met.begins else 0
        return _length(met, wanted, tokens, at) if wanted else 0

    def longest_of(self, names: tuple[str, ...], tokens: Sequence[Token], at: int) -> int:
        """The same for several sets."""
        if at >= len(tokens):
            return 0
        met = self.sets.met[tokens[at].norm]
        wanted = met.begins & self._together(names) if met.begins else 0
        return _length(met, wanted, tokens, at) if wanted else 0

    def _together(self, names: tuple[str, ...]) -> int:
        found = self._bits.get(names)
        if found is None:
            found = self._bits[names] = sum({self.sets.bits[name] for name in names})
        return found

    def may_begin_person(self, word: str) -> bool:
        """Whether a mention of a person may begin with a word in lower case."""
        return self.sets.has(_PERSON_BEGINS, word)

    def title_before(self, norms: Sequence[str]) -> int:
        """How many of these words, the last of them, are the longest title; 0 for none."""
        if not norms or not self.sets.has(_TITLE_ENDS, norms[-1]):
            return 0
        lengths = range(min(self.longest_title, len(norms)), 0, -1)
        return next((n for n in lengths if self.sets.has("titles", " ".join(norms[-n:]))), 0)

    def weekday(self, word: str) -> int | None:
        """Which day of the week a word names, Monday being 0; None for any other word."""
        return self.weekdays.get(word)

    @property
    def latin(self) -> bool:
        """Whether the language is written in Latin letters."""
        return all(word[:1] < "\u0250" for word in self.words["self"])

    def has(self, name: str, word: str) -> bool:
        return self.sets.has(name, word)

    @property
    def vocabulary(self) -> frozenset[str]:
        """Every word that the pack knows; a word that it does not know may be a name or a slip of the pen."""
        return self.sets[_VOCABULARY]

    def knows(self, word: str) -> bool:
        """Whether a word is one of the language's that the pack has, in whatever form."""
        return self._known[word]

    def _knows(self, word: str) -> bool:
        has = self.sets.has
        return has(_VOCABULARY, word) or any(has(_STEMS, word[:n]) for n in range(3, len(word)))

    def slip_of(self, word: str) -> str:
        """The key word from which a word is one slip of the pen away; "" for none."""
        return self._slips[word]

    def _slip_of(self, word: str) -> str:
        if word in self.key_words or self.sets.has(_VOCABULARY, word):
            return ""
        letters = frozenset("".join(self.key_words))
        return next((key for key in self.key_words if one_slip(word, key, letters)), "")


def one_slip(word: str, key: str, letters: frozenset[str]) -> bool:
    """Whether another word is a key word with a letter left out, added, changed or exchanged with the next. The first
    letter is only exchanged; one that is added or changed is one of `letters`."""
    same = 0
    for one, other in zip(word, key, strict=False):
        if one != other:
            break
        same += 1
    rest, meant = word[same:], key[same:]
    if rest[:2] == meant[1::-1] and rest[2:] == meant[2:]:
        return True
    if not same:
        return False
    return rest == meant[1:] or (rest[:1] in letters and rest[1:] in (meant, meant[1:]))


def _length(met: Met, wanted: int, tokens: Sequence[Token], at: int) -> int:
    """How many words has the first of the wanted sets' entries that stands at a token; 0 for none. All have its word in
    front, and most of them another behind it."""
    second = tokens[at + 1].norm if at + 1 < len(tokens) else ""
    for words, sets in met.entries:
        if not sets & wanted:
            continue
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

    Only what texts ask for is worked out, and so only that is checked; `check` goes through all of it. A pack that was
    compiled from the very same sources when rsvpbot was packaged is taken as it is (see `compile_into`). Raises
    PackError.
    """
    base = _base(tag)
    if not base:
        return None
    compiled = _folder() / f"{base}{_COMPILED}"
    if compiled.is_file():
        key, _, pickled = compiled.read_bytes().partition(b"\n")
        if key == _key(base):
            pack: Pack = pickle.loads(pickled)  # noqa: S301 (it stands among our own modules, and is one)
            return pack
    return build(*_files(base), thorough=False)


def compile_into(folder: Path) -> None:
    """Write every pack, ready for use, into a folder of a package that is being built. A file is used only while its
    sources, this code and the Python that folds words are those of its making."""
    for tag in available():
        pickled = pickle.dumps(build(*_files(tag), thorough=False), pickle.HIGHEST_PROTOCOL)
        (folder / f"{tag}{_COMPILED}").write_bytes(_key(tag) + b"\n" + pickled)


_COMPILED = ".pack"


def _key(base: str) -> bytes:
    """What a compiled pack depends on, in a few letters."""
    made_of = sha256(unicodedata.unidata_version.encode())
    for source in (f"{base}.toml", "common.toml"):
        made_of.update((_folder() / source).read_bytes())
    for module in ("pack", "packed", "phrases", "tokens", "written"):
        made_of.update(resources.files("rsvpbot.reading").joinpath(f"{module}.py").read_bytes())
    return made_of.hexdigest().encode()


def check(tag: str) -> None:
    """Go through every phrase of a pack. Raises PackError with the first mistake."""
    base = _base(tag)
    if base:
        build(*_files(base))


def _base(tag: str) -> str:
    """The tag of the pack for a language tag; "" where there is none."""
    base = tag.partition("-")[0].lower()
    return base if base in available() else ""


def _folder() -> Traversable:
    return resources.files("rsvpbot.reading.languages")


def _files(base: str) -> tuple[Mapping[str, Any], Mapping[str, Any], str]:
    """A pack as it is written, the signs that all languages share, and the name of the file."""
    file, common = _folder() / f"{base}.toml", _folder() / "common.toml"
    return (  # tomli: as tomllib, and compiled; the packs are megabytes
        tomli.loads(file.read_text(encoding="utf-8")),
        tomli.loads(common.read_text(encoding="utf-8")),
        f"{base}.toml",
    )


@cache
def available() -> tuple[str, ...]:
    """The tags of all languages that have a pack."""
    return tuple(
        sorted(f.name[:-5] for f in _folder().iterdir() if f.name.endswith(".toml") and f.name != "common.toml")
    )


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
    fillers = sorted(words["fill"])
    phrases = tuple(_phrases(data, common))
    cut = Cut(Spelling(elisions=spelling.elisions, accented=spelling.accented))
    elements = cut.elements_in(chain((text for text, _ in phrases), fillers, *classes.values()))
    lexicon = Lexicon(phrases, {**classes, "fill": fillers}, barrier, cut)
    numbers = {normal(word): int(value) for word, value in data.get("numbers", {}).items()}
    return Pack(
        tag=data["tag"],
        name=data["name"],
        spelling=spelling,
        lexicon=lexicon,
        numbers_by_word=_by_first_word((tuple(number.split()), value) for number, value in numbers.items()),
        longest_title=max((len(title.split()) for title in words["titles"]), default=0),
        sets=WordSets({**words, **_worked_out(words, elements, numbers, spelling)}),
        words={name: words[name] for name in _WHOLE},
        verbs=frozenset(_single_words(data)),
        key_words=tuple(sorted({normal(word) for word in data.get("spelling", {}).get("slips", ())})),
        verb_first=bool(data.get("verb_first", False)),
        articles=bool(data.get("articles", True)),
        near=bool(data.get("near", False)),
        not_adjacent=bool(data.get("not_adjacent", False)),
        not_behind=bool(data.get("not_behind", False)),
        bare_infinitive=bool(data.get("bare_infinitive", True)),
        weekdays={
            normal(word): day
            for day, names in enumerate(data.get("words", {}).get("weekdays", ()))
            for word in names.split("|")
        },
        examples=tuple(data.get("example", ())),
    )


def _worked_out(
    words: Mapping[str, frozenset[str]], elements: frozenset[str], numbers: Iterable[str], spelling: Spelling
) -> Mapping[str, set[str]]:
    """Sets that follow from the others. `elements`: of all phrases."""
    written = (text for name, texts in words.items() if name not in {"surnames", "places"} for text in texts)
    people = (text for name in _OF_PEOPLE for text in words[name])
    known = {part for text in chain(written, numbers) for part in text.split()}
    return {
        _VOCABULARY: known.union((e for e in elements if not stem_of(e)), *spelling.variants.values()),
        _STEMS: set(filter(None, map(stem_of, elements))),
        _PERSON_BEGINS: {text.split()[0] for text in chain(people, numbers)} | words["particles"],
        _TITLE_ENDS: {title.split()[-1] for title in words["titles"]},
    }


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
        addressed=tuple(
            (normal(k), normal(v)) for k, v in sorted(data.get("addressed", {}).items(), key=lambda item: -len(item[0]))
        ),
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
                rule = Rule(meaning, value=key, alone=key == "rhetorical")
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
    "compile_into",
    "load",
    "normal",
]
