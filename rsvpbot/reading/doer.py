"""Who does it: whose coming, or staying away, a clause speaks of.

Every rule below answers for one way of saying it, or passes the question on to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rsvpbot.reading.pack import INSTEAD, VERBS
from rsvpbot.reading.people import SOMEBODY, Mention, Person, Who
from rsvpbot.reading.phrases import Mark
from rsvpbot.reading.said import WHO_IS_MEANT
from rsvpbot.reading.sentence import Here, Reader
from rsvpbot.reading.stance import FAR, denials_of

FIRST = frozenset({"i", "we"})
WHO_COMES_TOO = "who comes too is not clear"
REACH_OVER_AN_EVENT = 6
"""Little words between a verb and whoever does it behind it."""

RELATIVE_REACH = 8
"""Words between a person and the "who" that speaks of them."""


@dataclass(frozen=True, slots=True)
class Doer:
    """Who it is; nobody (no people) where the clause speaks of a thing."""

    people: tuple[Person, ...]
    start: int
    """The first token of the subject, or of the head where the subject is behind it or left out."""
    elided: bool = False
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class _Question:
    """Who does what a head says, with its modifiers?"""

    reader: Reader
    here: Here
    head: Mark
    own: Sequence[Mark]
    after: int
    """The end of the clause before."""

    @property
    def third(self) -> bool:
        """Whether the form of a word tells that it is somebody else."""
        return self.head.rule.person == "they" or any(mark.rule.person == "they" for mark in self.own)

    @property
    def first_word(self) -> int:
        """Where the head begins, or the first of its modifiers."""
        return min((self.head.start, *(mark.start for mark in self.own)))

    @property
    def piece(self) -> int:
        """Where the piece begins in which the head stands, but not before the clause before ended."""
        return max(self.after, self.here.marks.piece_of(self.head.start)[0])

    @property
    def group(self) -> bool:
        """Whether an organisation is spoken of before the head."""
        tokens, pack = self.here.tokens, self.reader.pack
        return any(pack.longest("group", tokens, i) for i in range(self.here.begin, self.head.start))

    def of(self, mention: Mention, start: int | None = None) -> Doer:
        """Whoever is mentioned there; pronouns replaced."""
        people = resolved(mention.people, self.here.tokens[mention.start].start, self.reader)
        return Doer(people, mention.start if start is None else start)

    def behind(self, mention: Mention) -> Doer:
        """Whoever is mentioned behind the head, which is then accounted for."""
        self.here.cover(mention.start, mention.end)
        return self.of(mention, self.head.start)


def doer_of(reader: Reader, here: Here, head: Mark, own: Sequence[Mark], after: int) -> Doer:
    """Who does what a head says. `own`: its modifiers; `after`: the end of the clause before."""
    question = _Question(reader, here, head, own, after)
    by_rule = (rule(question) for rule in _RULES)
    found = next((doer for doer in by_rule if doer is not None), None) or _left_out(question)
    stranger = _joined_before(question, found)
    return replace(found, doubt=found.doubt or f"{WHO_COMES_TOO}: “{stranger}”") if stranger else found


def _joined_before(q: _Question, found: Doer) -> str:
    """ "Rain and I will come": words with a capital that open a piece, whoever they are, and an "and" before the
    writer."""
    tokens, here, end = q.here.tokens, q.here, found.start - 1
    if end <= here.begin or not q.reader.pack.longest("and", tokens, end):
        return ""
    begin = end
    while begin > here.begin and tokens[begin - 1].capital and not here.spoken[begin - 1]:
        begin -= 1
    opens = begin == here.begin or not tokens[begin - 1].word
    own = all(person.who is Who.SELF for person in found.people)
    return here.marks.words(begin, end) if opens and own and not here.marks.filled(begin, end) else ""


# --------------------------------------------------------------------------- the rules, in order


def _in_the_phrase(q: _Question) -> Doer | None:
    """ "count {who} in"."""
    mention = q.here.mentions.between(*q.head.who) if q.head.who is not None else None
    return q.of(mention, q.head.start) if mention else None


def _whose_presence(q: _Question) -> Doer | None:
    """ "confirm his attendance", "the attendance of Ana Lopez"."""
    if q.head.meaning != "presence":
        return None
    before = q.head.start - 1
    tokens = q.here.tokens
    if before >= q.here.begin and q.reader.pack.has("theirs", tokens[before].norm):
        last = _last_spoken_of(q.reader, tokens[before].start)
        if last is not None:
            return Doer((last,), before)
        return Doer((SOMEBODY,), before, doubt=f"{WHO_IS_MEANT}: “{q.here.marks.words(before, q.head.end)}”")
    if q.head.rule.person:
        return None
    mention = mention_after(q.head.end, q.here, reach=1)
    return q.behind(mention) if mention is not None and not _taken(mention, q.here) else None


def _says_who(q: _Question) -> Doer | None:
    """ "yo sí", "moi non": a word for the writer in the phrase itself."""
    told = q.reader.pack.near and q.head.meaning in {"yes", "no"} and q.head.who is None
    if not q.head.rule.alone and not told:
        return None
    for i in range(q.head.start, q.head.end):
        for person in ("i", "we"):
            if q.reader.pack.longest(person, q.here.tokens, i):
                return Doer((me(person, q.reader),), q.head.start)
    return None


def _first_person(q: _Question) -> Doer | None:
    """ "asistiré", "my wife and I [will come]", "iremos mi esposa y yo"."""
    person = q.head.rule.person
    if person not in FIRST:
        return None
    mention = mention_after(q.head.end, q.here)
    if mention is not None and not _taken(mention, q.here):
        if q.reader.pack.verb_first and person == "we" and all(p.who is Who.NAMED for p in mention.people):
            found = q.behind(mention)
            return Doer((*found.people, me("we", q.reader)), found.start)
        if len(mention.people) > 1 and any(p.who is Who.SELF for p in mention.people):
            return q.behind(mention)
    before = _ending_or_comma(q.head.start, q.here)
    if before and any(p.who is Who.SELF for p in before.people):
        return q.of(before)
    return Doer((me(person, q.reader),), q.head.start)


def _before(q: _Question) -> Doer | None:
    """ "Ana Lopez will gladly attend"; "puedo asistir", where the modifier tells who."""
    persons = {m.start: m.rule.person for m in q.own if m.rule.person in FIRST and m.start < q.head.start}
    third = q.third
    crossed = False
    at = q.head.start
    while at > q.after:
        mention = mention_ending(at, q.here)
        passed = mention is not None and (
            _of_the_writer(mention, q)
            or (third and all(p.who is Who.SELF for p in mention.people))
            or _an_object(mention, q)
        )
        if mention is not None and not passed and _may_be_subject(mention, q, crossed):
            return q.of(mention)
        at -= 1
        if any(mark.start == at + 1 for mark in (*q.own, q.head)) and _some_stranger(at, q):
            words = q.here.marks.words(at, q.head.end)
            return Doer((SOMEBODY,), at, doubt=f"{WHO_IS_MEANT}: “{words}”")
        if at in persons and q.head.rule.person != "they":
            together = _ending_or_comma(at, q.here)  # "mon épouse et moi serons parmi vous"
            if together and len(together.people) > 1 and any(p.who is Who.SELF for p in together.people):
                return q.of(together)
            return Doer((me(persons[at], q.reader),), at)
        if q.here.marks.bounded(at, at + 1) or q.reader.pack.longest("that", q.here.tokens, at):
            break
        crossed = crossed or q.here.tokens[at].norm == ","
    return None


def _of_the_writer(mention: Mention, q: _Question) -> bool:
    """ "أنا راهبة": "I, a nun"; in a language that says it without a verb."""
    if q.here.tokens[mention.start].norm[:1] < "\u0590" or any(p.who is not Who.ROLE for p in mention.people):
        return False
    before = mention_ending(mention.start, q.here)
    return before is not None and all(p.who is Who.SELF for p in before.people)


def _some_stranger(at: int, q: _Question) -> bool:
    """ "I hope Hungary will attend": a word with a capital, right before the verb, that is nobody we know of."""
    token, pack = q.here.tokens[at], q.reader.pack
    inside = at > q.here.begin and token.capital and token.norm.isalpha() and token.norm.upper() != token.norm.lower()
    strange = pack.has("places", token.norm) or not pack.knows(token.norm)
    return inside and strange and not q.here.covered[at] and token.norm not in q.reader.event_words


def _an_object(mention: Mention, q: _Question) -> bool:
    """ "В связи с отъездом Посла будет советник": the form tells that it is no subject, and one stands behind."""
    if not q.reader.pack.has("objects", q.here.tokens[mention.start].norm) or denials_of(q.own):
        return False
    return mention_after(q.head.end, q.here, expected=q.third) is not None


def _modifier_behind(q: _Question) -> Doer | None:
    """ "прийти не смогу"."""
    if q.head.rule.person == "they":
        return None
    mark = next((m for m in q.own if m.rule.person in FIRST and m.start >= q.head.end), None)
    return Doer((me(mark.rule.person, q.reader),), q.head.start) if mark is not None else None


def _relative(q: _Question) -> Doer | None:
    """ "to Ana Lopez, who will attend"; nobody in "those who will attend"."""
    tokens, pack = q.here.tokens, q.reader.pack
    relative = q.first_word - 1
    if relative > q.here.begin and q.here.marks.little(relative) and not pack.has("who", tokens[relative].norm):
        relative -= 1  # "who is happy to attend"
    if relative < q.here.begin or not pack.has("who", tokens[relative].norm):
        return None
    mention = _mention_in(q.here.begin, relative, q.here, taken=True)
    if mention is not None and relative - mention.end > RELATIVE_REACH:
        mention = None
    joins = pack.longest("that", tokens, relative) > 0  # "comunica que asistirá" says nobody yet
    if mention is None:
        return None if joins else Doer((), q.head.start)
    told = any(clause.start >= tokens[mention.start].start for clause in q.here.built)
    if told and relative - mention.end > 1 and not _taken(mention, q.here):
        return Doer((), q.head.start)  # "elle communiquera la suite qui y sera réservée"
    if not joins or relative - mention.end <= (tokens[relative - 1].norm == ","):
        return q.of(mention, q.head.start)
    return None


def _relative_goes_on(q: _Question) -> Doer | None:
    """ "on behalf of Ana Lopez, who thanks you and will attend": a courtesy was told of her before the "and"."""
    tokens, pack = q.here.tokens, q.reader.pack
    joint = q.first_word - 1
    if joint <= q.here.begin or not pack.longest("and", tokens, joint) or tokens[joint - 1].norm == ",":
        return None
    for relative in range(joint - 1, q.here.begin, -1):
        if q.here.marks.bounded(relative + 1, joint) or pack.longest("self", tokens, relative):
            return None
        if pack.has("who", tokens[relative].norm):
            mention = _mention_in(q.here.begin, relative, q.here, taken=True)
            near = mention is not None and relative - mention.end <= (tokens[relative - 1].norm == ",")
            return q.of(mention, q.head.start) if mention is not None and near else None
    return None


def _bare_name(q: _Question) -> Doer | None:
    """A name without capitals before a verb of the third person, or what keeps them away."""
    somebody = q.third or (q.head.meaning in {"away", "no"} and not q.head.rule.person)
    name = q.here.mentions.bare_name_before(q.first_word, max(q.after, q.piece)) if somebody else None
    if name is None:
        return None
    q.here.cover(name.start, name.end)
    return Doer(name.people, name.start)


def _behind(q: _Question) -> Doer | None:
    """ "acudirá Ana Lopez"."""
    third = q.third
    turned = any(m.meaning in {"instead", "instead_of"} and m.end == q.first_word for m in q.here.marks.main)
    if not third and not turned and not q.reader.pack.verb_first:
        return None  # "instead of me will participate Ms. Ana Lopez"
    # "participeront à votre prochaine table ronde Ana Lopez et Bert Meyer"
    mention = mention_after(q.head.end, q.here, reach=REACH_OVER_AN_EVENT if third else 3, expected=third)
    if mention is None or _taken(mention, q.here) or not (third or turned or mention.start == q.head.end):
        return None  # "ir a Libreville"
    return q.behind(mention) if third or not all(p.who is Who.SELF for p in mention.people) else None


def _a_thing(q: _Question) -> Doer | None:
    """ "it comes down to": nobody; but "the Mission regrets that it will not attend"."""
    at = q.first_word
    if at <= q.here.begin or not q.reader.pack.has("it", q.here.tokens[at - 1].norm):
        return None
    earlier = q.head.meaning in INSTEAD and any(p.who is Who.GROUP for _, p in q.reader.mentioned)
    return Doer((Person(Who.GROUP),) if q.group or earlier else (), q.head.start)


def _third_left_out(q: _Question) -> Doer | None:
    """A verb of the third person without a subject: who was spoken of last."""
    if not q.third:
        return None
    if q.here.loose(q.piece, q.head.start) and not q.group:
        return Doer((), q.head.start)  # "until the baby comes"
    earlier = [clause for clause in q.here.built if clause.people]
    if earlier and any(p.who is not Who.SELF for p in earlier[-1].people):
        return Doer(earlier[-1].people, q.head.start, True)
    before = q.here.tokens[q.head.start].start
    spoken = (p for at, p in reversed(q.reader.mentioned) if at < before and p.who in {Who.NAMED, Who.ROLE, Who.GROUP})
    last = next(spoken, Person(Who.GROUP) if q.reader.writer.organisation else None)
    if last is not None:
        return Doer((last,), q.head.start, True)
    words = q.here.marks.words(q.head.start, q.head.end)
    return Doer((SOMEBODY,), q.head.start, True, f"{WHO_IS_MEANT}: “{words}”")


def _same_as_before(q: _Question) -> Doer | None:
    """ "I shall be in New York and will gladly join you"."""
    opening = [m for m in q.here.mentions.all() if q.after <= m.start < q.piece and not _taken(m, q.here)]
    opening = [m for m in opening if m.start > q.here.begin and q.here.marks.bounded(m.start - 1, m.start)]
    if opening:  # "she is on leave; I have no such excuse and will be there"
        return Doer(q.of(opening[-1]).people, q.head.start, True)
    earlier = [clause for clause in q.here.built if clause.people]
    if earlier:
        return Doer(earlier[-1].people, q.head.start, True)
    begin = q.here.begin
    first = next((m for m in q.here.mentions.all() if begin <= m.start < q.piece and not _taken(m, q.here)), None)
    if first is not None and q.here.marks.little_between(begin, first.start):
        found = q.of(first, q.head.start)
        return Doer(found.people, found.start, True)
    return Doer((Person(Who.GROUP),), q.head.start) if q.group else None


_RULES: Sequence[Callable[[_Question], Doer | None]] = (
    _in_the_phrase,
    _whose_presence,
    _says_who,
    _first_person,
    _relative_goes_on,
    _before,
    _modifier_behind,
    _relative,
    _bare_name,
    _behind,
    _a_thing,
    _third_left_out,
    _same_as_before,
)


def _left_out(q: _Question) -> Doer:
    """ "Will attend": the writer; in doubt where words stand before it that may be somebody else."""
    loose = q.here.loose(q.piece, q.head.start)
    doubt = ""
    if loose > 1 or (loose and q.head.meaning in VERBS):
        doubt = f"{WHO_IS_MEANT} before the answer: “{q.here.marks.words(q.piece, q.head.start)}”"
    return Doer((the_writer(q.reader),), q.head.start, True, doubt)


# --------------------------------------------------------------------------- people


def me(person: str, reader: Reader) -> Person:
    """The writer, as "I" or "we"."""
    words = sorted(reader.pack.words[person])
    return Person(Who.SELF, role=words[0] if words else person)


def the_writer(reader: Reader) -> Person:
    """Whoever writes: a person, or an office."""
    return Person(Who.GROUP) if reader.writer.organisation else me("i", reader)


def resolved(people: tuple[Person, ...], at: int, reader: Reader) -> tuple[Person, ...]:
    """Pronouns replaced by the last person named before offset `at`."""
    return tuple((_last_spoken_of(reader, at) or person) if person.who is Who.THEY else person for person in people)


def _last_spoken_of(reader: Reader, at: int) -> Person | None:
    earlier = [p for place, p in reader.mentioned if place < at]
    named = (p for p in reversed(earlier) if p.who in {Who.NAMED, Who.ROLE})
    return next(named, next((p for p in reversed(earlier) if p.who is Who.GROUP), None))


# --------------------------------------------------------------------------- mentions


def mention_ending(end: int, here: Here) -> Mention | None:
    """The mention right before a token."""
    mention = here.mentions.ending(end)
    return mention if mention is not None and mention.start >= here.begin else None


def _ending_or_comma(end: int, here: Here) -> Mention | None:
    """The mention right before a token, or before the comma there: "moi, Jane Roe, ainsi qu'Ana Lopez, serons là"."""
    found = mention_ending(end, here)
    if found is None and end > here.begin and here.tokens[end - 1].norm == ",":
        found = mention_ending(end - 1, here)
    return found


def mention_in(start: int, end: int, here: Here) -> Mention | None:
    """The last mention between two tokens that no phrase holds."""
    return _mention_in(start, end, here, taken=False)


def _mention_in(start: int, end: int, here: Here, taken: bool) -> Mention | None:
    inside = (m for m in here.mentions.all() if start <= m.start and m.end <= end and (taken or not _taken(m, here)))
    return max(inside, key=lambda mention: mention.start, default=None)


def mention_after(end: int, here: Here, reach: int = 3, expected: bool = False) -> Mention | None:
    """A mention that begins at most `reach` little words after a token. `expected`: somebody must stand there."""
    at = end
    while at < len(here.tokens) and at - end <= reach:
        found = here.mentions.expected(at) if expected else here.mentions.at(at)
        if found:
            return found[0]
        if not here.tokens[at].word or not (here.marks.little(at) or here.covered[at]):
            return None
        at += 1
    return None


def _in_apposition(mention: Mention, here: Here) -> bool:
    """ "Ms. Ana Lopez, Counsellor, will come": the comma behind it is the apposition's."""
    inside = any(here.tokens[i].norm == "," for i in range(mention.start, mention.end))
    return inside and mention.end < len(here.tokens) and here.tokens[mention.end].norm == ","


