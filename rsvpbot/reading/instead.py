"""Somebody else comes: sends, is represented, stands in, in whose place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rsvpbot.reading.doer import Doer, doer_of, me, resolved, the_writer
from rsvpbot.reading.names import acronym, is_organisation
from rsvpbot.reading.people import SOMEBODY, Person, Who
from rsvpbot.reading.phrases import Mark
from rsvpbot.reading.said import WHO_IS_MEANT, Clause, short, stays_away
from rsvpbot.reading.sentence import Here, Reader
from rsvpbot.reading.stance import DENIALS, HEDGES, denials_of, denied_from_afar

UNNAMED = Person(Who.ROLE)
MOST_BETWEEN = 2
"""Words between "in my place" and whoever comes, where no verb says that they do."""

REPRESENTS = "represents"
"""The meaning of words that say for whom somebody comes whose coming was told."""

IN_PLACE = "in place"
"""The meaning of "in my place" before it is known who comes."""


def substitution(reader: Reader, here: Here, head: Mark, own: Sequence[Mark], after: int) -> Clause | None:
    """The clause of a head that speaks of a substitute: `people` are the absent and `others` those who come; or only
    `people` come, in the writer's place."""
    denied = denials_of(own) % 2 == 1
    named = here.mentions.between(*head.who) if head.who else None
    said = resolved(named.people, here.tokens[named.start].start, reader) if named else ()
    if head.meaning in {"instead", "instead_of"}:
        unsure = denied_from_afar(head, own, here)
        if any(mark.meaning in HEDGES | DENIALS for mark in own):
            unsure = f"perhaps not in the place: “{here.marks.words(own[0].start, head.end)}”"
        clause = here.made(head, IN_PLACE, said or (me("i", reader),), head.start, reader.text)
        return replace(clause, asked=here.question, doubt=unsure)
    if head.meaning == "sends" and said and _is_self(said):
        return None  # "send me the list"
    doer = doer_of(reader, here, head._replace(who=None), own, after)
    if denied and head.meaning in {"sends", "stands_in"}:  # "we are not in a position to send anybody"
        people = doer.people or (the_writer(reader),)
        return replace(here.made(head, "no", people, doer.start, reader.text), doubt=doer.doubt, asked=here.question)
    if head.meaning == "represented":
        clause = _represented(reader, here, head, doer, said, denied)
    elif head.meaning == "sends":
        clause = _sends(reader, here, head, doer, said)
    else:
        clause = _stands_in(reader, here, head, doer, said)
    afar = denied_from_afar(head, own, here)
    clause = replace(clause, doubt=clause.doubt or afar)
    hedged = clause.meaning == "substitute" and any(mark.meaning in HEDGES for mark in own)
    return replace(clause, asked=here.question, meaning="maybe" if hedged else clause.meaning)


def _represented(reader: Reader, here: Here, head: Mark, doer: Doer, said: tuple[Person, ...], denied: bool) -> Clause:
    """ "The Ambassador will be represented by Ana Lopez"."""
    people = doer.people or (the_writer(reader),)
    clause = here.made(head, "no" if denied else "substitute", people, doer.start, reader.text)
    begin, end = here.marks.piece_of(head.start)
    past = next((m for m in here.marks.main if m.meaning == "past" and begin <= m.start < end), None)
    told = f"it may be of the past: “{here.marks.words(head.start, head.end)}”" if past else ""
    return replace(clause, others=() if denied else said or (UNNAMED,), doubt="" if denied else doer.doubt or told)


def _sends(reader: Reader, here: Here, head: Mark, doer: Doer, said: tuple[Person, ...]) -> Clause:
    """ "I send Ana Lopez", "the Ambassador has nominated Ana Lopez"."""
    somebody_else = all(p.who in {Who.NAMED, Who.ROLE} for p in doer.people)  # "市长因主持防汛工作…委派副市长…"
    unknown = not doer.people or doer.people == (SOMEBODY,) or (doer.elided and not somebody_else)
    inside = range(head.start, head.end)
    said_as = (name for name in ("we", "i") if any(reader.pack.longest(name, here.tokens, i) for i in inside))
    spoken = next(said_as, "")  # "我們會派兩位同事出席"; an ambassador's office: "register Ana Lopez instead of me"
    writer = me(spoken, reader) if spoken else the_writer(reader)
    people, start = ((writer,), head.start) if unknown else (doer.people, doer.start)
    return replace(here.made(head, "substitute", people, start, reader.text), others=said or (UNNAMED,))


