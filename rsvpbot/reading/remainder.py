"""What is left over, weighed against the answer: what may change it, asks for something, or says nothing of weight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rsvpbot.model import PartStat
from rsvpbot.reading.names import name_words, same_person
from rsvpbot.reading.party import Stand
from rsvpbot.reading.people import Who
from rsvpbot.reading.said import NEEDS, STANCES, Clause, Left, Parsed, Writer, short
from rsvpbot.reading.stands import SHORT

FEW_BESIDE = 1
"""So many words may be left over beside thanks, where nothing else is said."""

FEW_TOLD = 2
"""So many words with content say nothing of weight beside an answer."""

A_SENTENCE = 4
"""So many words left over are a sentence of their own."""

FEW_FILED = 4
"""So many words with content beside a receipt say where the letter went."""

FEW_LEFT = 5
"""So many words with content may be left over in a question that our letters answer."""

NEAR_AN_ASK = 40
"""Characters between a request and the answer that it asks to note."""

_SAYS = frozenset({"yes", "no", "maybe"})
_OF_SOMEBODY = frozenset({"self", "person", "come", "presence", "yes", "can", "will", "then"})
"""Signs that a denial is about somebody's coming."""
_OF_THE_ANSWER = frozenset(
    {"come", "presence", "yes", "then", "person", "no", "away", "missed", "maybe", "want", "confirm", "fail"}
)
"""Signs that a denial is about the answer that was given."""
_OF_AN_OBSTACLE = frozenset({"then", "regret", "away", "no", "cannot", "come", "presence", "if", "unsure"})
"""Signs that what stands before an answer may stand against it."""
_ANSWERED = frozenset({"logistics", "courtesy", "receipt", *NEEDS})
"""What stands beside a request that needs no person; who does not come gets no letter with the logistics."""
_TAG = frozenset({"question", "self", "can", "will", "not", "cannot", "would"})
_HEAVY = frozenset(
    {"come", "presence", "not", "cannot", "if", "unsure", "fail", "want", "hope", "confirm"}
    | {"yes", "no", "away", "missed", "maybe", "sends", "represented", "stands_in"}
)


@dataclass(frozen=True, slots=True)
class Answer:
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
    refused_from: int = -1
    """The sentence in which a plain no begins."""


def answer_of(
    stance: PartStat | None, own: Stand | None, answers: Sequence[Clause], assumed: PartStat | None
) -> Answer:
    """What the clauses come to, for weighing the rest. `assumed`: the answer that came with the text."""
    firm: frozenset[str] = frozenset()
    if stance in {PartStat.ACCEPTED, PartStat.DELEGATED}:
        firm = frozenset({"yes"} if stance is PartStat.ACCEPTED else {"yes", "substitute"})
    given = [clause.start for clause in answers if clause.meaning in firm and not clause.doubt]
    said = [clause for clause in answers if clause.meaning in firm | {"wish"}]
    short = stance is PartStat.ACCEPTED and all(c.elided and len(c.words.split()) <= SHORT for c in said)
    return Answer(
        stance=stance or assumed,
        firm_at=min(given, default=-1),
        withdrawn=any(clause.meaning == "withdraw" for clause in answers),
        missed=any(clause.meaning == "missed" for clause in answers),
        said_from=min((c.sentence for c in said), default=-1),
        own=own is not None or assumed is not None,
        short_until=min((c.sentence for c in said), default=-1) if short else -1,
        refused_from=min((c.sentence for c in answers if c.meaning == "no" and not c.doubt), default=-1),
    )


def left_over(parsed: Parsed, answer: Answer, asked: Sequence[Clause], writer: Writer) -> tuple[list[str], list[str]]:
    """Reasons beside the answer, and reasons that touch it."""
    requests = [f"asks something that a person must answer: “{short(clause.words)}”" for clause in asked]
    doubts: list[str] = []
    meanings: dict[int, set[str]] = {}
    asking = {c.sentence for c in parsed.clauses if c.asked} | {
        i.sentence for i in parsed.left if "question" in i.signs
    }
    for clause in parsed.clauses:
        told = clause.meaning in NEEDS and not clause.asked and clause.sentence in asking
        # A need that is told settles no question behind it: "I use a wheelchair; is there a ramp?"
        meanings.setdefault(clause.sentence, set()).update(() if told else (clause.meaning,))
    for clause in parsed.clauses:
        said = meanings[clause.sentence]
        if clause.meaning == "special" and (clause.asked or answer.stance is None or "ask" in said or not said & NEEDS):
            requests.append(f"asks or says something that a person should see: “{short(clause.words)}”")
        elif (
            clause.meaning == "ask"
            and not said & (_ANSWERED if answer.stance is not PartStat.DECLINED else _ANSWERED - {"logistics"})
            and not _asks_to_be_counted(clause, parsed)
        ):
            requests.append(f"asks something that a person must answer: “{short(clause.words)}”")
    for item in parsed.left:
        words = short(item.words)
        said = meanings.get(item.sentence, set())
        if "question" in item.signs and _only_a_tag(item) and not said & {"bring", "more", "count"}:
            continue
        if "question" in item.signs and said & {"ask", "special"} and item.content <= FEW_BESIDE:
            continue  # asked already
        if "question" in item.signs:
            settled = said & {"logistics", "courtesy", "receipt", "promise", *_SAYS}
            if answer.stance is PartStat.DECLINED and item.content > FEW_BESIDE:
                settled -= {"logistics"}  # "I cannot come. Shall we meet on the 22nd and discuss the paper?"
            behind = said & _SAYS and item.content > FEW_BESIDE and _asked_behind(item, parsed)
            needed = said & NEEDS and ("ask" in said or item.content <= FEW_BESIDE)
            if behind or not (settled or needed) or (item.content > FEW_LEFT and not said & _SAYS):
                requests.append(f"asks something that a person must answer: “{words}”")
            continue
        if answer.stance is None:
            if _unread(item, said) or not parsed.clauses:  # "Both", "I would": little words, and nothing besides
                doubts.append(f"not understood: “{words}”")
            continue
        if (
            item.signs <= {"regret", "self"}
            and item.content <= FEW_BESIDE
            and "late" in meanings.get(item.sentence - 1, ())
        ):
            continue  # "I'll be there at two. My apologies."
        against = _against(item, answer, said)
        if against:
            doubts.append(f"may change the answer: “{words}”")
        elif "foreign" in item.signs and answer.stance is not PartStat.DECLINED:
            doubts.append(f"not understood: “{words}”")
        elif answer.stance is PartStat.DELEGATED and "substitute" in said:
            continue  # "Ambassador Marsh is away and has asked Ana Lopez to take his seat"
        elif unexplained(item, parsed, writer) and (_may_come(item, answer, said) or _for_an_office(item, parsed)):
            doubts.append(f"somebody is named, and it is not clear why: “{words}”")
    return requests, doubts


