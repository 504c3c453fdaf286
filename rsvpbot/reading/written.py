"""Phrases as a pack writes them, compiled into steps from word to word.

A phrase is written as one would say it, with a few signs:

    be there            these words, in this order
    attend*             any word that begins so
    will|shall          one of these words
    [take|sit in]       one of these
    (kind)              may be missing
    {event}             any phrase of the class "event"
    {who}               a person or several: "I", "my colleague Jane Roe", "the Ambassador and his wife"
    #                   a number, in figures or words
    ...                 some other words, no stop and no "not" between them

The steps grow with what is written, not with all that it may stand for: "[a|b] (c) [d|e]" is seven steps.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Generic, TypeVar

from rsvpbot.reading.tokens import PLAIN, Spelling, norms_of, norms_of_words

LONGEST_PHRASE = 40
"""Elements. Nobody says more in one phrase."""

GAP_SIGN = "..."
_PLAIN_WORD = re.compile(r"[^\s()\[\]|]*")
_WRITTEN = re.compile(r"[^\s()\[\]|]+")
_BRACKETS = re.compile(r"[()\[\]]|[^\s()\[\]]+")
_FLAT_OPENING = re.compile(r"\s*(?:\([^()\[\]]*\)\s*)*(?:\[[^()\[\]]*\]|[^\s()\[\]]+)")
"""Optional words and one that is not, without brackets in brackets."""

_FLAT_GROUP = re.compile(r"\[([^()\[\]]*)\]|\(([^()\[\]]*)\)")
_SEVERAL_WORDS = re.compile(r"[^\s()\[\]]+\s+[^\s()\[\]]")
_WORDS = re.compile(r"[^\s()\[\]]*")

Meaning = TypeVar("Meaning")


class PhraseError(ValueError):
    """A phrase that cannot be understood: which, and what is wrong with it."""


class Step(Generic[Meaning]):
    """A place in a phrase: what may follow, and what the phrase means where it may end here.

    What follows is worked out when it is first asked for: of the thousands of phrases of a pack, a text leads into few.
    """

    __slots__ = ("_edges", "_means", "_more")

    def __init__(
        self,
        edges: Iterable[tuple[str, Step[Meaning]]] = (),
        means: Meaning | None = None,
        more: Callable[[], Step[Meaning]] | None = None,
    ) -> None:
        """`more`: works out the step that this one stands for."""
        self._edges = tuple(edges)
        self._means = means
        self._more = more

    @property
    def edges(self) -> tuple[tuple[str, Step[Meaning]], ...]:
        """Elements (a word, "stem*", "{class}", "#", "..."), and where each leads."""
        return self._worked_out()._edges

    @property
    def means(self) -> Meaning | None:
        """What the phrase means where it may end here."""
        return self._worked_out()._means

    def _worked_out(self) -> Step[Meaning]:
        if self._more is not None:
            step = self._more()
            self._edges, self._means, self._more = step.edges, step.means, None
        return self


Written = list["_Item"]
"""What stands side by side."""

_Item = tuple[str, ...] | list[Written]
"""Elements one after another, or several of which one is said."""


class Cut:
    """How words are cut into elements; remembered, since the words of a pack come again and again."""

    __slots__ = ("_elements", "_options", "_spelling")

    def __init__(self, spelling: Spelling = PLAIN) -> None:
        self._spelling = spelling
        self._elements: dict[str, tuple[str, ...]] = {}
        """By the word as it is written."""
        self._options: dict[str, tuple[tuple[str, ...], ...]] = {}
        """By what stands between brackets."""

    def __call__(self, word: str, whole: str) -> tuple[str, ...]:
        found = self._elements.get(word)
        if found is None:
            found = self._elements[word] = _elements(word, whole, self._spelling)
        return found

    def forget(self) -> None:
        """Remember nothing any longer."""
        self._elements.clear()
        self._options.clear()

    def options(self, inner: str, whole: str) -> tuple[tuple[str, ...], ...]:
        """What stands between brackets that hold no brackets, option by option."""
        found = self._options.get(inner)
        if found is None:
            options = (option.split() for option in inner.split("|"))
            found = tuple(tuple(e for word in words for e in self(word, whole)) for words in options)
            self._options[inner] = found
        return found

    def elements_in(self, texts: Iterable[str]) -> frozenset[str]:
        """All words and stems of many phrases; those that are mere letters are cut all at once, which is far
        quicker than one by one."""
        together = " ".join(texts)
        for sign in "()[]|":
            together = together.replace(sign, " ")
        written = set(together.split()) - {GAP_SIGN, "#"}
        written = {word for word in written if "{" not in word and "}" not in word}
        norms = norms_of_words((word[:-1] if word.endswith("*") else word for word in written), self._spelling)
        for word in written:
            stem = len(word) > 1 and word.endswith("*")
            found = norms.get(word[:-1] if stem else word)
            if found is None:
                self(word, word)
            else:
                self._elements[word] = (*found[:-1], found[-1] + "*") if stem else found
        return frozenset(chain.from_iterable(self._elements.values()))


def stem_of(element: str) -> str:
    """The stem of "stem*"; "" for any other element."""
    return element[:-1] if element.endswith("*") else ""


def opening_words(text: str) -> Sequence[str]:
    """The words, as they are written, among which are all with which a phrase may begin."""
    flat = _FLAT_OPENING.match(text)
    if flat is not None:
        return _WRITTEN.findall(flat.group())
    depth, optional, end = 0, False, len(text)
    for sign in _BRACKETS.finditer(text):
        if sign.group() in "([":
            optional = optional if depth else sign.group() == "("
            depth += 1
        elif sign.group() in ")]":
            depth -= 1
        if not depth and not optional:
            end = sign.end()
            break
        optional = optional and depth > 0
    return _WRITTEN.findall(text[:end])


def openings(text: str, means: Meaning, cut: Cut) -> Sequence[tuple[str, Step[Meaning]]]:
    """The first elements of a phrase that is known to be well written (see `compiled`), and where each leads."""
    end = _PLAIN_WORD.match(text).end()  # type: ignore[union-attr]
    elements = cut(text[:end], text) if end and (end == len(text) or text[end].isspace()) else ()
    if elements:  # most phrases begin with a plain word: the rest can wait
        return ((elements[0], _built([elements[1:]], _later(text, end, Step(means=means), cut))),)
    return _later(text, 0, Step(means=means), cut).edges


def compiled(text: str, means: Meaning, cut: Cut | None = None) -> Step[Meaning]:
    """The first step of a phrase, all of it worked out and checked. Raises PhraseError."""
    first = _later(text, 0, Step(means=means), cut or Cut())
    if first.means is not None:
        raise PhraseError(f"{text!r}: every word of it may be missing")
    if any(element == GAP_SIGN for element, _ in first.edges) or _ends_with_gap(first):
        raise PhraseError(f"{text!r}: '...' stands between words, not at an end")
    if _length(first, {}) > LONGEST_PHRASE:
        raise PhraseError(f"{text!r}: is too long")
    return first


def elements_of(first: Step[Meaning]) -> Iterable[str]:
    """Every element of a phrase."""
    return (element for step in _all_steps(first) for element, _ in step.edges)


def single_words(text: str, cut: Cut) -> Iterable[str]:
    """The words each of which is the whole phrase."""
    if _SEVERAL_WORDS.match(text):
        return ()
    return (element for element, following in openings(text, text, cut) if following.means is not None)


def _all_steps(first: Step[Meaning]) -> Iterable[Step[Meaning]]:
    seen: set[Step[Meaning]] = set()
    waiting = [first]
    while waiting:
        step = waiting.pop()
        if step not in seen:
            seen.add(step)
            yield step
            waiting.extend(following for _, following in step.edges)


def _ends_with_gap(first: Step[Meaning]) -> bool:
    return any(
        element == GAP_SIGN and following.means is not None
        for step in _all_steps(first)
        for element, following in step.edges
    )


def _length(step: Step[Meaning], known: dict[Step[Meaning], int]) -> int:
    """Elements that may follow, at most."""
    if step not in known:
        known[step] = max((1 + _length(following, known) for _, following in step.edges), default=0)
    return known[step]


def _later(text: str, at: int, end: Step[Meaning], cut: Cut) -> Step[Meaning]:
    """What stands from a place of a phrase on."""
    while at < len(text) and text[at].isspace():
        at += 1
    return Step(more=lambda: _from(text, at, end, cut)) if at < len(text) else end


def _from(text: str, at: int, end: Step[Meaning], cut: Cut) -> Step[Meaning]:
    """The same, with the first item worked out."""
    if text[at] in ")]":
        raise PhraseError(f"{text!r}: {text[at]} is out of place")
    if text[at] in "([":
        flat = _FLAT_GROUP.match(text, at)
        if flat is not None:
            inner, optional = flat.groups()
            rest = _later(text, flat.end(), end, cut)
            if inner is not None:
                return _one_of(cut.options(inner, text), rest)
            return _one_of(((), *cut.options(optional, text)), rest)
        item, at = _group(text, at, cut)
        return _any_of(item, _later(text, at, end, cut))
    words, at = _words(text, at, _WORDS, cut)
    return _one_of(words, _later(text, at, end, cut))


def _one_of(options: Sequence[tuple[str, ...]], end: Step[Meaning]) -> Step[Meaning]:
    """The step from which each option leads to a step."""
    edges = [(option[0], end if len(option) == 1 else _built([option[1:]], end)) for option in options if option]
    if all(options):
        return Step(edges)
    return Step([*edges, *end.edges], end.means)


def _built(written: Written, end: Step[Meaning]) -> Step[Meaning]:
    """The steps of what stands side by side, before a step."""
    for item in reversed(written):
        if isinstance(item, list):
            end = _any_of(item, end)
        else:
            for element in reversed(item):
                end = Step(((element, end),))
    return end


def _any_of(options: list[Written], end: Step[Meaning]) -> Step[Meaning]:
    if len(options) == 1:
        return _built(options[0], end)
    ways = [_built(option, end) for option in options]
    means = next((way.means for way in ways if way.means is not None), None)
    return Step((edge for way in ways for edge in way.edges), means)


def _group(text: str, at: int, cut: Cut) -> tuple[list[Written], int]:
    """What one pair of brackets holds, and where what follows begins."""
    sign = text[at]
    inner, at = _options(text, at + 1, ")" if sign == "(" else "]", cut)
    if at >= len(text):
        raise PhraseError(f"{text!r}: {sign} is not closed")
    return [[], *inner] if sign == "(" else inner, at + 1


def _words(text: str, at: int, written: re.Pattern[str], cut: Cut) -> tuple[list[tuple[str, ...]], int]:
    """The words of "a|b", cut, and where what follows begins. `written`: what they may be made of."""
    end = written.match(text, at).end()  # type: ignore[union-attr]
    words = [cut(word, text) for word in text[at:end].split("|")]
    if not all(words):
        raise PhraseError(f"{text!r}: nothing stands beside |")
    return words, end


def _options(text: str, at: int, closing: str, cut: Cut) -> tuple[list[Written], int]:
    """What stands between brackets; and where it ends."""
    options: list[Written] = [[]]
    while at < len(text) and text[at] not in ")]":
        char = text[at]
        if char == "|":
            options.append([])
            at += 1
        elif char.isspace():
            at += 1
        elif char in "([":
            item, at = _group(text, at, cut)
            options[-1].append(item)
        else:
            words, at = _words(text, at, _PLAIN_WORD, cut)
            options[-1].append(words[0])
    if at < len(text) and text[at] != closing:
        raise PhraseError(f"{text!r}: {text[at]} is out of place")
    return options, at


def _elements(word: str, whole: str, spelling: Spelling) -> tuple[str, ...]:
    if word in {GAP_SIGN, "#"} or (word.startswith("{") and word.endswith("}") and len(word) > 2):
        return (word,)
    if any(sign in word for sign in "{}"):
        raise PhraseError(f"{whole!r}: {word!r} is out of place")
    stem = len(word) > 1 and word.endswith("*")
    norms = norms_of(word[:-1] if stem else word, spelling)
    if stem and norms:
        norms[-1] += "*"
    return tuple(norms)


__all__ = [
    "GAP_SIGN",
    "Cut",
    "PhraseError",
    "Step",
    "compiled",
    "elements_of",
    "opening_words",
    "openings",
    "single_words",
    "stem_of",
]