def _stands_in(reader: Reader, here: Here, head: Mark, doer: Doer, said: tuple[Person, ...]) -> Clause:
    """ "Ana Lopez will stand in (for the Director)"."""
    doubt = doer.doubt
    before = _who_was_sent_before(here, head, doer) or (_who_came_before(here, head) if doer.elided else ())
    if before:
        doer, doubt = Doer(before, doer.start), ""
    if doer.elided and not doubt:
        doubt = f"{WHO_IS_MEANT}: “{here.marks.words(head.start, head.end)}”"
    clause = replace(here.made(head, "substitute", doer.people, doer.start, reader.text), doubt=doubt)
    if not said or _is_self(said):
        unsaid = _is_self(doer.people) and not _plainly(here, head, doer)
        told = f"in whose place is not clear: “{short(clause.words)}”"
        return replace(clause, doubt=doubt or told) if unsaid else clause
    if all(_is_organisation(person, reader) for person in said):
        if doer.elided and any(c.meaning in {"yes", "wish"} for c in here.built):
            return replace(clause, meaning=REPRESENTS, people=said, doubt="")  # "I will attend, representing UNHCR"
        if not doer.doubt and _is_self(doer.people):
            return replace(clause, meaning="yes")
    if all(reader.writer.is_office(person.name) for person in said):
        return replace(clause, meaning="yes")  # "Ana Lopez will speak for the Foundation", writes the Foundation
    if reader.pack.has("objects", here.tokens[doer.start].norm):  # "Директора заменит юрист Тарас Гринько"
        return replace(clause, others=said)
    return replace(clause, people=said, others=doer.people)


def _plainly(here: Here, head: Mark, doer: Doer) -> bool:
    """Whether nothing stands with "I will stand in" that may turn it: "I have no time to", "nor shall I"."""
    begin, end = here.marks.piece_of(head.start)
    pack = here.marks.pack
    turning = any(begin <= m.start < end and m.meaning in _TURNING for m in here.marks.main)
    told = {i for mark in here.marks.all() for i in range(mark.start, mark.end)}
    between = (i for i in range(begin, head.start) if i not in told and here.tokens[i].word)
    return not turning and all(any(pack.longest(name, here.tokens, i) for name in _BESIDE_WHOEVER) for i in between)


_TURNING = DENIALS | HEDGES | {"past", "away", "maybe", "ask"}
_BESIDE_WHOEVER = ("self", "fill", "turn", "and", "object")


def _who_was_sent_before(here: Here, head: Mark, doer: Doer) -> tuple[Person, ...]:
    """ "The Minister has nominated Ana Lopez, to sit in for her": not the Minister does."""
    sent = here.built[-1] if here.built else None
    if sent is None or sent.meaning != "substitute" or not sent.others or doer.people not in {(), sent.people}:
        return ()
    end = next(i for i, token in enumerate(here.tokens) if token.start >= sent.end)
    return sent.others if here.marks.little_between(end, head.start) else ()


def _who_came_before(here: Here, head: Mark) -> tuple[Person, ...]:
    """ "Ana Lopez will come and represent me": whoever does what stands right before the "and"."""
    at = head.start - 1
    if at <= here.begin or not here.marks.pack.longest("and", here.tokens, at):
        return ()
    told = [clause for clause in here.built if clause.end <= here.tokens[at].start]
    before = max(told, key=lambda clause: clause.end, default=None)
    if before is None or before.meaning != "yes" or before.doubt or _is_self(before.people):
        return ()
    end = next(i for i, token in enumerate(here.tokens) if token.start >= before.end)
    return before.people if here.marks.same_piece(end, at) else ()


def _is_organisation(person: Person, reader: Reader) -> bool:
    """Whether it is an organisation, which comes by sending somebody."""
    named = person.who is Who.NAMED and not person.role
    return person.who is Who.GROUP or (named and (acronym(person.name) or is_organisation(person.name, reader.pack)))