def _asked_behind(item: Left, parsed: Parsed) -> bool:
    """ "I will come, is there a projector?": whether all that is asked stands behind the answer of its sentence."""
    answers = [c for c in parsed.clauses if c.sentence == item.sentence and c.meaning in _SAYS]
    return all(c.end <= item.start for c in answers)


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


def _against(item: Left, answer: Answer, said: set[str]) -> frozenset[str]:
    """The signs by which this may change the answer. What was told before the answer was known when it was given."""
    signs = item.signs
    before = item.start < answer.firm_at
    answering = bool(said & STANCES)
    if answer.stance is PartStat.DECLINED:
        turning = {"yes", "can", "come", "person", "will"} if answer.missed and not item.names else {"turned"}
        leads_to_it = item.sentence < answer.refused_from  # "But my boss needs me that day. So I cannot come."
        behind = "no" not in said or item.content > FEW_BESIDE
        if "turned" in signs and signs & turning and behind and not leads_to_it:
            return frozenset({"turned"})  # "I am busy that day, but I shall find an hour for you"
        return frozenset() if answering else signs & {"come", "yes"}
    if answer.stance is PartStat.TENTATIVE:
        return signs & {"yes"}
    weighty = {"if", "unsure", "regret", "cannot", "away", "fail", "not"}
    if answer.stance is PartStat.DELEGATED:
        return signs & {"if", "unsure"} if not before and "late" not in said else frozenset()
    if said & NEEDS or "late" in said:
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
    if "hindered" in signs and about and answer.own and answer.firm_at < 0:
        return frozenset({"hindered"})  # "I would love to come, but the children are small"
    if "regret" in signs and not said and item.sentence <= answer.short_until:
        return frozenset({"regret"})  # "Sorry, my plane lands after midnight. See you on the 20th"
    told = said & (STANCES | NEEDS | {"courtesy", "receipt", "late", "bring"})
    unread = not told and item.content > FEW_TOLD - ("then" in signs)
    polite = answer.firm_at < 0 and item.sentence < answer.said_from and not signs & _OF_AN_OBSTACLE
    if unread and answer.own and not polite and (answer.firm_at < 0 or item.sentence <= answer.short_until):
        return frozenset({"unread"})  # "I'd love to come. My board meets that day." "Alas, … See you there, sure."
    return signs & weighty


def unexplained(item: Left, parsed: Parsed, writer: Writer) -> list[str]:
    """Who is named of whom no clause tells anything."""
    met = [p.name for c in parsed.clauses for p in (*c.people, *c.others) if p.name]
    met += [p.name for p in parsed.listed if p.name]
    met += [name for name in (writer.name, parsed.sign_off) if name]
    return [
        name
        for name in item.names
        if not any(same_person(name, other) for other in met) and not name_words(name) <= writer.known_words
    ]


def _may_come(item: Left, answer: Answer, said: set[str]) -> bool:
    """Whether somebody who is only named may come, or may not."""
    if answer.stance is PartStat.DECLINED:
        return bool(item.signs & {"can", "will", "come"})
    return not said & {"courtesy", "receipt"}


def _for_an_office(item: Left, parsed: Parsed) -> bool:
    """ "The Mission has the honour to inform that it will attend … Counsellor Ana Lopez": whether an office comes in
    the same sentence, and so whoever is named there may be who comes for it."""
    coming = (c for c in parsed.clauses if c.sentence == item.sentence and c.meaning == "yes")
    return any(p.who is Who.GROUP for c in coming for p in c.people)


__all__ = ["FEW_BESIDE", "FEW_TOLD", "Answer", "answer_of", "left_over", "unexplained"]
