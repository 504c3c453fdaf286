"""Who comes by one message, and how many: those who say so, those who are brought along, and the names of a list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rsvpbot.model import PartStat
from rsvpbot.reading.names import merge_names, same_person
from rsvpbot.reading.pack import Pack
from rsvpbot.reading.people import Person, Who
from rsvpbot.reading.said import Clause, Parsed, Writer

MOST_PEOPLE = 60
"""So many people are looked at; nobody brings more without a person's looking."""

_COMES = frozenset({"yes", "wish", "maybe"})


@dataclass(slots=True)
class Stand:
    """Where one person stands after all that was said."""

    person: Person
    stance: str = ""
    """ "yes", "wish", "no", "away", "maybe", "promise"; "" for nothing yet."""
    clause: Clause | None = None
    missed: bool = False
    """Would have loved to come."""
    refused: bool = False
    """Said no in so many words: did not only wish to come and name what keeps them."""


@dataclass(frozen=True, slots=True)
class Party:
    """Names and head-count."""

    names: tuple[str, ...] = ()
    count: int | None = None
    doubts: tuple[str, ...] = ()


@dataclass(slots=True)
class _Gathered:
    """The people spoken of; `writer_too`: the writer is one of them."""

    people: list[Person]
    writer_too: bool
    listed: tuple[Person, ...]


def party_of(
    stance: PartStat | None,
    own: Stand | None,
    others: Sequence[Stand],
    substitution: Sequence[Clause],
    parsed: Parsed,
    writer: Writer,
    pack: Pack,
) -> Party:
    """Who comes, where `stance` is the answer. `own`: where the writer stands; `substitution`: who comes instead."""
    if stance is None:
        return Party()
    if stance is PartStat.DECLINED:
        return Party(count=0)
    me = _writer(writer, parsed)
    totals = _totals(parsed, [*others, *([own] if own else [])], pack)
    gathered = _gather(stance, own, others, substitution, parsed)
    perhaps = any(stand.person.name and stand.stance == "maybe" for stand in others)
    clause = own.clause if own else None
    if stance is PartStat.TENTATIVE and perhaps and clause and any(p.role in pack.words["we"] for p in clause.people):
        gathered.writer_too = False  # "the Commissioner's programme is open; we shall come back to you"
    _settle_list(gathered, own, parsed, me, totals, pack)
    return _counted(gathered, stance, own, parsed, writer, me, totals, pack)


def _writer(writer: Writer, parsed: Parsed) -> Person | None:
    if writer.name:
        return Person(Who.NAMED, name=writer.name)
    if parsed.sign_off and not writer.organisation:
        return Person(Who.NAMED, name=parsed.sign_off)
    return None


def _totals(parsed: Parsed, others: Sequence[Stand], pack: Pack) -> list[int]:
    """Every head-count that is given outright; "both of us" is none where one of them stays away."""
    parted = any(stand.stance in {"no", "away"} for stand in others)
    totals = []
    for clause in parsed.clauses:
        us = clause.meaning == "yes" and any(p.role in pack.words["we"] for p in clause.people)  # "nous serons trois"
        if (us or clause.meaning in {"count", "together"}) and clause.number and not clause.asked:
            if clause.meaning == "together" and parted:
                continue
            totals.append(clause.number)
    return totals


def _gather(
    stance: PartStat, own: Stand | None, others: Sequence[Stand], substitution: Sequence[Clause], parsed: Parsed
) -> _Gathered:
    instead = [p for clause in substitution for p in (clause.others or clause.people)]
    writer_too = any(p.who is Who.SELF for p in instead)
    if stance is not PartStat.DELEGATED and own is not None:
        writer_too = writer_too or own.stance in _COMES or (own.stance == "promise" and not others)
    clause = own.clause if own else None
    if substitution and clause and clause.people and all(p.who is Who.GROUP for p in clause.people):
        writer_too = False  # "the Mission confirms its participation; it will be represented by …"
    coming = _COMES if stance is not PartStat.DELEGATED else _COMES - {"maybe"}
    people = [p for p in instead if p.who is not Who.SELF]
    people.extend(stand.person for stand in others if stand.stance in coming)
    for clause in parsed.clauses:
        if clause.meaning == "bring" and not clause.asked:
            told = [s.person for s in others if s.clause is not None and s.clause.sentence == clause.sentence]
            people.extend(p for p in clause.people if p.who is not Who.SELF and p not in told)
        elif clause.meaning == "list":
            people.extend(p for p in clause.people if p.who is not Who.SELF)
            writer_too = writer_too or any(p.who is Who.SELF for p in clause.people)
    listed = tuple(p for p in parsed.listed[: MOST_PEOPLE + 1] if p.who in {Who.NAMED, Who.SELF})
    return _Gathered(people, writer_too, listed)


def _settle_list(
    gathered: _Gathered, own: Stand | None, parsed: Parsed, me: Person | None, totals: Sequence[int], pack: Pack
) -> None:
    """Add the names of a list. A list that is complete without the writer leaves the writer out."""
    if not gathered.listed:
        return
    named = [p for p in gathered.listed if p.who is Who.NAMED]
    gathered.people.extend(named)
    if len(named) < len(gathered.listed):
        gathered.writer_too = True
        return
    speaks_as_many = own is None or (
        own.clause is not None and any(p.role in pack.words["we"] or p.who is Who.GROUP for p in own.clause.people)
    )
    # "Attending:" is of those who are listed, as "the following" is.
    announced = any(
        c.meaning in {"list", "count"} or (c.meaning == "yes" and c.people == gathered.listed) for c in parsed.clauses
    )
    headed_by_writer = any(c.meaning == "list" and any(p.who is Who.SELF for p in c.people) for c in parsed.clauses)
    writer_listed = me is not None and any(same_person(p.name, me.name) for p in named)
    complete = bool(totals) and max(totals) == len(merge_names(p.name for p in named))
    of_others = not headed_by_writer and ((speaks_as_many and announced) or _says_who_follows(own, parsed, pack))
    if complete or (of_others and not writer_listed):
        gathered.writer_too = False


