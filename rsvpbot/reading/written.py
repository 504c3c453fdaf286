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

from collections.abc import Iterable
from typing import Generic, TypeVar

from rsvpbot.reading.tokens import PLAIN, Spelling, norms_of

LONGEST_PHRASE = 40
"""Elements. Nobody says more in one phrase."""

GAP_SIGN = "..."
_SIGNS = frozenset("()[]|{}#.*")

Meaning = TypeVar("Meaning")


class PhraseError(ValueError):
    """A phrase that cannot be understood: which, and what is wrong with it."""


class Step(Generic[Meaning]):
    """A place in a phrase: what may follow, and what the phrase means where it may end here."""

    __slots__ = ("edges", "length", "means")

    def __init__(
        self, edges: Iterable[tuple[str, Step[Meaning]]] = (), means: Meaning | None = None, length: int = 0
    ) -> None:
        self.edges = tuple(edges)
        """Elements (a word, "stem*", "{class}", "#", "..."), and where each leads."""
        self.means = means
        self.length = length
        """Elements that may follow, at most."""


Written = list["_Item"]
"""What stands side by side."""

_Item = tuple[str, ...] | list[Written]
"""Elements one after another, or several of which one is said."""


class Cut:
    """How words are cut into elements; remembered, since the words of a pack come again and again."""

    __slots__ = ("_spelling", "elements")

    def __init__(self, spelling: Spelling = PLAIN) -> None:
        self._spelling = spelling
        self.elements: dict[str, tuple[str, ...]] = {}
        """By the word as it is written."""

    def __call__(self, word: str, whole: str) -> tuple[str, ...]:
        found = self.elements.get(word)
        if found is None:
            found = self.elements[word] = _elements(word, whole, self._spelling)
        return found


def compiled(text: str, means: Meaning, cut: Cut | None = None) -> Step[Meaning]:
    """The first step of a phrase. Raises PhraseError."""
    cut = cut or Cut()
    end: Step[Meaning] = Step(means=means)
    if not _SIGNS.intersection(text):
        return _built([tuple(element for word in text.split() for element in cut(word, text))], end)
    options, at = _options(text, 0, "", cut)
    if at != len(text):
        raise PhraseError(f"{text!r}: {text[at]} is out of place")
    first = _any_of(options, end)
    if first.means is not None:
        raise PhraseError(f"{text!r}: every word of it may be missing")
    if GAP_SIGN in text and (any(element == GAP_SIGN for element, _ in first.edges) or _ends_with_gap(first)):
        raise PhraseError(f"{text!r}: '...' stands between words, not at an end")
    if first.length > LONGEST_PHRASE:
        raise PhraseError(f"{text!r}: is too long")
    return first


def elements_of(first: Step[Meaning]) -> Iterable[str]:
    """Every element of a phrase."""
    seen: set[Step[Meaning]] = set()
    waiting = [first]
    while waiting:
        step = waiting.pop()
        if step not in seen:
            seen.add(step)
            for element, following in step.edges:
                yield element
                waiting.append(following)


def single_words(first: Step[Meaning]) -> Iterable[str]:
    """The words each of which is the whole phrase."""
    return (element for element, following in first.edges if following.means is not None)


def _ends_with_gap(first: Step[Meaning]) -> bool:
    seen: set[Step[Meaning]] = set()
    waiting = [first]
    while waiting:
        step = waiting.pop()
        if step in seen:
            continue
        seen.add(step)
        for element, following in step.edges:
            if element == GAP_SIGN and following.means is not None:
                return True
            waiting.append(following)
    return False


def _built(written: Written, end: Step[Meaning]) -> Step[Meaning]:
    """The steps of what stands side by side, before a step."""
    for item in reversed(written):
        if isinstance(item, list):
            end = _any_of(item, end)
        else:
            for element in reversed(item):
                end = Step(((element, end),), length=end.length + 1)
    return end


def _any_of(options: list[Written], end: Step[Meaning]) -> Step[Meaning]:
    ways = [_built(option, end) for option in options]
    means = next((way.means for way in ways if way.means is not None), None)
    return Step((edge for way in ways for edge in way.edges), means, max(way.length for way in ways))


def _options(text: str, at: int, closing: str, cut: Cut) -> tuple[list[Written], int]:
    """What stands between brackets, or the whole text; and where it ends."""
    options: list[Written] = [[]]
    while at < len(text) and text[at] not in ")]":
        char = text[at]
        if char == "|" and closing:
            options.append([])
            at += 1
        elif char.isspace():
            at += 1
        elif char in "([":
            inner, at = _options(text, at + 1, ")" if char == "(" else "]", cut)
            if at >= len(text):
                raise PhraseError(f"{text!r}: {char} is not closed")
            options[-1].append([[], *inner] if char == "(" else inner)
            at += 1
        else:
            end = at
            while end < len(text) and not text[end].isspace() and text[end] not in "()[]" + ("|" if closing else ""):
                end += 1
            words = [cut(word, text) for word in text[at:end].split("|")]
            if not all(words):
                raise PhraseError(f"{text!r}: nothing stands beside |")
            options[-1].append(words[0] if len(words) == 1 else [[word] for word in words])
            at = end
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


__all__ = ["GAP_SIGN", "Cut", "PhraseError", "Step", "compiled", "elements_of", "single_words"]
