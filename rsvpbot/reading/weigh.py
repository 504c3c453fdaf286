"""From clauses to an answer: who comes, who does not, and whether a person must look.

The rule of the house: an answer counts only where its clauses agree and nothing of weight is left unread. Everything
else is said to be unsure, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rsvpbot.model import Asks, PartStat, Voice
from rsvpbot.reading.names import acronym, merge_names, same_person
from rsvpbot.reading.pack import Pack
from rsvpbot.reading.party import Stand, party_of
from rsvpbot.reading.people import ME, Person, Who, says_role
from rsvpbot.reading.remainder import FEW_BESIDE, FEW_TOLD, Answer, answer_of, left_over, unexplained
from rsvpbot.reading.said import (
    DAY_BEFORE,
    NEEDS,
    SOMETHING_ELSE,
    STANCES,
    WHO_IS_MEANT,
    Clause,
    Parsed,
    Writer,
    short,
    stays_away,
)
from rsvpbot.reading.stands import stands_of

LARGE_PARTY = 6
"""From this many on, a person looks (see tests/corpus/README.md)."""

_IN_WHOSE_PLACE = "some come and somebody else does not; in whose place is not said"
_ONLY_ELSEWHERE = "is elsewhere, but does not say that they will not come"
_WRITER_UNSAID = "somebody else comes; whether the writer does is not said"
_WRITER_UNSAID_STAYS = "somebody else does not come; whether the writer does is not said"
_ONLY_NAMES = "names, but no word on coming"
_ALONG = frozenset({"bring", "more", "count"})


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
    spoken_of: tuple[str, ...] = ()
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
    parsed = replace(parsed, clauses=tuple(_own_seat(clause, pack) for clause in _seats(parsed, pack)))
    explained = _explained(parsed)
    plainly = any(c.meaning == "yes" and not c.doubt and not c.asked for c in parsed.clauses)
    answers = [
        clause
        for clause in parsed.clauses
        if clause.meaning in STANCES
        and not (clause.meaning == "away" and clause.sentence in explained)
        and not (clause.meaning == "away" and clause.value == "another day" and plainly)
        and not (not plainly and _sorry_to_be_late(clause, parsed))
    ]
    asked = [clause for clause in answers if clause.asked]
    answers = [clause for clause in answers if not clause.asked]
    withdrawn = any(clause.meaning == "withdraw" for clause in answers)
    stands, contradictions = stands_of(answers, parsed, writer, withdrawn, pack)
    doubts = [clause.doubt for clause in answers if clause.doubt and not _repeated(clause, answers)] + contradictions
    self_stand = stands.get("self")
    others = [stand for key, stand in stands.items() if key != "self" and stand.stance != "promise"]
    told_later = [s.clause for key, s in stands.items() if key != "self" and s.stance == "promise" and s.clause]
    substitution = _still_sent(answers)
    stance, extra = _overall(self_stand, others, substitution, parsed, writer, withdrawn, pack)
    said_more = {item.sentence for item in parsed.left if item.content}
    only_later = told_later and not any(clause.sentence in said_more for clause in told_later)
    if stance is None and only_later and not stands.get("self") and not extra:
        stance = PartStat.TENTATIVE  # "the Minister will let you know"; but "… will let you know the flight"
    doubts += _somebody_after_all(stance, parsed, answers, writer)
    settled = {PartStat.DECLINED: _ONLY_ELSEWHERE, PartStat.ACCEPTED: _WRITER_UNSAID}.get(assumed) if assumed else ""
    doubts += [doubt for doubt in extra if doubt != settled]
    answer = answer_of(stance, self_stand, answers, assumed)
    requests, more_doubts = left_over(parsed, answer, asked, writer)
    doubts += more_doubts
    doubts += _turned(answers, answer, explained)
    doubts += _sorry_for_something(stance, answers, parsed)
    doubts += _booked_for_something(stance, answers)
    doubts += _both_certain_and_not(stance, self_stand, answers)
    logistics = any(clause.meaning == "logistics" and clause.asked for clause in parsed.clauses)
    asks = Asks.OTHER if requests else (Asks.LOGISTICS if logistics else None)
    writer_comes = self_stand is not None and self_stand.stance in {"yes", "wish", "maybe"}
    facts = _facts(parsed.clauses, writer_comes) if stance is not PartStat.DECLINED else (None, None, None)
    party = party_of(stance or assumed, self_stand, others, substitution, parsed, writer, pack)
    doubts += party.doubts
    doubts += [clause.doubt for clause in parsed.clauses if clause.doubt and clause.meaning in _ALONG and stance]
    doubts += [f"both are offered, and neither is chosen: “{short(words)}”" for words in parsed.choices]
    if parsed.cut:
        doubts.append("longer than a letter: not read to its end")
    if party.count is not None and party.count >= LARGE_PARTY:
        doubts.append(f"a party of {party.count}")
    voice = _voice(self_stand, others, substitution, writer, pack)
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
        unanswered = _unanswered(parsed, answers, logistics)
        silent = not unanswered and not logistics
        doubts += [unanswered] if unanswered else []
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
        spoken_of=merge_names(s.person.name for s in others if s.stance),
        substitutes=party.names if stance is PartStat.DELEGATED else (),
        silent=silent,
        withdrawn=withdrawn,
        plain=stance is not PartStat.TENTATIVE
        or any(c.meaning == "maybe" and c.people and not c.elided for c in answers),
    )


_OF_AN_ANSWER = frozenset({*NEEDS, "bring", "more", "count", "together", "late", "only", "list"})


def _unanswered(parsed: Parsed, answers: Sequence[Clause], logistics: bool) -> str:
    """Why a person must see what gives no answer; "" where it says nothing of coming."""
    said = {clause.meaning for clause in parsed.clauses}
    if said & _OF_AN_ANSWER and not logistics:
        return "says nothing on coming, but something that belongs to an answer"
    if answers or any("be" in item.signs for item in parsed.left):
        return "speaks of coming, but gives no answer"
    if not said and parsed.unheard:
        return f"not understood: “{short(parsed.unheard[0])}”"  # "Both", "y", "Why not"
    signs_alone = not any(c.isalpha() for clause in parsed.clauses for c in clause.words)  # "🙏😢"
    if parsed.regrets and ((not said and parsed.left) or signs_alone):
        return "is sorry for something, but gives no answer"
    return ""


def _explained(parsed: Parsed) -> frozenset[int]:
    """The sentences in which what keeps one says only why one is late, or beside a plain yes why one has a need: "no
    stairs, please: my legs are not what they were"."""
    plainly = any(c.meaning == "yes" and not c.doubt and not c.asked for c in parsed.clauses)
    needs = frozenset({"late", "diet", "access"}) if plainly else frozenset({"late"})
    return frozenset(clause.sentence for clause in parsed.clauses if clause.meaning in needs)


