"""The cases on which every letter is tried: whoever writes, whatever is configured, none may break."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product

from rsvpbot.config import Config
from rsvpbot.letters.facts import facts_of
from rsvpbot.letters.values import Link, Option, QuestionValues, Values, make_values
from rsvpbot.model import Address, Answer, Facts, Invitee, LetterKind, Order, PartStat, Venue

PARTIES: tuple[tuple[int | None, tuple[str, ...]], ...] = (
    (1, ("Ana Silva",)),
    (3, ("Ana Silva", "Omar Haddad")),
    (2, ()),
    (None, ()),
)


SAMPLE_QUESTION = QuestionValues(
    who="Ana Silva",
    organisation="Permanent Mission of Ruritania",
    address="ana.silva@mission.example",
    listed=True,
    subject="Re: Invitation",
    lines=("I should be glad to come.", "May I bring a film crew?"),
    reasons=("asks something that the letters do not answer",),
    reading="accepts",
    recorded="",
    options=tuple(
        Option(word, Link(f"mailto:rsvp@roundtable.example?subject={word}"), word.capitalize())
        for word in ("accept", "decline", "ignore", "reply")
    ),
)


def sample_invitee(answer: Answer | None = None, *, grounds_pass: bool | None = None) -> Invitee:
    """Somebody who is on nobody's list."""
    return Invitee(
        id="abcdefgh",
        addresses=("ana.silva@mission.example",),
        calendar_uid="sample@roundtable.example",
        name="Ana Silva",
        organisation="Permanent Mission of Ruritania",
        grounds_pass=grounds_pass,
        answer=answer,
    )


def sample_answer(
    partstat: PartStat,
    config: Config,
    *,
    party: int | None = 1,
    names: tuple[str, ...] = ("Ana Silva",),
    grounds_pass: bool | None = None,
    needs: bool = False,
) -> Answer:
    """An answer that came a week before the event. A delegate is the first of `names`."""
    at = config.event.starts - timedelta(days=7)
    delegate = Address(names[0] if names else "", "") if partstat is PartStat.DELEGATED else None
    return Answer(
        partstat=partstat,
        party=0 if partstat is PartStat.DECLINED else party,
        names=() if partstat is PartStat.DECLINED else names,
        order=Order(at, 1),
        reply="",
        recorded_at=at,
        grounds_pass=grounds_pass,
        dietary="vegetarian" if needs else None,
        access="wheelchair" if needs else None,
        delegate=delegate,
    )


def cases(language: str, config: Config) -> Iterator[Values]:
    """What any letter may be asked to say: every answer, party and pass; a bare configuration too."""
    kind = LetterKind.INFORMATION
    now = config.event.starts - timedelta(days=7)
    nobody = Invitee(id="abcdefgh", addresses=("a@mission.example",), calendar_uid="sample@roundtable.example")
    for setting in (config, _bare(config)):
        yield make_values(kind, language, setting, config.event.ends + timedelta(days=1))
        yield make_values(
            kind,
            language,
            setting,
            now,
            invitee=nobody,
            note="A note.",
            words=("A line.", "Another."),
            question=SAMPLE_QUESTION,
        )
        combinations = product(PartStat, PARTIES, (True, False, None))
        for index, (partstat, (party, names), grounds_pass) in enumerate(combinations):
            answer = sample_answer(
                partstat, setting, party=party, names=names, grounds_pass=grounds_pass, needs=index % 2 == 0
            )
            recorded = sample_answer(tuple(PartStat)[index % len(PartStat)], setting)
            yield make_values(
                kind,
                language,
                setting,
                now,
                invitee=sample_invitee(recorded if index % 3 else None),
                answer=answer,
                tag="[token]",
                passed_on=index % 2 == 0,
                delegate_written=index % 4 < 2,
                calendar=index % 2 == 0,
                was=(None, facts_of(setting), None, other_facts(setting))[index % 4],
                place=index % 3,
                deadline=now if index % 2 else None,
                note="A note.",
            )


def other_facts(config: Config) -> Facts:
    """What may have been told of the event before: nothing of it is as it is now."""
    now, day = facts_of(config), timedelta(days=1)
    venue = Venue(
        name="Another house",
        address="1 Another Street",
        floor="2nd floor",
        pass_name="visitor's pass",  # noqa: S106 (a pass for the door)
        reception="the front desk",
        arrive_by="11:00",
    )
    return replace(now, title="Another title", starts=now.starts - day, ends=now.ends - day, venue=venue)


def _bare(config: Config) -> Config:
    """The same event with nothing configured that may be left out."""
    event = replace(config.event, venue=Venue(), documents=(), rsvp_by=None)
    organisers = replace(config.organisers, name="", contact="", phone="", privacy="")
    return replace(config, event=event, organisers=organisers)
