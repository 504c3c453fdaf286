"""Where each person stands after all that was said of them, and where one clause contradicts another."""

from __future__ import annotations

from collections.abc import Sequence

from rsvpbot.reading.names import han, same_person
from rsvpbot.reading.pack import Pack
from rsvpbot.reading.party import Stand
from rsvpbot.reading.people import Person, Who
from rsvpbot.reading.said import NEEDS, WHO_IS_MEANT, Clause, Parsed, Writer, short

SHORT = 5
"""So many words without a subject are a short phrase."""

BARE_CHARACTERS = 3
"""Chinese characters of a mere "all right", at most."""


def _key(person: Person, writer: Writer, stands: dict[str, Stand], pack: Pack) -> str:
    if person.who in {Who.SELF, Who.GROUP}:
        return "self"
    if person.who is Who.NAMED:
        if writer.is_office(person.name):
            return "self"
        surname = len(writer.name) == 1 and bool(person.role) and person.name != writer.name  # "my daughter 林一诺"
        if writer.name and same_person(person.name, writer.name) and not surname:
            return "self"
        for key, stand in stands.items():
            if stand.person.name and same_person(stand.person.name, person.name):
                return key
        return person.name
    if person.who is Who.ROLE:
        word = person.role.split()[-1] if person.role else ""
        for key, stand in stands.items():
            if stand.person.name and word and word in stand.person.role.split():
                return key
        return f"role:{person.role}"
    return "unknown"


def stands_of(
    answers: Sequence[Clause], parsed: Parsed, writer: Writer, withdrawn: bool, pack: Pack
) -> tuple[dict[str, Stand], list[str]]:
    """The stands by person ("self" is the writer and whoever the writer speaks for), and the contradictions."""
    stands: dict[str, Stand] = {}
    contradictions: list[str] = []
    for clause in answers:
        stance = {"missed": "no"}.get(clause.meaning, clause.meaning)
        if stance not in {"yes", "wish", "no", "away", "maybe", "promise"}:
            continue
        if stance == "away" and any(person.who is Who.UNKNOWN for person in clause.people):
            continue
        if stance == "maybe" and _about_a_need(clause, parsed):
            continue
        for person in clause.people or (Person(Who.SELF),):
            key = _key(person, writer, stands, pack)
            if key == "unknown":
                if not clause.doubt:
                    contradictions.append(f"{WHO_IS_MEANT}: “{short(clause.words)}”")
                continue
            stand = stands.setdefault(key, Stand(person))
            if person.name and not stand.person.name:
                stand.person = person
            sorry = (
                clause.sentence in parsed.regrets and clause.elided
            )  # "alas, I am elsewhere, the tickets are bought"
            regretted = clause.sentence in parsed.regrets
            new, contradiction = _next_stance(stand, stance, clause, withdrawn, pack, sorry, regretted)
            if contradiction:
                contradictions.append(contradiction)
            if new != stand.stance or stand.clause is None:
                stand.stance, stand.clause = new, clause
    return stands, contradictions


def _about_a_need(clause: Clause, parsed: Parsed) -> bool:
    """ "I am vegetarian, in case there is food", "I wait for the paper", "I shall be late and hardly there before one":
    undecided is something else than coming."""
    others = [c for c in parsed.clauses if c.sentence == clause.sentence and c is not clause]
    plainly = any(c.meaning == "yes" and not c.doubt for c in parsed.clauses)
    late = any(c.meaning == "late" for c in others)
    return plainly and (late or _beside_a_need(clause, others))


def _beside_a_need(clause: Clause, others: Sequence[Clause]) -> bool:
    """Whether a need, or what our letters answer, stands in a clause or right behind it."""
    return any(
        (c.meaning in NEEDS and clause.start <= c.start <= clause.end)
        or (c.meaning in {"logistics", *NEEDS} and 0 <= c.start - clause.end <= 3)
        for c in others
    )


