"""What no clause accounts for, and what gives it weight.

Most of a letter is about something else: how the writer is, what happened last year, why the answer comes late. Such
a sentence needs no understanding. It has weight where it holds a sign that it may change the answer or asks for
something: a question, a request, a condition, a denial, a turn, a word of coming or of somebody else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rsvpbot.reading.names import arabic, han, is_organisation, name_words
from rsvpbot.reading.pack import FACTS, Pack
from rsvpbot.reading.people import Mentions, Person, Who
from rsvpbot.reading.phrases import Mark
from rsvpbot.reading.said import STANCES, Clause, Left
from rsvpbot.reading.tokens import Token

_SIGNLESS = frozenset({"time", "event", "ordinary", "aside", "but", "be", "be_in", "glad"})
"""Phrases that weigh nothing where no clause took them."""


_TOLD_BEHIND = frozenset({*FACTS, "late", "logistics", "receipt", "special"})
"""What may well stand behind "but" and turns nothing: "but I do not eat meat"."""

FEW_PRAISING = 2
"""So many words may be left over beside a courtesy behind "but": "but the topic is vital, well done"."""

WORDS_OF_A_HINDRANCE = 2
"""So many words behind "but" may stand against a mere wish."""

_DENIALS = frozenset({"not", "cannot", "fail"})


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
    signs = {mark.meaning for mark in rest.loose if not _of_a_little_word(mark, rest)} - _SIGNLESS
    bare = [i for i in range(rest.begin, len(rest.tokens)) if not rest.covered[i] and rest.tokens[i].word]
    people = list(_people(rest, bare))
    if any(person.who is Who.ROLE for person in people):
        signs.add("person")
    if any(person.who is Who.SELF for person in people) or any(
        mark.rule.person in {"i", "we"} and mark.meaning in _DENIALS for mark in rest.loose
    ):
        signs.add("self")
    if any(mark.meaning == "be" and mark.rule.person in {"i", "we"} for mark in rest.loose):
        signs.add("be")
    if rest.question and (bare or not rest.built):
        signs.add("question")
    content = [i for i in bare if _content(rest.tokens[i], rest)]
    if _foreign(rest, content):
        signs.add("foreign")
    if any(mark.meaning == "but" and _goes_unread(mark, content, rest) for mark in rest.loose):
        signs.add("turned")
    if any(mark.meaning == "but" and _hinders(mark, rest) for mark in rest.loose):
        signs.add("hindered")
    if not bare and not signs:
        return
    if any(mark.meaning == "time" for mark in rest.loose):
        signs.add("then")
    places = bare or sorted({i for mark in rest.loose for i in range(mark.start, mark.end)}) or [rest.begin]
    yield Left(
        words=_runs(rest, places),
        start=rest.tokens[places[0]].start,
        sentence=rest.index,
        signs=frozenset(signs),
        length=len(bare),
        content=_weight(rest, content),
        names=tuple(_names(rest, people)),
    )


def _of_a_little_word(mark: Mark, rest: Rest) -> bool:
    """ "тема не новая": where a "not" stands right before what it denies, it says nothing of anything else."""
    if mark.meaning != "not" or not rest.pack.not_adjacent or mark.end >= len(rest.tokens):
        return False
    return rest.pack.has("ordinary", rest.tokens[mark.end].norm)


def _goes_unread(turn: Mark, content: Sequence[int], rest: Rest) -> bool:
    """Whether a "but" is followed by words that nothing accounts for, and by no answer."""
    behind = {c.meaning for c in rest.built if c.end > rest.tokens[turn.start].start}
    unread = sum(i >= turn.end for i in content)
    return not behind & (STANCES | _TOLD_BEHIND) and unread > (FEW_PRAISING if "courtesy" in behind else 0)


def _hinders(turn: Mark, rest: Rest) -> bool:
    """Whether a "but" is followed by whatever else than an answer or a need: it stands against a mere wish."""
    behind = {c.meaning for c in rest.built if c.end > rest.tokens[turn.start].start}
    words = sum(token.word for token in rest.tokens[turn.end :])
    return not behind & (STANCES | {*FACTS, "late"}) and words >= WORDS_OF_A_HINDRANCE


def _foreign(rest: Rest, content: Sequence[int]) -> bool:
    """Whether most of the sentence is in words that the pack does not have."""
    words = [token for token in rest.tokens[rest.begin :] if token.word and token.norm[:1].isalpha()]
    unknown = [i for i in content if not rest.tokens[i].capital and not rest.pack.knows(rest.tokens[i].norm)]
    unknown = [i for i in unknown if not arabic(rest.tokens[i].norm)]  # it has more forms than a list can hold
    return len(words) >= 4 and len(unknown) * 2 > len(words)


def _weight(rest: Rest, places: Sequence[int]) -> int:
    """How many words; in Chinese two characters are taken for one."""
    characters = sum(han(rest.tokens[i].norm) for i in places)
    return len(places) - characters + (characters + 1) // 2


def _runs(rest: Rest, places: Sequence[int]) -> str:
    """The words at these places, with an ellipsis where others stand between."""
    runs: list[list[int]] = []
    for i in places:
        if runs and all(not rest.tokens[k].word for k in range(runs[-1][-1] + 1, i)):
            runs[-1].append(i)
        else:
            runs.append([i])
    return " … ".join(rest.text[rest.tokens[run[0]].start : rest.tokens[run[-1]].end] for run in runs)


def _people(rest: Rest, bare: Sequence[int]) -> Iterator[Person]:
    """Who is mentioned outside every phrase, not as a part of something ("of Jane Roe")."""
    places = frozenset(bare)
    for mention in rest.mentions.all():
        part = mention.start > 0 and rest.pack.has("of", rest.tokens[mention.start - 1].norm)
        if not part and places.intersection(range(mention.start, mention.end)):
            yield from mention.people


def _names(rest: Rest, people: Sequence[Person]) -> Iterator[str]:
    for person in people:
        full = person.who is Who.NAMED and (person.role or len(name_words(person.name)) > 1)
        if full and not is_organisation(person.name, rest.pack):
            yield person.name


def _content(token: Token, rest: Rest) -> bool:
    norm, pack = token.norm, rest.pack
    little = pack.has("ordinary", norm) or pack.has("fill", norm) or pack.has("self", norm)
    number = any(map(str.isdigit, norm)) and not any(map(str.islower, rest.text[token.start : token.end]))
    return not little and norm not in rest.not_names and not number


__all__ = ["Rest", "left_of"]