def _says_who_follows(own: Stand | None, parsed: Parsed, pack: Pack) -> bool:
    """ "The following persons will attend: …": of the writer's own coming it says nothing."""
    told = own.clause if own else None
    if told is None or any(item.sentence == told.sentence and "self" in item.signs for item in parsed.left):
        return False  # "I and the following persons"
    heads = (c for c in parsed.clauses if c.meaning == "list" and told.start < c.end and c.start < told.end)
    before = (told.words[: max(0, head.start - told.start)].casefold().split() for head in heads)
    return any(not any(pack.has("self", word) for word in words) for words in before)


def _counted(
    gathered: _Gathered,
    stance: PartStat,
    own: Stand | None,
    parsed: Parsed,
    writer: Writer,
    me: Person | None,
    totals: Sequence[int],
    pack: Pack,
) -> Party:
    doubts: list[str] = []
    people = gathered.people[:MOST_PEOPLE]
    if stance is PartStat.DELEGATED and me is not None and not gathered.writer_too:
        people = [p for p in people if not (p.name and same_person(p.name, me.name))]
    if len(gathered.people) > MOST_PEOPLE:
        doubts.append(f"more than {MOST_PEOPLE} people are spoken of")
    office = writer.organisation and own is not None and own.clause is not None
    if gathered.writer_too and me is not None and not (office and people and not parsed.sign_off):
        people.insert(0, me)
    named = merge_names(p.name for p in people if p.name)
    several = any(person.count > 1 for person in people)
    told = sum(p.who is Who.NAMED or several for p in gathered.listed)  # "two people: Ana Lopez and I"
    unnamed = max(0, _unnamed(people) - told)
    if stance is PartStat.DELEGATED and len(named) == unnamed == 1:
        unnamed = 0  # "I send a colleague. Her name is Ana Lopez."
    elif told := _told_later(parsed):
        unnamed = max(0, unnamed - told)  # "I come with my husband. His name is Ivan Zimin."
    persons = len(named) + unnamed
    if gathered.writer_too and me is None and not (office and people):
        persons += 1
    added = sum(c.number for c in parsed.clauses if c.meaning == "more" and c.number and not c.asked)
    with_added = (1 if gathered.writer_too or named else 0) + added if added else 0
    count = max([persons, with_added, *totals])
    if stance is PartStat.TENTATIVE:
        explicit = bool(totals or added or len(named) > 1)
        return Party(named, count if explicit and count > 1 else None, tuple(doubts))
    if count > 1 and any(c.meaning == "only" for c in parsed.clauses):
        doubts.append("alone, yet more than one is spoken of")
    if count == 1 and any(c.meaning == "company" for c in parsed.clauses):
        doubts.append("not alone, and with whom is not said")
    doubts += [f"somebody may come too: “{c.words}”" for c in parsed.clauses if c.meaning == "stranger"]
    if any(c.meaning == "parted" for c in parsed.clauses):
        doubts.append("some of several come, and how many is not clear")
    if any(c.meaning == "either" for c in parsed.clauses):
        doubts.append("one or the other comes, and which is not clear")
    along = [p for c in parsed.clauses if c.meaning == "bring" and not c.asked for p in c.people]
    if not (totals or gathered.listed) and (any(p.several and not p.name for p in along) or _a_team(parsed, pack)):
        doubts.append("how many come along is not said")
    if totals and max(totals) < len(named):
        doubts.append(f"{max(totals)} are spoken of, {len(named)} are named")
    return Party(named, max(count, 1), tuple(doubts))


def _a_team(parsed: Parsed, pack: Pack) -> bool:
    """ "I will attend with my team": nobody knows how many those are."""
    said = {c.sentence for c in parsed.clauses if c.meaning in {"yes", "wish"}}
    own = pack.words["my"] | pack.words["our"]
    return any(
        c.meaning == "bring" and c.sentence in said and not c.asked and not own.isdisjoint(c.words.casefold().split())
        for c in parsed.clauses
        if any(p.who is Who.GROUP and not p.name for p in c.people)
    )


def _told_later(parsed: Parsed) -> int:
    """How many names are told in a sentence behind the one that brings people without names."""
    brought = [c.sentence for c in parsed.clauses if c.meaning == "bring" and any(not p.name for p in c.people)]
    if not brought:
        return 0
    return sum(
        bool(p.name) for c in parsed.clauses if c.meaning == "list" and c.sentence == max(brought) + 1 for p in c.people
    )


def _unnamed(people: Iterable[Person]) -> int:
    """How many without names are spoken of; "the Ambassador" is not counted beside Ambassador Marsh."""
    people = tuple(people)
    seen: set[str] = set()
    total = 0
    for i, person in enumerate(people):
        following = people[i + 1 : i + 1 + person.count]
        if person.count > 1 and len(following) == person.count and all(p.who is Who.NAMED for p in following):
            continue  # "two of my students, Ana Lopez and Jane Roe"
        if person.name or person.who is not Who.ROLE or (person.role in seen and person.count == 1):
            continue
        last = person.role.split()[-1] if person.role else ""
        if any(p.name and last and last in p.role.split() for p in people):
            continue
        seen.add(person.role)
        total += person.count
    return total
