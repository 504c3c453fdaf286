"""Choices of a form that were left standing: "I will / will not attend" answers nothing."""

from __future__ import annotations

from collections.abc import Iterator

from rsvpbot.reading.marks import bare_answer
from rsvpbot.reading.sentence import Here

WORDS_OF_A_CHOICE = 4
"""On each side of the stroke: "I shall be able / unable", "participerai / ne participerai pas"."""

_STROKES = frozenset("/|")
_YES = frozenset({"yes", "will", "can", "come", "presence", "confirm", "glad"})
_NO = frozenset({"no", "not", "cannot", "regret", "fail"})


def open_choices(here: Here) -> Iterator[str]:
    """What is offered in a sentence, a yes and a no with nothing but a stroke between them."""
    for at in range(here.begin + 1, len(here.tokens) - 1):
        if here.tokens[at].norm in _STROKES and not here.tokens[at].word and _opposed(at, here):
            yield here.marks.words(max(here.begin, at - 2), at + 3)


def _opposed(at: int, here: Here) -> bool:
    before, behind = _side(range(at - 1, here.begin - 1, -1), here), _side(range(at + 1, len(here.tokens)), here)
    if not before or not behind:
        return False
    refused, refuses = "no" in before.values(), "no" in behind.values()
    if refused and not refuses:  # "cannot attend/participate" offers nothing
        last, first = max(before), min(behind)
        return behind[first] == "yes" and (before[last] == "no" or here.tokens[last].norm == here.tokens[first].norm)
    return refuses and not refused


def _side(places: range, here: Here) -> dict[int, str]:
    """What the words of one side say, by their place; nothing where the word at the stroke says neither yes nor no."""
    found: dict[int, str] = {}
    for i in places:
        token = here.tokens[i]
        little = here.marks.pack.has("fill", token.norm) or token.norm in here.marks.pack.words["self"]
        said = _says(i, here)
        if not token.word or len(found) == WORDS_OF_A_CHOICE or not (said or little or found):
            break
        if said:
            found[i] = said
    return found


def _says(at: int, here: Here) -> str:
    meaning = next((m.meaning for m in here.marks.main if m.start <= at < m.end), "")
    if not meaning:
        end = at + 1
        while end < len(here.tokens) and here.marks.pack.has("fill", here.tokens[end].norm):
            end += 1
        meaning = bare_answer((here.tokens[at], *here.tokens[end : end + 1]), 0, here.marks.pack)
    return "yes" if meaning in _YES else "no" if meaning in _NO else ""


__all__ = ["open_choices"]
