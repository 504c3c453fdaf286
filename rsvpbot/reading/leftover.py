"""What no clause accounts for, and what gives it weight.

Most of a letter is about something else: how the writer is, what happened last year, why the answer comes late. Such
a sentence needs no understanding. It has weight where it holds a sign that it may change the answer or asks for
something: a question, a request, a condition, a denial, a turn, a word of coming or of somebody else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rsvpbot.reading.names import arabic, han, is_organisation, name_words
from rsvpbot.reading.pack import Pack
from rsvpbot.reading.people import Mentions, Person, Who
from rsvpbot.reading.phrases import Mark
from rsvpbot.reading.said import Clause, Left
from rsvpbot.reading.tokens import Token


@dataclass(frozen=True, slots=True)
class Rest:
    """One sentence after its clauses were found."""

    text: str
    index: int
    tokens: Sequence[Token]
    begin: int
    covered: Sequence[bool]
    loose: Sequence[Mark]
    """The phrases that belong to no clause."""
    built: Sequence[Clause]
    question: bool
    mentions: Mentions
    pack: Pack
    not_names: frozenset[str]
    """Words of the event's own title and place."""


def left_of(rest: Rest) -> Iterator[Left]:
    """What nothing in a sentence accounts for, with its signs."""
    signs = {mark.meaning for mark in rest.loose}
    bare = [i for i in range(rest.begin, len(rest.tokens)) if not rest.covered[i] and rest.tokens[i].word]
    if any(person.who is Who.ROLE for person in _people(rest, bare)):
        signs.add("person")
    if any(person.who is Who.SELF for person in _people(rest, bare)):
        signs.add("self")
    if rest.question:
        signs.add("question")
    content = [i for i in bare if _content(rest.tokens[i], rest)]
    words = [token for token in rest.tokens[rest.begin :] if token.word and token.norm[:1].isalpha()]
    unknown = [i for i in content if not rest.tokens[i].capital and not rest.pack.knows(rest.tokens[i].norm)]
    unknown = [i for i in unknown if not arabic(rest.tokens[i].norm)]  # it has more forms than a list can hold
    if len(words) >= 4 and len(unknown) * 2 > len(words):
        signs.add("foreign")
    if not signs and not content:
        return
    first = bare[0] if bare else (rest.loose[0].start if rest.loose else rest.begin)
    last = bare[-1] if bare else (rest.loose[-1].end - 1 if rest.loose else first)
    yield Left(
        words=rest.text[rest.tokens[first].start : rest.tokens[last].end],
        start=rest.tokens[first].start,
        sentence=rest.index,
        signs=frozenset(signs),
        content=sum(not han(rest.tokens[i].norm) for i in content)
        + (sum(han(rest.tokens[i].norm) for i in content) + 1) // 2,
        names=tuple(_names(rest, bare)),
    )


def _people(rest: Rest, bare: Sequence[int]) -> Iterator[Person]:
    """Who is mentioned outside every phrase, not as a part of something ("of Jane Roe")."""
    places = frozenset(bare)
    for mention in rest.mentions.all():
        part = mention.start > 0 and rest.pack.has("of", rest.tokens[mention.start - 1].norm)
        if not part and places.intersection(range(mention.start, mention.end)):
            yield from mention.people


def _names(rest: Rest, bare: Sequence[int]) -> Iterator[str]:
    for person in _people(rest, bare):
        full = person.who is Who.NAMED and (person.role or len(name_words(person.name)) > 1)
        if full and not is_organisation(person.name, rest.pack):
            yield person.name


def _content(token: Token, rest: Rest) -> bool:
    norm, words = token.norm, rest.pack.words
    little = norm in words["ordinary"] or norm in words["fill"] or norm in words["self"]
    return not little and norm not in rest.not_names and token.number is None


__all__ = ["Rest", "left_of"]
