"""A word that nobody knows where a "not" would stand: "I will nto attend" must not be read as a yes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rsvpbot.reading.doer import Doer
from rsvpbot.reading.marks import bare_answer
from rsvpbot.reading.names import arabic, han
from rsvpbot.reading.people import Who
from rsvpbot.reading.phrases import Mark
from rsvpbot.reading.sentence import Here, Reader

LETTERS_OF_A_DENIAL = 3
"""So few letters may be a little word that was mistyped; in Arabic, of whose forms no list holds all, only so few."""

LETTERS_UNKNOWN = 2
"""A word so short says nothing unless it is one of the little ones: "n", "ps" are known as parts of something else."""


_CONSONANTS = frozenset("bcdfghjklmnpqrstvwxz")
"""Letters that are no word by themselves, in any language that writes them."""


def strange_word(head: Mark, own: Sequence[Mark], doer: Doer, here: Here, reader: Reader) -> str:
    """Why a yes may be a no; "" where every word that says so is known."""
    at = next(_strange_words(head, own, doer, here, reader), None)
    return "" if at is None else f"a word that is not known stands where a “not” would: “{here.tokens[at].norm}”"


def _strange_words(head: Mark, own: Sequence[Mark], doer: Doer, here: Here, reader: Reader) -> Iterator[int]:
    """Beside the words that say so, behind whoever comes; before the verb, where that tells who comes ("Mo podré
    asistir"); right behind it, where a language has its "not" there ("je viendrai ps")."""
    pack = reader.pack
    if han(here.tokens[head.start].norm):
        yield from (i for i in range(doer.start, head.end) if han(here.tokens[i].norm) and _strange(i, here, reader))
        return
    said = {i for mark in (head, *own) for i in (mark.start, mark.end - 1)}
    first = min(said)
    begin = min(first, doer.start)
    if begin == first and begin > here.begin and all(person.who is Who.SELF for person in doer.people):
        opens = begin - 1 == here.begin or not here.tokens[begin - 2].word
        if _strange(begin - 1, here, reader, capital=opens):
            yield begin - 1
    for i in range(begin, head.end):
        of = i > begin and pack.longest("of", here.tokens, i - 1)  # "our union of fishermen is glad to come"
        if (i + 1 in said or i - 1 in said) and not of and _strange(i, here, reader):
            yield i
    behind = range(head.end, min(head.end + 1, len(here.tokens))) if pack.not_behind else ()
    letters = range(2, LETTERS_OF_A_DENIAL + 1)
    yield from (i for i in behind if len(here.tokens[i].norm) in letters and _strange(i, here, reader))


def _strange(at: int, here: Here, reader: Reader, capital: bool = False) -> bool:
    """Whether a token is neither a word of the language nor a name. `capital`: though it has a capital."""
    token, pack = here.tokens[at], reader.pack
    norm = token.norm
    if not token.word or not any(map(str.isalpha, norm)) or norm in reader.event_words or norm in reader.known:
        return False
    if not capital and (token.capital or any(m.start <= at < m.end for m in here.mentions.all())):
        return False
    if not here.covered[at] and (bare_answer((token,), 0, pack) == "no" or _torn_off(at, here, reader)):
        return True
    if here.marks.little(at) or norm in pack.words["self"]:
        return False
    if han(norm):
        return not capital and not pack.knows(norm)
    if arabic(norm):
        return len(norm) <= LETTERS_OF_A_DENIAL and not pack.knows(norm)
    return not pack.knows(norm) or (len(norm) <= LETTERS_UNKNOWN and not here.covered[at])


def _torn_off(at: int, here: Here, reader: Reader) -> bool:
    """The "t" of "I can t attend"."""
    token = here.tokens[at]
    return token.norm in _CONSONANTS and token.space and reader.text[token.start : token.end].casefold() == token.norm


__all__ = ["strange_word"]
