"""From clauses to an answer: who comes, who does not, and whether a person must look.

The rule of the house: an answer counts only where its clauses agree and nothing of weight is left unread. Everything
else is said to be unsure, with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rsvpbot.model import Asks, PartStat, Voice
from rsvpbot.reading.names import acronym, han, merge_names, name_words, same_person
from rsvpbot.reading.pack import Pack
from rsvpbot.reading.party import Stand, party_of
from rsvpbot.reading.people import Person, Who, says_role
from rsvpbot.reading.said import (
    DAY_BEFORE,
    SOMETHING_ELSE,
    STANCES,
    WHO_IS_MEANT,
    Clause,
    Left,
    Parsed,
    Writer,
)

LARGE_PARTY = 6
"""From this many on, a person looks (see tests/corpus/README.md)."""

FEW_BESIDE = 1
"""So many words may be left over beside thanks, where nothing else is said."""

FEW_TOLD = 2
"""So many words with content say nothing of weight beside an answer."""

BARE_CHARACTERS = 3
"""Chinese characters of a mere "all right", at most."""

A_SENTENCE = 4
"""So many words left over are a sentence of their own."""

FEW_FILED = 4
"""So many words with content beside a receipt say where the letter went."""

FEW_LEFT = 5
"""So many words with content may be left over in a question that our letters answer."""

NEAR_AN_ASK = 40
"""Characters between a request and the answer that it asks to note."""

SHORT = 5
"""So many words without a subject are a short phrase."""

WORDS_SHOWN = 120
"""Characters of the mail's words that a reason quotes at most."""

_ONLY_ELSEWHERE = "is elsewhere, but does not say that they will not come"
_WRITER_UNSAID = "somebody else comes; whether the writer does is not said"
_ONLY_NAMES = "names, but no word on coming"
_ALONG = frozenset({"bring", "more", "count"})
_NEEDS = frozenset({"diet", "access", "pass"})
_SAYS = frozenset({"yes", "no", "maybe"})
_OF_SOMEBODY = frozenset({"self", "person", "come", "presence", "yes", "can", "will", "then"})
"""Signs that a denial is about somebody's coming."""
_OF_THE_ANSWER = frozenset(
    {"come", "presence", "yes", "then", "person", "no", "away", "missed", "maybe", "want", "confirm", "fail"}
)
"""Signs that a denial is about the answer that was given."""

_OF_AN_OBSTACLE = frozenset({"then", "regret", "away", "no", "cannot", "come", "presence", "if", "unsure"})
"""Signs that what stands before an answer may stand against it."""