def with_places(reader: Reader, here: Here) -> None:
    """ "In my place Ana Lopez will come": who comes, and in whose place, made one clause."""
    stays = _one_who_stays_away(reader, here)
    for place in [clause for clause in here.built if clause.meaning == IN_PLACE]:
        here.built.remove(place)
        absent = place.people
        coming = next((c for c in here.built if c.meaning in {"yes", "wish"} and _somebody_else(c, absent)), None)
        if coming is not None:
            here.built.remove(coming)
            doubt = place.doubt or ("" if coming.doubt.startswith(WHO_IS_MEANT) else coming.doubt)
            merged = replace(coming, meaning="substitute", people=absent, others=coming.people, doubt=doubt)
            here.built.append(replace(merged, people=coming.people, others=()) if _is_self(absent) else merged)
        elif stays and (mine := _the_writers(here)):
            here.built.remove(mine)  # "the Ambassador cannot come, I shall come in his place"
            here.built.append(replace(mine, meaning="substitute", people=stays, others=mine.people))
        elif any(c.meaning == "maybe" for c in here.built):
            continue  # "X will perhaps come in my place"
        elif sent := next((c for c in here.built if c.meaning == "substitute" and c.others), None):
            if _is_writer(sent.people):  # "we nominate Ana Lopez in place of the Director"
                here.built.remove(sent)
                here.built.append(replace(sent, people=absent))
        elif not any(c.meaning == "substitute" for c in here.built):
            others = tuple(
                p
                for mention in here.mentions.all()
                for p in mention.people
                if mention.start >= here.begin and p.who in {Who.NAMED, Who.ROLE} and p not in absent
            )
            denied = any(mark.meaning in DENIALS and mark not in here.used for mark in here.marks.main)
            # "I do not want anybody to go in my place", "my place is there", "in my absence you may ask my colleague"
            unclear = denied or not others or _far_from(place, here)
            doubt = place.doubt or (f"{WHO_IS_MEANT}: “{place.words}”" if unclear else "")
            here.built.append(replace(place, meaning="substitute", others=others or (UNNAMED,), doubt=doubt))


def _the_writers(here: Here) -> Clause | None:
    """The clause by which the writer comes, alone."""
    if any(mark.meaning in {"bring", "more"} for mark in here.marks.beside):
        return None
    return next((clause for clause in here.built if clause.meaning == "yes" and _is_self(clause.people)), None)


def _one_who_stays_away(reader: Reader, here: Here) -> tuple[Person, ...]:
    """The one person, not the writer, of whom it was said that they do not come; nobody where there are several."""
    stay = {c.people: None for c in (*reader.clauses, *here.built) if stays_away(c)}
    return next(iter(stay)) if len(stay) == 1 else ()


def _far_from(place: Clause, here: Here) -> bool:
    """Whether several words stand between "in my place" and whoever is named."""
    tokens = here.tokens
    first = next(i for i, token in enumerate(tokens) if token.start >= place.start)
    last = next((i for i, token in enumerate(tokens) if token.start >= place.end), len(tokens))
    told = {p for m in here.mentions.all() for p in m.people if p.who in {Who.NAMED, Who.ROLE}}
    kinds = {Who.NAMED, Who.ROLE, Who.THEY} if len(told) == 1 else {Who.NAMED, Who.ROLE}  # "… Ana Lopez and she goes"
    gaps = [
        sum(token.word for token in tokens[last : m.start] or tokens[m.end : first])
        for m in here.mentions.all()
        if any(p.who in kinds for p in m.people)
    ]
    return min(gaps, default=0) > MOST_BETWEEN


def _is_self(people: Sequence[Person]) -> bool:
    return all(p.who is Who.SELF for p in people)


def _is_writer(people: Sequence[Person]) -> bool:
    return all(p.who in {Who.SELF, Who.GROUP} for p in people)


def _somebody_else(clause: Clause, absent: Sequence[Person]) -> bool:
    return clause.people != absent and not (_is_self(clause.people) and _is_self(absent))


__all__ = ["substitution", "with_places"]
