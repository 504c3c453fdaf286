"""People who may be named in small letters: "i come with john smith". Nothing but their place gives them away, so that
a person is asked."""

from __future__ import annotations

from collections.abc import Iterator

from rsvpbot.reading.people import SOMEBODY
from rsvpbot.reading.said import STANCES, Clause
from rsvpbot.reading.sentence import Here, Reader

WORDS_OF_A_NAME = 2
"""So many words that the language does not have, one behind the other; a single one is a slip of the pen."""

_COMES = frozenset({"yes", "wish", "maybe", "substitute", "bring"})
_SETTLED = STANCES - {"maybe", "promise"}
"""Who may come with whoever is not sure, nobody counts yet."""


def strangers(reader: Reader, here: Here) -> Iterator[Clause]:
    """Words that may be somebody's name: beside "with" or "and" in the sentence of an answer; where the writer uses no
    capitals at all, anywhere in it ("can't come, i'm sending daniel lerner")."""
    anywhere = reader.lower_case and any(clause.meaning in _SETTLED for clause in here.built)
    if not anywhere and not any(clause.meaning in _COMES for clause in here.built):
        return
    tokens, at = here.tokens, here.begin
    while at < len(tokens):
        end = at
        while end < len(tokens) and _unknown(end, reader, here):
            end += 1
        joined = anywhere or _joins_before(at, reader, here) or _joins(end, reader, here)
        if end - at >= WORDS_OF_A_NAME and joined:
            words = reader.text[tokens[at].start : tokens[end - 1].end]
            yield Clause("stranger", tokens[at].start, tokens[end - 1].end, words, here.index, people=(SOMEBODY,))
        at = max(end, at + 1)


def _unknown(at: int, reader: Reader, here: Here) -> bool:
    token, pack = here.tokens[at], reader.pack
    if not token.word or token.capital or here.covered[at] or not token.norm.isalpha() or len(token.norm) < 2:
        return False
    if token.norm.upper() == token.norm.lower() or token.norm in reader.event_words:
        return False
    return not pack.knows(token.norm) and not pack.slip_of(token.norm)


def _joins_before(at: int, reader: Reader, here: Here) -> bool:
    return any(_joins(i, reader, here) == at for i in range(max(here.begin, at - 2), at))


def _joins(at: int, reader: Reader, here: Here) -> int:
    """The end of "with" or "and" that stands at a token; 0 for none."""
    length = reader.pack.longest("with", here.tokens, at) or reader.pack.longest("and", here.tokens, at)
    return at + length if length else 0


__all__ = ["strangers"]