def _next_stance(
    stand: Stand, new: str, clause: Clause, withdrawn: bool, pack: Pack, sorry: bool, regretted: bool
) -> tuple[str, str]:
    """The stance after one more clause, and the contradiction, if it is one. `sorry`: a short phrase beside regret;
    `regretted`: regret stands in its sentence."""
    old = stand.stance
    stand.missed = stand.missed or clause.meaning == "missed"
    stand.refused = stand.refused or clause.meaning == "no"
    own = all(person.who is Who.SELF for person in clause.people)
    if old == "no" and own and not stand.refused and new in ({"maybe"} if stand.missed else {"maybe", "promise"}):
        return "maybe", ""  # "I would love to come, but my son has an appointment; I'll let you know on Thursday"
    if not old or old == new:
        return new, ""
    if withdrawn and new in {"yes", "no", "maybe"} and old in {"yes", "no", "maybe", "wish"}:
        return new, ""
    table = {
        ("wish", "no"): "no",
        ("wish", "away"): "no",
        ("wish", "maybe"): "maybe",
        ("wish", "yes"): "yes",
        ("yes", "wish"): "yes",
        ("yes", "maybe"): "maybe",
        ("away", "no"): "no",
        ("no", "away"): "no",
        ("no", "wish"): "no",
        ("away", "maybe"): "maybe",
        ("maybe", "away"): "maybe",
        ("maybe", "wish"): "maybe",
        ("away", "wish"): "no",
        ("yes", "promise"): "yes",
        ("no", "promise"): "no",
        ("maybe", "promise"): "maybe",
        ("wish", "promise"): "maybe",
        ("away", "promise"): "maybe",
        ("promise", "maybe"): "maybe",
        ("promise", "yes"): "yes",
        ("promise", "no"): "no",
        ("promise", "wish"): "maybe",
        ("promise", "away"): "maybe",
    }
    if (old, new) == ("yes", "promise") and _says_only(stand.clause, clause):
        return "yes", f"a short yes, and a promise to answer: “{short(clause.words)}”"
    settled = table.get((old, new))
    if settled:
        return settled, ""
    same = stand.clause is not None and stand.clause.sentence == clause.sentence
    if (old, new) == ("yes", "no") and same and not clause.elided and stand.clause and _bare_yes(stand.clause):
        return "no", ""  # "好的，不过我来不了。"
    if (old, new) == ("away", "yes") and same and not sorry and not _there(clause, pack):
        return "yes", ""  # "I have a vote until one, so I shall slip in at half past"
    if (old, new) == ("away", "yes") and clause.value == "but" and not (sorry or clause.doubt or _there(clause, pack)):
        return "yes", ""  # "I have a lecture that day. But I will come."
    told = stand.clause is not None and not stand.clause.doubt and stand.clause.sentence < clause.sentence
    if (old, new) == ("yes", "away") and told and clause.value not in {"then", "but"} and not (withdrawn or regretted):
        return "yes", ""  # "I will attend. I have a meeting in the Secretariat until one."
    first = stand.clause.words if stand.clause else ""
    return new, f"it contradicts itself: “{short(first)}” and “{short(clause.words)}”"


def _bare_yes(clause: Clause) -> bool:
    words = clause.words.split()
    return clause.elided and len(words) <= 1 and (not han(clause.words[:1]) or len(clause.words) <= BARE_CHARACTERS)


def _says_only(yes: Clause | None, promise: Clause) -> bool:
    """ "Noted in my diary, I'll confirm later": a yes without anybody who comes."""
    same = yes is not None and yes.sentence == promise.sentence
    return same and yes is not None and yes.elided and len(yes.words.split()) <= SHORT


def _there(clause: Clause, pack: Pack) -> bool:
    """ "I have a wedding in Lisbon and shall be there": that may well be the other place."""
    return any(pack.has("there", word) for word in clause.words.casefold().split())


__all__ = ["SHORT", "stands_of"]