_TAG = frozenset({"question", "self", "can", "will", "not", "cannot", "would"})
_HEAVY = frozenset(
    {"come", "presence", "not", "cannot", "if", "unsure", "fail", "want", "hope", "confirm"}
    | {"yes", "no", "away", "missed", "maybe", "sends", "represented", "stands_in"}
)


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a text comes to."""

    partstat: PartStat | None = None
    party: int | None = None
    names: tuple[str, ...] = ()
    grounds_pass: bool | None = None
    dietary: str | None = None
    access: str | None = None
    asks: Asks | None = None
    doubts: tuple[str, ...] = ()
    """Reasons for review that touch the answer itself."""
    requests: tuple[str, ...] = ()
    """Reasons for review beside the answer."""
    voice: Voice = Voice.UNKNOWN
    represents: tuple[str, ...] = ()
    substitutes: tuple[str, ...] = ()
    silent: bool = False
    """Says nothing on coming, and asks for nothing: thanks, received."""
    plain: bool = False
    """Somebody is said to come, or not: the answer does not rest on a turn of phrase alone."""
    withdrawn: bool = False
    """Explains that an earlier answer no longer holds."""


def weigh(parsed: Parsed, writer: Writer, pack: Pack, assumed: PartStat | None = None) -> Weighed:
    """Judge the clauses of a text. Pure.

    `assumed`: the answer that came with the text (a calendar program's), where the text need not give one.
    """
    parsed = replace(parsed, clauses=tuple(_own_seat(clause, pack) for clause in parsed.clauses))
    explained = _explained(parsed)
    plainly = any(c.meaning == "yes" and not c.doubt and not c.asked for c in parsed.clauses)
    answers = [
        clause
        for clause in parsed.clauses
        if clause.meaning in STANCES
        and not (clause.meaning == "away" and clause.sentence in explained)
        and not (clause.meaning == "away" and clause.value == "another day" and plainly)
    ]
    asked = [clause for clause in answers if clause.asked]
    answers = [clause for clause in answers if not clause.asked]
    withdrawn = any(clause.meaning == "withdraw" for clause in answers)
    stands, contradictions = _stands(answers, parsed, writer, withdrawn, pack)
    doubts = [clause.doubt for clause in answers if clause.doubt and not _repeated(clause, answers)] + contradictions
    self_stand = stands.get("self")
    others = [stand for key, stand in stands.items() if key != "self"]
    substitution = _still_sent(answers)
    stance, extra = _overall(self_stand, others, substitution, parsed, writer, withdrawn, pack)
    doubts += _somebody_after_all(stance, parsed, answers, writer)
    settled = {PartStat.DECLINED: _ONLY_ELSEWHERE, PartStat.ACCEPTED: _WRITER_UNSAID}.get(assumed) if assumed else ""
    doubts += [doubt for doubt in extra if doubt != settled]
    answer = _answer(stance, self_stand, answers, assumed, pack)
    requests, more_doubts = _left_over(parsed, answer, asked, writer)
    doubts += more_doubts
    doubts += _turned(answers, answer, explained)
    doubts += _both_certain_and_not(stance, self_stand, answers)
    logistics = any(clause.meaning == "logistics" and clause.asked for clause in parsed.clauses)
    asks = Asks.OTHER if requests else (Asks.LOGISTICS if logistics else None)
    facts = _facts(parsed.clauses) if stance is not PartStat.DECLINED else (None, None, None)
    party = party_of(stance or assumed, self_stand, others, substitution, parsed, writer, pack)
    doubts += party.doubts
    doubts += [clause.doubt for clause in parsed.clauses if clause.doubt and clause.meaning in _ALONG and stance]
    if parsed.cut:
        doubts.append("longer than a letter: not read to its end")
    if party.count is not None and party.count >= LARGE_PARTY:
        doubts.append(f"a party of {party.count}")
    voice = _voice(self_stand, others, substitution, writer)
    represents = tuple(
        merge_names(
            p.name
            for c in parsed.clauses
            if c.meaning == "courtesy" or (c.meaning == "substitute" and c.others)
            for p in c.people
            if p.name
        )
    )
    silent = False
    if stance is None and assumed is None and not doubts and not requests:
        said = {clause.meaning for clause in parsed.clauses}
        if (
            said & {"diet", "access", "pass", "bring", "more", "count", "together", "late", "only", "list"}
            and not logistics
        ):
            doubts.append("says nothing on coming, but something that belongs to an answer")
        elif answers or any("be" in item.signs for item in parsed.left):
            doubts.append("speaks of coming, but gives no answer")
        elif parsed.regrets and not said and parsed.left:
            doubts.append("is sorry for something, but gives no answer")
        else:
            silent = not logistics
    return Weighed(
        partstat=stance,
        party=party.count,
        names=party.names,
        grounds_pass=facts[0],
        dietary=facts[1],
        access=facts[2],
        asks=asks,
        doubts=tuple(dict.fromkeys(doubts)),
        requests=tuple(dict.fromkeys(requests)),
        voice=voice,
        represents=represents,
        substitutes=party.names if stance is PartStat.DELEGATED else (),
        silent=silent,
        withdrawn=withdrawn,
        plain=stance is not PartStat.TENTATIVE
        or any(c.meaning == "maybe" and c.people and not c.elided for c in answers),
    )


def _explained(parsed: Parsed) -> frozenset[int]:
    """The sentences in which what keeps one says only why one is late, or beside a plain yes why one has a need: "no
    stairs, please: my legs are not what they were"."""
    plainly = any(c.meaning == "yes" and not c.doubt and not c.asked for c in parsed.clauses)
    needs = frozenset({"late", "diet", "access"}) if plainly else frozenset({"late"})
    return frozenset(clause.sentence for clause in parsed.clauses if clause.meaning in needs)


def _still_sent(answers: Sequence[Clause]) -> list[Clause]:
    """The substitutes, but for those that were taken back and not only named anew."""
    sent = [clause for clause in answers if clause.meaning == "substitute"]
    back = [c.start for c in answers if c.meaning == "withdraw" and c.value != "earlier"]
    if not back or not any(c.meaning in {"yes", "no"} and c.start > back[-1] for c in answers):
        return sent
    return [clause for clause in sent if clause.start > back[-1]]


def _repeated(clause: Clause, answers: Sequence[Clause]) -> bool:
    """Whether what a clause seems to say, unless it speaks of something else, is said plainly too."""
    if clause.meaning == "wish":
        return any(other.meaning not in {"wish", "withdraw"} and other.people == clause.people for other in answers)
    unclear = clause.doubt.startswith((WHO_IS_MEANT, SOMETHING_ELSE, DAY_BEFORE))
    return unclear and any(
        other.meaning == clause.meaning
        and not other.doubt
        and (_same_side(other.people, clause.people) or set(clause.people) <= set(other.people))
        for other in answers
    )


def _same_side(some: Sequence[Person], others: Sequence[Person]) -> bool:
    """The same people; "we" and "the foundation" are."""
    own = {Who.SELF, Who.GROUP}
    return some == others or all(p.who in own for p in (*some, *others))


def _own_seat(clause: Clause, pack: Pack) -> Clause:
    """ "I shall take my seat": nobody else's."""
    if clause.meaning != "substitute" or clause.others or not all(p.who is Who.SELF for p in clause.people):
        return clause
    doubt = clause.doubt or f"in whose place is not clear: “{_short(clause.words)}”"
    return replace(clause, meaning="yes", doubt=doubt)


def _short(words: str) -> str:
    flat = " ".join(words.split())
    return flat if len(flat) <= WORDS_SHOWN else flat[: WORDS_SHOWN - 1] + "…"


# --------------------------------------------------------------------------- who stands where


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


def _stands(
    answers: Sequence[Clause], parsed: Parsed, writer: Writer, withdrawn: bool, pack: Pack
) -> tuple[dict[str, Stand], list[str]]:
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
                    contradictions.append(f"{WHO_IS_MEANT}: “{_short(clause.words)}”")
                continue
            stand = stands.setdefault(key, Stand(person))
            if person.name and not stand.person.name:
                stand.person = person
            sorry = (
                clause.sentence in parsed.regrets and clause.elided
            )  # "alas, I am elsewhere, the tickets are bought"
            new, contradiction = _next_stance(stand, stance, clause, withdrawn, pack, sorry)
            if contradiction:
                contradictions.append(contradiction)
            if new != stand.stance or stand.clause is None:
                stand.stance, stand.clause = new, clause
    return stands, contradictions


def _about_a_need(clause: Clause, parsed: Parsed) -> bool:
    """ "I am vegetarian, in case there is food", "I wait for the paper": undecided is something else than coming."""
    others = [c for c in parsed.clauses if c.sentence == clause.sentence and c is not clause]
    plainly = any(c.meaning == "yes" and not c.doubt for c in parsed.clauses)
    return plainly and any(
        (c.meaning in _NEEDS and clause.start <= c.start <= clause.end)
        or (c.meaning in {"logistics", *_NEEDS} and 0 <= c.start - clause.end <= 3)
        for c in others
    )


def _next_stance(stand: Stand, new: str, clause: Clause, withdrawn: bool, pack: Pack, sorry: bool) -> tuple[str, str]:
    """The stance after one more clause, and the contradiction, if it is one. `sorry`: a short phrase beside regret."""
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
        return "yes", f"a short yes, and a promise to answer: “{_short(clause.words)}”"
    settled = table.get((old, new))
    if settled:
        return settled, ""
    same = stand.clause is not None and stand.clause.sentence == clause.sentence
    if (old, new) == ("yes", "no") and same and not clause.elided and stand.clause and _bare_yes(stand.clause):
        return "no", ""  # "好的，不过我来不了。"
    if (old, new) == ("away", "yes") and same and not sorry and not _there(clause, pack):
        return "yes", ""  # "I have a vote until one, so I shall slip in at half past"
    first = stand.clause.words if stand.clause else ""
    return new, f"it contradicts itself: “{_short(first)}” and “{_short(clause.words)}”"


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


# --------------------------------------------------------------------------- the whole


def _overall(
    own: Stand | None,
    others: Sequence[Stand],
    substitution: Sequence[Clause],
    parsed: Parsed,
    writer: Writer,
    withdrawn: bool,
    pack: Pack,
) -> tuple[PartStat | None, list[str]]:
    stance = own.stance if own else ""
    if stance == "promise":  # "whether the Ambassador is free is open; I will let you know"
        stance = "" if substitution or any(stand.stance != "away" for stand in others) else "maybe"
    coming = [stand for stand in others if stand.stance in {"yes", "wish"}]
    perhaps = [stand for stand in others if stand.stance == "maybe"]
    staying = [stand for stand in others if stand.stance in {"no", "away"}]
    doubts: list[str] = []
    promised = own is not None and own.stance == "promise"
    if coming and promised and not substitution and all(stand.stance == "wish" for stand in coming):
        return PartStat.TENTATIVE, doubts  # "the Minister would like to come; I'll be in touch"
    if substitution:
        if stance == "maybe" and not any(clause.meaning == "maybe" for clause in parsed.clauses):
            stance = "away"  # "I am kept here, but I send somebody, and shall let you know the name"
        if stance in {"yes", "maybe"} and not withdrawn:
            clause = own.clause if own else None
            if clause is not None and clause.people and clause.people[0].who is Who.GROUP:
                return PartStat.ACCEPTED if stance == "yes" else PartStat.TENTATIVE, doubts
            doubts.append("the writer comes, and somebody else in their place")
        principals = [p for c in substitution if c.others for p in c.people]
        named_by_office = writer.organisation and bool(parsed.listed)
        office = principals and all(
            (p.who in {Who.GROUP, Who.SELF} and (named_by_office or p.role not in pack.words["i"]))
            or writer.is_office(p.name)
            for p in principals
        )
        if office and not staying and stance in {"", "yes"}:
            return PartStat.ACCEPTED, doubts
        return PartStat.DELEGATED, doubts
    if stance in {"yes", "wish"}:
        if perhaps:
            doubts.append("somebody else may come too")
        return PartStat.ACCEPTED, doubts
    if stance == "maybe":
        return PartStat.TENTATIVE, doubts
    speaks_for_all = own is not None and (own.person.who is Who.GROUP or writer.organisation)
    if stance == "no" and coming and own is not None and speaks_for_all:
        return PartStat.DECLINED, [
            f"it contradicts itself: “{_short(own.clause.words)}”" if own.clause else _ONLY_NAMES
        ]
    if stance in {"no", "away"} and coming:
        if any(clause.meaning == "together" for clause in parsed.clauses):
            return PartStat.ACCEPTED, doubts
        return PartStat.DELEGATED, doubts
    if stance in {"no", "away"} and perhaps:
        return PartStat.DECLINED, [*doubts, "somebody else may come instead"]
    if stance == "no":
        return PartStat.DECLINED, doubts
    if stance == "away":
        if not any(stand.stance == "no" for stand in staying) and not _away_is_no(own, parsed, pack):
            doubts.append(_ONLY_ELSEWHERE)
        return PartStat.DECLINED, doubts
    return _of_others(own, coming, perhaps, staying, parsed, writer, withdrawn, pack)


def _somebody_after_all(
    stance: PartStat | None, parsed: Parsed, answers: Sequence[Clause], writer: Writer
) -> list[str]:
    """Why a no may not be the whole answer: people are listed, or somebody is spoken of in words that were not read."""
    if stance is not PartStat.DECLINED:
        return []
    listed = [p.name for p in parsed.listed if p.name and not same_person(p.name, writer.name)]
    if listed:
        return [f"does not come, and yet names people: “{listed[0]}”"]
    said: dict[int, set[str]] = {}
    for clause in parsed.clauses:
        said.setdefault(clause.sentence, set()).add(clause.meaning)
    resting = all(c.meaning == "away" for c in answers if c.meaning in {"no", "away"})
    refused = min((c.sentence for c in answers if c.meaning in {"no", "away"}), default=0)
    return [
        f"somebody may come instead: “{_short(item.words)}”"
        for item in parsed.left
        if not said.get(item.sentence, set()) & {"courtesy", "receipt"}
        and (
            (item.sentence >= refused and _unexplained(item, parsed, writer))
            or (
                resting
                and ("person" in item.signs or item.names)
                and item.content > FEW_TOLD
                and "no" not in said.get(item.sentence, set())
            )
        )
    ]


def _principal_unsaid(coming: Sequence[Stand], parsed: Parsed) -> str:
    """The one in whose name it is written ("Ambassador Marsh thanks you"), where only others are said to come."""
    for clause in parsed.clauses:
        if clause.meaning == "courtesy":
            for person in clause.people:
                here = any(same_person(person.name, stand.person.name) for stand in coming if stand.person.name)
                if person.who is Who.NAMED and not here:
                    return person.name
    return ""


def _of_others(
    own: Stand | None,
    coming: Sequence[Stand],
    perhaps: Sequence[Stand],
    staying: Sequence[Stand],
    parsed: Parsed,
    writer: Writer,
    withdrawn: bool,
    pack: Pack,
) -> tuple[PartStat | None, list[str]]:
    """The same where the writer neither comes nor stays away."""
    doubts: list[str] = []
    if coming and staying and own is None:
        refused = [s.clause.start for s in staying if s.clause and s.stance == "no"]
        said_first = all(s.clause and s.clause.start < min(refused, default=0) for s in coming)
        if said_first or any(clause.meaning == "together" for clause in parsed.clauses):
            return PartStat.ACCEPTED, doubts  # "our Ambassador will attend; our Counsellor cannot"
        return PartStat.DELEGATED, doubts
    if coming and own is None and any(says_role(stand.person.role, pack.words["successors"]) for stand in coming):
        return PartStat.DELEGATED, doubts
    unsaid = _principal_unsaid(coming, parsed)
    if coming and unsaid:
        doubts.append(f"somebody else comes; whether {unsaid} does is not said")
    elif coming:
        inferior = [s for s in coming if s.person.who in {Who.ROLE, Who.NAMED}]
        if (
            inferior
            and not writer.organisation
            and any(says_role(s.person.role, pack.words["junior"]) for s in inferior)
        ):
            doubts.append(_WRITER_UNSAID)
        elif inferior and not writer.organisation and all(_bare_wish(s, pack) for s in inferior):
            doubts.append(_WRITER_UNSAID)  # "my daughter would like to go"
    if coming and any(acronym(stand.person.name) for stand in coming):
        doubts.append(_WRITER_UNSAID)  # "I read that UNHCR will take part"
    if coming:
        return PartStat.ACCEPTED, doubts
    if perhaps:
        return PartStat.TENTATIVE, doubts
    listed = any(p.who is Who.NAMED for p in parsed.listed)
    if own is None and listed and any(clause.meaning in {"list", "count"} for clause in parsed.clauses):
        return PartStat.ACCEPTED, doubts
    if staying:
        if any(stand.stance == "no" for stand in staying) or _away_is_no(staying[0], parsed, pack):
            return PartStat.DECLINED, doubts
        return PartStat.DECLINED, [_ONLY_ELSEWHERE]
    counted_self = any(c.meaning in {"count", "only"} for c in parsed.clauses)
    named = any(p.who is Who.NAMED or (p.who is Who.SELF and counted_self) for p in parsed.listed)
    counted = any(c.meaning in {"count", "only", "list"} and not c.asked for c in parsed.clauses)
    late = any(c.meaning == "late" and not c.asked for c in parsed.clauses)
    if named and counted:
        if any(item.signs for item in parsed.left):
            doubts.append(_ONLY_NAMES)
        return PartStat.ACCEPTED, doubts
    if late:
        return PartStat.ACCEPTED, ["comes late or leaves early, but does not say that they come"]
    if named and not any(item.content > 1 or item.signs for item in parsed.left):
        return PartStat.ACCEPTED, [_ONLY_NAMES]
    if withdrawn:
        doubts.append("an earlier answer is withdrawn, and none is given")
    return None, doubts


def _bare_wish(stand: Stand, pack: Pack) -> bool:
    """Whether somebody without a title is only said to wish to come."""
    return stand.stance == "wish" and bool(stand.person.role) and not says_role(stand.person.role, pack.words["titles"])


def _away_is_no(stand: Stand | None, parsed: Parsed, pack: Pack) -> bool:
    """Whether "I am travelling" is meant as the answer: said with regret, or of the very day."""
    if stand is None or stand.clause is None:
        return False
    away = [clause for clause in parsed.clauses if clause.meaning == "away"]
    if any(clause.meaning == "withdraw" for clause in parsed.clauses) or _nothing_but_thanks(away, parsed):
        return True
    return any(c.value == "then" or c.sentence + near in parsed.regrets for c in away for near in (-1, 0, 1))


def _nothing_but_thanks(away: Sequence[Clause], parsed: Parsed) -> bool:
    """ "Thank you. My father is gravely ill." What else would it say?"""
    said = {clause.meaning for clause in parsed.clauses if clause not in away}
    kept = {clause.sentence for clause in away}
    late = any(
        c.meaning == "courtesy" and c.sentence in kept for c in parsed.clauses
    )  # "sorry for the delay, I travel"
    read = not any(item.content > FEW_TOLD or "question" in item.signs for item in parsed.left)
    plain = read and not late and not any(clause.doubt for clause in away)
    return plain and "courtesy" in said and said <= {"courtesy", "receipt"}


@dataclass(frozen=True, slots=True)
class _Answer:
    """The answer against which the rest of the text is weighed."""

    stance: PartStat | None
    firm_at: int = -1
    """Where it is given plainly for the first time; -1 where it is not."""
    own: bool = True
    """The writer comes, or does not; else only others are spoken of."""
    withdrawn: bool = False
    """An earlier answer is taken back; that may be regretted."""
    missed: bool = False
    """The writer would have loved to come: a reason follows."""
    said_from: int = -1
    """The sentence in which it begins."""
    short_until: int = -1
    """The sentence of a yes that is only a short phrase, without anybody who does it ("sure", "see you there")."""


def _answer(
    stance: PartStat | None, own: Stand | None, answers: Sequence[Clause], assumed: PartStat | None, pack: Pack
) -> _Answer:
    firm: frozenset[str] = frozenset()
    if stance in {PartStat.ACCEPTED, PartStat.DELEGATED}:
        firm = frozenset({"yes"} if stance is PartStat.ACCEPTED else {"yes", "substitute"})
    given = [clause.start for clause in answers if clause.meaning in firm and not clause.doubt]
    said = [clause for clause in answers if clause.meaning in firm | {"wish"}]
    short = stance is PartStat.ACCEPTED and all(c.elided and len(c.words.split()) <= SHORT for c in said)
    return _Answer(
        stance=stance or assumed,
        firm_at=min(given, default=-1),
        withdrawn=any(clause.meaning == "withdraw" for clause in answers),
        missed=any(clause.meaning == "missed" for clause in answers),
        said_from=min((c.sentence for c in said), default=-1),
        own=own is not None or assumed is not None,
        short_until=min((c.sentence for c in said), default=-1) if short else -1,
    )


def _left_over(parsed: Parsed, answer: _Answer, asked: Sequence[Clause], writer: Writer) -> tuple[list[str], list[str]]:
    """Reasons beside the answer, and reasons that touch it."""
    requests = [f"asks something that a person must answer: “{_short(clause.words)}”" for clause in asked]
    doubts: list[str] = []
    meanings: dict[int, set[str]] = {}
    for clause in parsed.clauses:
        meanings.setdefault(clause.sentence, set()).add(clause.meaning)
    for clause in parsed.clauses:
        said = meanings[clause.sentence]
        if clause.meaning == "special" and (
            clause.asked or answer.stance is None or "ask" in said or not said & _NEEDS
        ):
            requests.append(f"asks or says something that a person should see: “{_short(clause.words)}”")
        elif (
            clause.meaning == "ask"
            and not said & {"logistics", "courtesy", "receipt", *_NEEDS}
            and not _asks_to_be_counted(clause, parsed)
        ):
            requests.append(f"asks something that a person must answer: “{_short(clause.words)}”")
    for item in parsed.left:
        words = _short(item.words)
        said = meanings.get(item.sentence, set())
        if "question" in item.signs and _only_a_tag(item) and not said & {"bring", "more", "count"}:
            continue
        if "question" in item.signs and said & {"ask", "special"} and item.content <= FEW_BESIDE:
            continue  # asked already
        if "question" in item.signs:
            settled = said & {"logistics", "courtesy", "receipt", "promise", *_SAYS}
            needed = said & _NEEDS and ("ask" in said or item.content <= FEW_BESIDE)
            if not (settled or needed) or (item.content > FEW_LEFT and not said & _SAYS):
                requests.append(f"asks something that a person must answer: “{words}”")
            continue
        if answer.stance is None:
            if _unread(item, said):
                doubts.append(f"not understood: “{words}”")
            continue
        against = _against(item, answer, said)
        if against:
            doubts.append(f"may change the answer: “{words}”")
        elif "foreign" in item.signs and answer.stance is not PartStat.DECLINED:
            doubts.append(f"not understood: “{words}”")
        elif answer.stance is PartStat.DELEGATED and "substitute" in said:
            continue  # "Ambassador Marsh is away and has asked Ana Lopez to take his seat"
        elif _unexplained(item, parsed, writer) and _may_come(item, answer, said):
            doubts.append(f"somebody is named, and it is not clear why: “{words}”")
    return requests, doubts


def _asks_to_be_counted(ask: Clause, parsed: Parsed) -> bool:
    """Whether the answer is what is asked for ("could you put me down"), not what stands before it."""
    return any(
        clause.meaning in _SAYS | {"substitute"} and clause.end > ask.end and clause.start - ask.end <= NEAR_AN_ASK
        for clause in parsed.clauses
        if clause.sentence == ask.sentence
    )


def _only_a_tag(item: Left) -> bool:
    """ "…, could I?": asks nothing."""
    return item.content == 0 and item.length <= 1 and "can" in item.signs and item.signs <= _TAG


def _unread(item: Left, said: set[str]) -> bool:
    """Whether a person must read it, where nothing else answers."""
    if "receipt" in said and not item.signs & (_HEAVY | {"turned"}) and item.content <= FEW_FILED:
        return False  # "Your letter of 30 August has been registered and laid before the Deputy Minister"
    if item.signs & {"then", "turned"} and item.length > FEW_TOLD:
        return True  # "Thank you, that day my mother turns eighty"
    if item.signs & _HEAVY or item.names or (item.content and "self" in item.signs):
        return True
    if said & {"logistics", "receipt", "courtesy"}:
        return item.content > FEW_BESIDE or ("self" in item.signs and item.length > FEW_TOLD)
    return item.content > 0 or item.length > FEW_TOLD


def _against(item: Left, answer: _Answer, said: set[str]) -> frozenset[str]:
    """The signs by which this may change the answer. What was told before the answer was known when it was given."""
    signs = item.signs
    before = item.start < answer.firm_at
    answering = bool(said & STANCES)
    if answer.stance is PartStat.DECLINED:
        turning = {"yes", "can", "come", "person", "will"} if answer.missed and not item.names else {"turned"}
        if "turned" in signs and signs & turning and ("no" not in said or item.content > FEW_BESIDE):
            return frozenset({"turned"})  # "I am busy that day, but I shall find an hour for you"
        return frozenset() if answering else signs & {"come", "yes"}
    if answer.stance is PartStat.TENTATIVE:
        return signs & {"yes"}
    weighty = {"if", "unsure", "regret", "cannot", "away", "fail", "not"}
    if answer.stance is PartStat.DELEGATED:
        return signs & {"if", "unsure"} if not before and "late" not in said else frozenset()
    if said & _NEEDS or "late" in said:
        weighty -= {"cannot", "fail", "regret", "away", "if", "not"}
    if before or answer.withdrawn or said & STANCES:
        weighty -= {"regret", "away", "cannot", "fail", "not"}
    if before:
        weighty -= {"unsure"}
    if item.content > FEW_TOLD and not item.names and not signs & _OF_SOMEBODY:
        weighty -= {"not", "cannot", "fail", "regret"}  # "nobody found the lifts", "the Church cannot let that pass"
    behind = answer.firm_at >= 0 and item.sentence > answer.short_until
    if behind and item.length >= A_SENTENCE and not item.names and not signs & _OF_THE_ANSWER:
        weighty -= {"not", "cannot"}  # "I'll be there. I don't know many people in this field"
    if "past" in signs:  # what happened is no news
        weighty -= {"not", "unsure", "cannot", "fail"}
    about = item.sentence >= answer.said_from or bool(signs & _OF_AN_OBSTACLE)
    if "turned" in signs and about and (answer.firm_at < 0 or (answer.own and item.sentence <= answer.short_until)):
        return frozenset({"turned"})  # "I would love to come, but I must talk about it at home"
    if "regret" in signs and not said and item.sentence <= answer.short_until:
        return frozenset({"regret"})  # "Sorry, my plane lands after midnight. See you on the 20th"
    told = said & (STANCES | _NEEDS | {"courtesy", "receipt", "late", "bring"})
    unread = not told and item.content > FEW_TOLD - ("then" in signs)
    polite = answer.firm_at < 0 and item.sentence < answer.said_from and not signs & _OF_AN_OBSTACLE
    if unread and answer.own and not polite and (answer.firm_at < 0 or item.sentence <= answer.short_until):
        return frozenset({"unread"})  # "I'd love to come. My board meets that day." "Alas, … See you there, sure."
    return signs & weighty


def _turned(answers: Sequence[Clause], answer: _Answer, explained: frozenset[int]) -> list[str]:
    """What takes the answer back: "Scratch that", or a meeting that day beside a mere wish."""
    last = max((c.sentence for c in answers if c.meaning != "withdraw"), default=-1)
    doubts = [
        f"an answer is taken back, and none is given: “{_short(clause.words)}”"
        for clause in answers
        if clause.meaning == "withdraw" and clause.value != "earlier" and 0 <= last < clause.sentence
    ]
    if answer.stance is PartStat.ACCEPTED and answer.firm_at < 0:
        doubts += [
            f"may stand against it: “{_short(clause.words)}”"
            for clause in answers
            if clause.meaning == "away" and clause.sentence not in explained
        ]
    return doubts


def _both_certain_and_not(stance: PartStat | None, own: Stand | None, answers: Sequence[Clause]) -> list[str]:
    """A plain yes beside a single perhaps, and no word to follow: "Wouldn't miss it. Unless the taxi line is a
    nightmare you'll see me at noon." That may well be about something else."""
    maybes = [c for c in answers if c.meaning == "maybe"]
    if stance is not PartStat.TENTATIVE or own is None or own.stance != "maybe" or len(maybes) != 1:
        return []
    if any(c.meaning in {"promise", "wish", "withdraw"} for c in answers):
        return []
    sure = next(
        (c for c in answers if c.meaning == "yes" and not c.doubt and c.sentence < maybes[0].sentence),
        None,
    )
    return [f"certain, and then not: “{_short(sure.words)}” and “{_short(maybes[0].words)}”"] if sure else []


def _unexplained(item: Left, parsed: Parsed, writer: Writer) -> list[str]:
    """Who is named of whom no clause tells anything."""
    met = [p.name for c in parsed.clauses for p in (*c.people, *c.others) if p.name]
    met += [p.name for p in parsed.listed if p.name]
    met += [name for name in (writer.name, parsed.sign_off) if name]
    return [
        name
        for name in item.names
        if not any(same_person(name, other) for other in met) and not name_words(name) <= writer.known_words
    ]


def _may_come(item: Left, answer: _Answer, said: set[str]) -> bool:
    """Whether somebody who is only named may come, or may not."""
    if answer.stance is PartStat.DECLINED:
        return bool(item.signs & {"can", "will", "come"})
    return not said & {"courtesy", "receipt"}


# --------------------------------------------------------------------------- whom the writer speaks for


def _voice(own: Stand | None, others: Sequence[Stand], substitution: Sequence[Clause], writer: Writer) -> Voice:
    mine = own is not None
    theirs = any(stand.stance for stand in others) or any(
        p.who in {Who.NAMED, Who.ROLE} for c in substitution if c.others for p in c.people
    )
    if mine and writer.organisation:
        return Voice.INVITEE
    if mine and theirs:
        return Voice.BOTH
    if mine or (substitution and not theirs):
        return Voice.SELF
    return Voice.INVITEE if theirs else Voice.UNKNOWN


# --------------------------------------------------------------------------- facts


def _facts(clauses: Sequence[Clause]) -> tuple[bool | None, str | None, str | None]:
    passes = {clause.value for clause in clauses if clause.meaning == "pass" and not clause.asked}
    grounds_pass = None if len(passes) != 1 else passes == {"yes"}
    return grounds_pass, _joined(clauses, "diet"), _joined(clauses, "access")


def _joined(clauses: Sequence[Clause], fact: str) -> str | None:
    values = dict.fromkeys(c.value for c in clauses if c.meaning == fact and not c.asked and c.value != "none")
    return ", ".join(values) or None


__all__ = ["Weighed", "name_words", "weigh"]
