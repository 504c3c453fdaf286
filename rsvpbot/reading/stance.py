"""Yes, no or perhaps: which head each modifier turns, and what they come to together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from rsvpbot.reading.pack import INSTEAD, VERBS, Pack
from rsvpbot.reading.phrases import Mark
from rsvpbot.reading.sentence import Here

DENIALS = frozenset({"not", "cannot", "fail"})
HEDGES = frozenset({"unsure", "hope", "if"})

REACH = {"not": 3, "cannot": 3, "fail": 3, "past": 2, "would": 1, "can": 2, "will": 2, "unsure": 12, "regret": 6}
"""How many words that nothing accounts for may stand between a modifier and its head; two for each pair of commas."""

_CARRY = frozenset({"can", "will", "want", "confirm", "hope"})
_OF_COMING = frozenset({"cannot", "fail"})
"""Denials that nobody says of being elsewhere."""

FAR = 4
"""The same of every other modifier."""


def assigned(heads: Sequence[Mark], here: Here, pack: Pack) -> dict[int, list[Mark]]:
    """Each modifier with the head that it turns. An "if" on which nothing hangs turns none, and is accounted for."""
    found: dict[int, list[Mark]] = {}
    for mark in here.marks.main:
        if mark.meaning == "if" and _says_it_all(mark, heads, here):
            here.used.add(mark)
        elif mark.meaning == "if":
            for choice in _conditional(mark, heads, here):
                found.setdefault(choice, []).append(mark)
        elif mark.meaning in here.marks.MODIFYING:
            turned = _turned(mark, heads, here, pack)
            if turned is not None:
                found.setdefault(turned, []).append(mark)
    return found


def _says_it_all(mark: Mark, heads: Sequence[Mark], here: Here) -> bool:
    """ "Si voy yo y mi hija": what opens a sentence and hangs on nothing else in it is no condition, but a yes written
    without its accent."""
    alone = mark.start == here.begin and mark.end - mark.start == 1 and len(heads) == 1
    if here.question or not alone or heads[0].rule.person not in {"i", "we"}:
        return False
    stops = any(not token.word and token.norm in _HARD_STOPS | {","} for token in here.tokens)
    return not stops and here.marks.filled(mark.end, heads[0].start)


def supposed(heads: Sequence[Mark], here: Here) -> frozenset[int]:
    """The heads that are only supposed: "if I am not travelling, I shall come" does not say that one is travelling."""
    found: set[int] = set()
    for mark in here.marks.main:
        if mark.meaning == "if":
            own = here.marks.piece_of(mark.start)
            behind = [i for i, head in enumerate(heads) if head.start >= mark.end]
            inside = [i for i in behind if heads[i].start < own[1]]
            main = [i for i in behind if heads[i].start >= own[1] and _goes_on(mark, heads[i], here)]
            if any(heads[i].meaning in _MAIN for i in main):
                found.update(inside)
    return frozenset(found)


_MAIN = VERBS | INSTEAD | {"yes", "no"}
_OTHER_THINGS = frozenset({"receipt", "logistics", "diet", "access", "pass"})
_HARD_STOPS = frozenset(";:.!?")


def _conditional(mark: Mark, heads: Sequence[Mark], here: Here) -> list[int]:
    """The heads that hang on a condition: all behind it as far as the sentence goes on, or the one before."""
    first = _condition_of(mark, heads, here)
    if first is None or heads[first].start < mark.end:
        return [] if first is None else [first]
    return [i for i, head in enumerate(heads) if i >= first and (i == first or _goes_on(mark, head, here))]


def _goes_on(mark: Mark, head: Mark, here: Here) -> bool:
    """Whether no stop and no "but" stands between a condition and a head."""
    between = range(mark.end, head.start)
    turned = any(m.meaning == "but" and m.start in between for m in here.marks.main)
    return not turned and not any(here.tokens[i].norm in _HARD_STOPS and not here.tokens[i].word for i in between)


def _condition_of(mark: Mark, heads: Sequence[Mark], here: Here) -> int | None:
    """The head that hangs on a condition: the next one, wherever in the sentence, or the one before."""
    after = next((i for i, head in enumerate(heads) if head.start >= mark.end), None)
    before = next((i for i in range(len(heads) - 1, -1, -1) if heads[i].end <= mark.start), None)
    own = here.marks.piece_of(mark.start)
    opens = own[0] == mark.start
    if after is not None and (before is None or opens or here.marks.same_piece(mark.end, heads[after].start)):
        return after
    if (
        before is not None
        and not here.marks.same_piece(heads[before].end, mark.start)
        and _of_something_else(own, here)
    ):
        return None  # "I shall come, and I shall read the paper once it is here"
    if before is not None and heads[before].meaning == "no" and here.marks.bounded(heads[before].end, mark.start):
        return None  # "I must decline; should there be a recording, I shall watch it"
    return before if before is not None else after


def _of_something_else(piece: tuple[int, int], here: Here) -> bool:
    """Whether a piece speaks of papers, needs or other things, and of nobody's coming."""
    return any(piece[0] <= m.start < piece[1] and m.meaning in _OTHER_THINGS for m in here.marks.all())