def _sorry_to_be_late(clause: Clause, parsed: Parsed) -> bool:
    """ "I will be twenty minutes late. Apologies.": a mere word of regret declines, but not behind what it may be
    about."""
    before = {c.meaning for c in parsed.clauses if c.sentence in {clause.sentence, clause.sentence - 1}}
    return clause.meaning == "no" and clause.value == "sorry" and "late" in before


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
        return any(
            other.meaning not in {"wish", "withdraw"} and _same_side(other.people, clause.people) for other in answers
        )
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
    all_own = bool(some and others) and any(all(p.who in own for p in people) for people in (some, others))
    return some == others or (all_own and all(any(p.who in own for p in people) for people in (some, others)))


def _seats(parsed: Parsed, pack: Pack) -> Iterator[Clause]:
    """ "The Ambassador cannot come, I will stand in": in the place of the one person of whom it was said before.

    Only where it is said plainly: "I have no time to stand in" and "I shall take my seat" leave the doubt.
    """
    more = {item.sentence for item in parsed.left if item.content or item.signs - {"self", "person"}}
    more |= {c.sentence for c in parsed.clauses if c.meaning == "no" and all(p.who is Who.SELF for p in c.people)}
    absent: dict[tuple[Person, ...], None] = {}
    for clause in parsed.clauses:
        if stays_away(clause):
            absent[clause.people] = None
        stands_in = clause.meaning == "substitute" and not clause.others and not clause.doubt
        own = any(word in pack.words["my"] | pack.words["our"] for word in clause.words.casefold().split())
        plainly = stands_in and not own and clause.sentence not in more
        if plainly and len(absent) == 1 and all(p.who is Who.SELF for p in clause.people):
            yield replace(clause, people=next(iter(absent)), others=clause.people)
        else:
            yield clause


