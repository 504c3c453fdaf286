"""Some of several: "two of the three of us", "of the three whom you invited, two"; one or the other: "Ana Lopez or I".
Which number is the party's, or who comes, nobody should guess."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

from rsvpbot.reading.names import han
from rsvpbot.reading.pack import Pack
from rsvpbot.reading.people import Person, Who, number_at
from rsvpbot.reading.said import Clause
from rsvpbot.reading.sentence import Here, Reader

MOST_PARTED = 12
"""A greater number is a date's, or that of a whole staff."""

_COMES = frozenset({"yes", "substitute", "bring", "list"})

_BETWEEN = ("determiners", "self")
"""What may stand between "of" and the number: "of the three", "of us three"."""


def some_of_several(reader: Reader, here: Here) -> Iterator[Clause]:
    """Each number of people in a sentence of whom only some are meant: a lesser number stands beside it."""
    tokens, pack = here.tokens, reader.pack
    numbers = {i: found for i in range(here.begin, len(tokens)) for found in [number_at(tokens, i, pack)] if found[1]}
    for at, (end, several) in numbers.items():
        lesser = any(0 < number < several <= MOST_PARTED for _, number in numbers.values())
        dated = any(pack.has("months", token.norm) for token in tokens[end : end + 1])
        if lesser and not dated and _among(at, end, numbers, reader, here):
            words = reader.text[tokens[at].start : tokens[end - 1].end]
            yield Clause("parted", tokens[at].start, tokens[end - 1].end, words, here.index, number=several)


def _among(at: int, end: int, numbers: Mapping[int, tuple[int, int]], reader: Reader, here: Here) -> bool:
    """Whether "of" stands before a number, or in Chinese behind it, with the lesser number or nothing before that."""
    tokens, pack = here.tokens, reader.pack
    if any(han(token.norm) for token in tokens[at:end]):
        return any(pack.longest("among", tokens, i) for i in range(end, min(end + 2, len(tokens))))
    stop = at
    while stop > here.begin and any(pack.has(name, tokens[stop - 1].norm) for name in _BETWEEN):
        if pack.has("among", tokens[stop - 1].norm):
            break  # "des trois"
        stop -= 1
    for begin in range(max(here.begin, stop - 2), stop):
        if begin + pack.longest("among", tokens, begin) == stop:
            first = begin == here.begin or not tokens[begin - 1].word
            return first or any(behind == begin for behind, _ in numbers.values())
    return False


def one_or_other(reader: Reader, here: Here) -> Iterator[Clause]:
    """Each "or" between two people of whom one is said to come, and between two numbers of people: "Ana Lopez or I will
    attend", "with one or two colleagues"."""
    tokens, pack = here.tokens, reader.pack
    coming = {p for c in here.built if c.meaning in _COMES and not c.asked for p in (*c.people, *c.others)}
    if not coming:
        return
    for at in range(here.begin + 1, len(tokens)):
        length = pack.longest("or", tokens, at)
        if length and (_two_people(at, at + length, coming, reader, here) or _two_numbers(at, at + length, pack, here)):
            words = reader.text[tokens[at - 1].start : tokens[at + length - 1].end]
            yield Clause("either", tokens[at - 1].start, tokens[at + length - 1].end, words, here.index)


def _two_people(at: int, end: int, coming: Set[Person], reader: Reader, here: Here) -> bool:
    """Whether people stand on both sides of an "or", and one of them comes."""
    before = here.mentions.ending(at - (here.tokens[at - 1].norm == ","))
    of = end + reader.pack.longest("of", here.tokens, end)
    behind = here.mentions.at(of) or here.mentions.at(end)
    if before is None or not behind:
        return False
    people = {before.people[-1], *(mention.people[0] for mention in behind)}
    return any(p.who in {Who.NAMED, Who.ROLE} for p in people & coming)


def _two_numbers(at: int, end: int, pack: Pack, here: Here) -> bool:
    """Whether numbers stand on both sides of an "or", and people or nothing behind them."""
    tokens = here.tokens
    if not number_at(tokens, at - 1, pack)[1]:
        return False
    behind, number = number_at(tokens, end, pack)
    counted = any(mention.end > behind for mention in here.mentions.at(end))
    return number > 0 and (counted or behind >= len(tokens) or here.marks.bounded(behind - 1, behind + 1))


__all__ = ["one_or_other", "some_of_several"]