def _turned(mark: Mark, heads: Sequence[Mark], here: Here, pack: Pack) -> int | None:
    """The head that a modifier turns: a word of coming in its own piece, behind or before it; then what stands right
    behind it; then a word of coming beyond a comma."""
    own = here.marks.piece_of(mark.start)
    after = [i for i, head in enumerate(heads) if head.start >= mark.end and _takes(head, mark, here)]
    before = [i for i in range(len(heads) - 1, -1, -1) if heads[i].end <= mark.start and _takes(heads[i], mark, here)]
    adjacent = mark.meaning == "not" and pack.not_adjacent
    if adjacent:  # "приеду не одна", "прийти не смогу"
        carried = any(m.start == mark.end and m.meaning in _CARRY for m in here.marks.main)
        before = before if carried else []
    for i in (*after[:1], *before[:1]):
        head = heads[i]
        begin, end = (mark.end, head.start) if head.start >= mark.end else (head.end, mark.start)
        if head.meaning not in VERBS | INSTEAD or not own[0] <= head.start < own[1]:
            continue
        if adjacent and head.start >= mark.end and here.loose(begin, end):
            continue
        if _reaches(mark, begin, end, here):
            return i
    for i in after[:1]:
        head = heads[i]
        if own[0] <= head.start < own[1]:
            return i if not here.loose(mark.end, head.start) or mark.meaning not in DENIALS else None
        if mark.meaning in DENIALS and (pack.near or adjacent or head.meaning not in VERBS | INSTEAD):
            return None
        if mark.meaning in DENIALS and (here.loose(mark.end, head.start) or _begins_anew(mark, head, here, pack)):
            return None
        if _reaches(mark, mark.end, head.start, here):
            return i
    for i in before[:1]:
        aside = (
            mark.meaning == "hope" and not here.marks.same_piece(heads[i].end, mark.start) and _goes_further(mark, here)
        )
        aside = aside or (mark.meaning == "unsure" and _unsure_of_something_else(mark, heads[i], here))
        if mark.meaning not in DENIALS | {"past"} and not aside and _reaches(mark, heads[i].end, mark.start, here):
            return i
    return None


def _begins_anew(mark: Mark, head: Mark, here: Here, pack: Pack) -> bool:
    """ "I did not see your mail, I will attend": beyond the comma somebody does something else."""
    comma = next((i for i in range(mark.end, head.start) if here.tokens[i].norm == ","), None)
    return comma is not None and any(pack.longest("self", here.tokens, i) for i in range(comma, head.start))


def _goes_further(mark: Mark, here: Here) -> bool:
    """ "My mum is coming, hope that does not upset your numbers" hopes for something else; "I shall be there, I hope"
    does not."""
    return any(token.word for token in here.tokens[mark.end : here.marks.piece_of(mark.start)[1]])


def _unsure_of_something_else(mark: Mark, head: Mark, here: Here) -> bool:
    """ "I will come, perhaps it will rain": beyond the comma it is unsure of what it speaks of itself."""
    if here.marks.same_piece(head.end, mark.start) or head.meaning not in VERBS | {"yes"}:
        return False
    end = here.marks.piece_of(mark.start)[1]
    told = any(mark.end <= m.start < end for m in (*here.marks.beside, *here.marks.facts))
    return told or here.loose(mark.end, end) > 0


def _takes(head: Mark, mark: Mark, here: Here) -> bool:
    """Whether a modifier may say anything of a head at all."""
    if head.meaning in {"withdraw", "promise", "missed"} or (head.meaning == "away" and mark.meaning in _OF_COMING):
        return False
    first, last = sorted((head, mark), key=lambda m: m.start)
    other = head.rule.person == "they" and mark.rule.person in {"i", "we"}
    return not other or here.marks.same_piece(first.end, last.start)