def _own_seat(clause: Clause, pack: Pack) -> Clause:
    """ "I shall take my seat": nobody else's."""
    if clause.meaning != "substitute" or clause.others or not all(p.who is Who.SELF for p in clause.people):
        return clause
    doubt = clause.doubt or f"in whose place is not clear: “{short(clause.words)}”"
    return replace(clause, meaning="yes", doubt=doubt)


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
    brought = {(p.name, p.role) for c in parsed.clauses if c.meaning == "bring" for p in c.people}
    perhaps = [s for s in others if s.stance == "maybe" and (s.person.name, s.person.role) not in brought]
    staying = [stand for stand in others if stand.stance in {"no", "away"}]
    doubts: list[str] = []
    if _substitutes_stay(substitution, own, staying):
        return PartStat.DECLINED, ["whoever comes instead does not come"]
    promised = own is not None and own.stance == "promise"
    if coming and promised and not substitution and all(stand.stance == "wish" for stand in coming):
        return PartStat.TENTATIVE, doubts  # "the Minister would like to come; I'll be in touch"
    if substitution:
        if stance == "maybe" and not any(clause.meaning == "maybe" for clause in parsed.clauses):
            stance = "away"  # "I am kept here, but I send somebody, and shall let you know the name"
        clause = own.clause if own else None
        if clause is not None and clause.people and clause.people[0].who is Who.GROUP and not withdrawn:
            if stance in {"yes", "wish", "maybe"}:
                return PartStat.TENTATIVE if stance == "maybe" else PartStat.ACCEPTED, doubts
        elif stance in {"yes", "maybe"} and not withdrawn:
            doubts.append("the writer comes, and somebody else in their place")
        if _one_after_another(substitution):
            doubts.append("more than one is named in somebody's place, one after another")
        principals = [p for c in substitution if c.others for p in c.people]
        note = any(c.meaning == "courtesy" and any(p.who is Who.GROUP for p in c.people) for c in parsed.clauses)
        named_by_office = writer.organisation and bool(parsed.listed)
        office = principals and all(
            (p.who in {Who.GROUP, Who.SELF} and (named_by_office or p.role not in pack.words["i"]))
            or writer.is_office(p.name)
            or (note and p.who is Who.NAMED and not p.role and " " not in p.name)  # its country
            for p in principals
        )
        if office and not staying and stance in {"", "yes", "wish"}:
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
        return PartStat.DECLINED, [f"it contradicts itself: “{short(own.clause.words)}”" if own.clause else _ONLY_NAMES]
    if stance in {"no", "away"} and coming:
        if any(clause.meaning == "together" for clause in parsed.clauses):
            return PartStat.ACCEPTED, doubts
        if _only_relatives(coming, pack):
            doubts.append("relatives come; whether in the writer's place is not said")
        if any(clause.value == "writes_for" for clause in parsed.clauses):
            doubts.append("the writer, who writes for somebody else, does not come, and somebody does")
        return PartStat.DELEGATED, doubts
    if stance in {"no", "away"} and perhaps:
        return PartStat.DECLINED, [*doubts, "somebody else may come instead"]
    if stance == "no":
        return PartStat.DECLINED, doubts
    if stance == "away" and any(c.meaning in {*_ALONG, "list"} and not c.asked for c in parsed.clauses):
        doubts.append("is elsewhere, and yet says who comes")
    if stance == "away":
        if not any(stand.stance == "no" for stand in staying) and not _away_is_no(own, parsed, pack):
            doubts.append(_ONLY_ELSEWHERE)
        return PartStat.DECLINED, doubts
    return _of_others(own, coming, perhaps, staying, parsed, writer, withdrawn, pack)


def _one_after_another(substitution: Sequence[Clause]) -> bool:
    """ "Ana Lopez was to come for him; she is ill, so it will be me": sentences that each send somebody else."""
    sent: dict[tuple[Person, ...], int] = {}
    for clause in substitution:
        told = tuple(p for p in clause.others or clause.people if p.name or p.who is Who.SELF)
        if told and not any(set(told) & set(before) for before in sent):
            sent[told] = clause.sentence
    return len(set(sent.values())) > 1