def _taken(mention: Mention, here: Here) -> bool:
    return here.marks.taken(mention.start, mention.end)


def _behind_whom_it_is_for(mention: Mention, q: _Question) -> bool:
    """ "On behalf of the Minister, Ana Lopez will attend": the name before the verb is the subject's."""
    comma = any(q.here.tokens[i].norm == "," for i in range(mention.start, mention.end))
    told = any(m.meaning == "courtesy" and m.who and m.who[1] == mention.end for m in q.here.marks.main)
    return comma and told and mention.end == q.first_word


def _may_be_subject(mention: Mention, q: _Question, crossed: bool) -> bool:
    """Whether a mention before a head is its subject: not "of Jane Roe", nor of the clause before a comma."""
    here, start = q.here, mention.start
    if start < q.after or _taken(mention, here):
        return start >= q.after and _behind_whom_it_is_for(mention, q)
    if start > here.begin and q.reader.pack.has("of", here.tokens[start - 1].norm):
        return False
    pack = q.reader.pack
    opens = start == here.begin or here.marks.bounded(start - 1, start) or here.tokens[start - 1].norm == ","
    opens = opens or _in_apposition(mention, here)
    opens = opens or pack.has("who", here.tokens[start - 1].norm) or pack.has("that", here.tokens[start - 1].norm)
    return (opens or not crossed) and here.loose(mention.end, q.head.start) <= FAR


__all__ = ["Doer", "doer_of", "me", "mention_ending", "mention_in", "resolved", "the_writer"]