def _reaches(mark: Mark, start: int, end: int, here: Here) -> bool:
    """Whether few enough words and no end of a clause stand between."""
    if here.marks.bounded(start, end):
        return False
    commas = sum(here.tokens[i].norm == "," for i in range(start, end))
    return here.loose(start, end) + 2 * ((commas + 1) // 2) <= REACH.get(mark.meaning, FAR)


def stance_of(head: Mark, own: Sequence[Mark], here: Here) -> tuple[str, str]:
    """What a head and its modifiers come to, and the doubt about it."""
    meaning = head.meaning
    kinds = {mark.meaning for mark in own}
    denials = denials_of(own)
    odd = denials % 2 == 1 or (denials > 0 and not _undone(own, head, here))
    hedged = kinds & HEDGES
    if meaning in {"promise", "withdraw", "missed"}:
        return meaning, ""
    if meaning == "away":
        begin, end = here.marks.piece_of(head.start)
        told = any(m.meaning == "past" and begin <= m.start < end for m in here.marks.main)
        return ("", "") if odd or told else ("away", "")
    if meaning == "maybe":
        return "maybe", ""
    if meaning == "no":
        if odd:
            return "yes", f"a denial before it: “{here.marks.words(own[0].start, head.end)}”"
        return ("maybe", "") if hedged - {"hope"} else ("no", "")
    if meaning == "yes":
        if odd:
            return "no", f"a denial before it: “{here.marks.words(own[0].start, head.end)}”"
        return ("maybe", "") if hedged else ("yes", "")
    # a word of coming
    if "past" in kinds or (head.rule.value == "would" and "would" not in kinds):
        return "", ""
    if odd:
        if "confirm" in kinds and _order(own, "confirm", DENIALS):
            return "maybe", ""
        if "if" in kinds:
            return "maybe", "it hangs on something"
        return ("maybe", "") if "unsure" in kinds else ("no", "")
    if hedged:
        low = next((m for m in own if m.rule.value == "low"), None)
        return "maybe", f"it is unlikely: “{here.marks.words(low.start, low.end)}”" if low else ""
    if "regret" in kinds and not denials:
        return "yes", "regret beside a yes"
    if "would" in kinds and not kinds & {"want", "glad"}:
        return "wish", f"only a conditional: “{here.marks.words(min(m.start for m in own), head.end)}”"
    if denials and "fail" not in kinds and not here.marks.pack.not_adjacent:
        return "yes", f"denied twice: “{here.marks.words(min(m.start for m in own), head.end)}”"
    if "would" in kinds or ("want" in kinds and not kinds & {"will", "confirm"}):
        return "wish", ""
    return "yes", ""


def denials_of(marks: Sequence[Mark]) -> int:
    """How many denials there are. Words that only go along with another ("nadie … no", "никто не") count where they
    are the only ones, and once."""
    plain = sum(mark.meaning in DENIALS and mark.rule.value != "concord" for mark in marks)
    nots = any(mark.meaning == "not" and mark.rule.value != "concord" for mark in marks)
    concord = any(mark.rule.value == "concord" for mark in marks)
    return plain + (concord and not nots)


def _undone(own: Sequence[Mark], head: Mark, here: Here) -> bool:
    """Whether one of two denials denies the other: it touches the verb ("не могу не прийти"), or the other denial
    ("not unable"). Elsewhere the same is said twice ("there is no way, I cannot come")."""
    ordered = sorted((m for m in own if m.meaning in DENIALS), key=lambda m: m.start)
    touching = [
        m for m in ordered if m.end <= head.start and m.meaning != "cannot" and here.marks.filled(m.end, head.start)
    ]
    if touching or any(m.meaning == "fail" for m in ordered):
        return True
    return any(a.meaning == "not" and here.marks.filled(a.end, b.start) for a, b in pairwise(ordered))


def _order(own: Sequence[Mark], later: str, first: frozenset[str]) -> bool:
    """Whether a denial stands before: "cannot confirm my attendance"."""
    place = next(mark.start for mark in own if mark.meaning == later)
    return any(mark.meaning in first and mark.start < place for mark in own)


def denied_from_afar(head: Mark, own: Sequence[Mark], here: Here) -> str:
    """ "No member of our association, however keen, will have the means to come": too far off to be sure."""
    begin, _ = here.marks.piece_of(head.start)
    for mark in here.marks.main:
        near = begin <= mark.start and mark.end <= head.start
        if mark.meaning in DENIALS and near and mark not in own and mark not in here.used:
            words = (here.marks.words(m.start, m.end) for m in (mark, head))
            return f"a denial stands before it: “{' … '.join(words)}”"
    return ""


__all__ = ["DENIALS", "FAR", "HEDGES", "assigned", "denials_of", "denied_from_afar", "stance_of", "supposed"]