def _substitutes_stay(substitution: Sequence[Clause], own: Stand | None, staying: Sequence[Stand]) -> bool:
    """ "I was asked to represent the Ambassador, but I cannot attend"."""
    refused = {stand.person: stand.clause.start for stand in staying if stand.clause and stand.stance == "no"}
    if own is not None and own.clause is not None and own.stance in {"no", "away"}:
        refused[ME] = own.clause.start
    sent = [(clause.others or clause.people, clause.start) for clause in substitution]
    return any(
        people and all(refused.get(ME if p.who is Who.SELF else p, -1) > start for p in people)
        for people, start in sent
    )


def _somebody_after_all(
    stance: PartStat | None, parsed: Parsed, answers: Sequence[Clause], writer: Writer
) -> list[str]:
    """Why a no may not be the whole answer: people are listed, or somebody is spoken of in words that were not read."""
    if stance is not PartStat.DECLINED:
        return []
    strange = [clause.words for clause in parsed.clauses if clause.meaning == "stranger"]
    if strange:
        return [f"somebody may come instead: “{short(strange[0])}”"]
    listed = [p.name for p in parsed.listed if p.name and not same_person(p.name, writer.name)]
    if listed:
        return [f"does not come, and yet names people: “{listed[0]}”"]
    said: dict[int, set[str]] = {}
    for clause in parsed.clauses:
        said.setdefault(clause.sentence, set()).add(clause.meaning)
    resting = all(c.meaning == "away" for c in answers if c.meaning in {"no", "away"})
    refusals = [c for c in answers if c.meaning in {"no", "away"}]
    own = any(p.who in {Who.SELF, Who.GROUP} for c in refusals for p in c.people)
    # "We are down to two: Ana Lopez and me. Take Bert Meyer off the list": where only others stay away, all counts.
    refused = min((c.sentence for c in refusals), default=0) if own else 0
    return [
        f"somebody may come instead: “{short(item.words)}”"
        for item in parsed.left
        if not said.get(item.sentence, set()) & {"courtesy", "receipt"}
        and (
            (item.sentence >= refused and unexplained(item, parsed, writer))
            or (
                resting
                and ("person" in item.signs or any(not same_person(name, writer.name) for name in item.names))
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
        told = [s.clause.start for s in staying if s.clause]
        numbers = [c.number or 0 for c in parsed.clauses if c.meaning == "count"]
        more = max(sum(s.person.count for s in coming), *numbers, 0) > len(staying)
        if more and all(s.clause and s.clause.start < min(told, default=0) for s in coming):
            doubts.append(_IN_WHOSE_PLACE)  # "Ann Lee and Bo Ray will attend. Carl Fox is ill."
        return PartStat.DELEGATED, doubts
    if coming and own is None and any(says_role(stand.person.role, pack.words["successors"]) for stand in coming):
        return PartStat.DELEGATED, doubts
    unsaid = _principal_unsaid(coming, parsed)
    if coming and unsaid:
        doubts.append(f"somebody else comes; whether {unsaid} does is not said")
    elif coming and not any(p.who is Who.SELF for p in parsed.listed):
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
    telling = [c for c in parsed.clauses if c.value != "named"]  # "His name is Ana Lopez" tells nothing of coming
    if own is None and listed and any(clause.meaning in {"list", "count"} for clause in telling):
        return PartStat.ACCEPTED, doubts
    if staying:
        nothing_else = own is None and not writer.organisation and not parsed.left
        if nothing_else and all(
            stand.stance == "no" and says_role(stand.person.role, pack.words["junior"]) for stand in staying
        ):
            doubts.append(_WRITER_UNSAID_STAYS)  # "my husband will not come"
        if nothing_else and writer.name and all(_a_mere_name(stand, writer) for stand in staying):
            doubts.append(_WRITER_UNSAID_STAYS)  # "Jane Roe cannot come after all"
        if any(stand.stance == "no" for stand in staying) or _away_is_no(staying[0], parsed, pack):
            return PartStat.DECLINED, doubts
        return PartStat.DECLINED, [_ONLY_ELSEWHERE]
    counted_self = any(c.meaning in {"count", "only"} for c in parsed.clauses)
    named = any(p.who is Who.NAMED or (p.who is Who.SELF and counted_self) for p in parsed.listed)
    counted = any(c.meaning in {"count", "only", "list"} and not c.asked for c in telling)
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


def _only_relatives(coming: Sequence[Stand], pack: Pack) -> bool:
    """ "I cannot come. Mum and Dad will.": whoever comes in one's place is one, or is named."""
    people = [stand.person for stand in coming]
    unnamed = not any(person.name for person in people) and (len(people) > 1 or people[0].several)
    return unnamed and any(says_role(person.role, pack.words["kin"]) for person in people)


def _a_mere_name(stand: Stand, writer: Writer) -> bool:
    """Whether somebody is named without a title, and is not who writes."""
    person = stand.person
    return person.who is Who.NAMED and not person.role and not same_person(person.name, writer.name)


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


def _turned(answers: Sequence[Clause], answer: Answer, explained: frozenset[int]) -> list[str]:
    """What takes the answer back: "Scratch that", or a meeting that day beside a mere wish."""
    last = max((c.sentence for c in answers if c.meaning != "withdraw"), default=-1)
    doubts = [
        f"an answer is taken back, and none is given: “{short(clause.words)}”"
        for clause in answers
        if clause.meaning == "withdraw" and clause.value != "earlier" and 0 <= last < clause.sentence
    ]
    if answer.stance is PartStat.ACCEPTED and answer.firm_at < 0:
        doubts += [
            f"may stand against it: “{short(clause.words)}”"
            for clause in answers
            if clause.meaning == "away" and clause.sentence not in explained
        ]
    return doubts


def _sorry_for_something(stance: PartStat | None, answers: Sequence[Clause], parsed: Parsed) -> list[str]:
    """ "Apologies, I have to pull out of Thursday's call": a mere word of regret declines where nothing stands beside
    it that it may be about."""
    if stance is not PartStat.DECLINED or any(c.value != "sorry" for c in answers):
        return []
    said = {clause.sentence: clause for clause in answers}
    return [
        f"sorry, and it is not clear for what: “{short(item.words)}”"
        for item in parsed.left
        if item.sentence in said and item.content > FEW_BESIDE
    ]


def _booked_for_something(stance: PartStat | None, answers: Sequence[Clause]) -> list[str]:
    """ "We are on holiday that week, tickets bought": what is bought is not the way to us."""
    kept = [c for c in answers if c.meaning == "away" and not any(p.who in {Who.NAMED, Who.ROLE} for p in c.people)]
    away = {clause.sentence: clause.start for clause in kept}
    yes = [clause for clause in answers if clause.meaning in {"yes", "wish"}]
    if stance is not PartStat.ACCEPTED or not all(c.elided and away.get(c.sentence, c.start) < c.start for c in yes):
        return []
    return [f"may stand against it: “{short(clause.words)}”" for clause in kept]


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
    return [f"certain, and then not: “{short(sure.words)}” and “{short(maybes[0].words)}”"] if sure else []


# --------------------------------------------------------------------------- whom the writer speaks for


def _voice(
    own: Stand | None, others: Sequence[Stand], substitution: Sequence[Clause], writer: Writer, pack: Pack
) -> Voice:
    """ "My wife" and "two colleagues" are the writer's own, and nobody whom an invitation names."""
    own_people = pack.words["junior"] | pack.words["kin"]
    stands_in = any(p.who is Who.SELF for c in substitution for p in (c.others or c.people))
    mine = own is not None or (stands_in and any(c.others for c in substitution))
    theirs = any(s.stance and (s.person.name or not says_role(s.person.role, own_people)) for s in others) or any(
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


def _facts(clauses: Sequence[Clause], writer_comes: bool) -> tuple[bool | None, str | None, str | None]:
    """`writer_comes`: then the pass of somebody else, who comes along, is not that of the invitee."""
    passes = {
        clause.value
        for clause in clauses
        if clause.meaning == "pass"
        and not clause.asked
        and not (writer_comes and clause.people and all(_another(p) for p in clause.people))
    }
    grounds_pass = None if len(passes) != 1 else passes == {"yes"}
    return grounds_pass, _joined(clauses, "diet"), _joined(clauses, "access")


def _another(person: Person) -> bool:
    """Somebody else than who writes; "all participants" are not."""
    return person.who not in {Who.SELF, Who.GROUP} and person.count == 1 and not person.several


def _joined(clauses: Sequence[Clause], fact: str) -> str | None:
    values = dict.fromkeys(c.value for c in clauses if c.meaning == fact and not c.asked and c.value != "none")
    return ", ".join(values) or None


__all__ = ["Weighed", "weigh"]
