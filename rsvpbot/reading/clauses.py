"""Clause by clause: what each part of a message is taken for, who is meant, and what was left over.

What is said of coming is composed as it is in speech. A *head* is a word of coming or a phrase that says it all; the
*modifiers* about it (not, able, fail, would like, perhaps, if …) turn it: an odd number of denials is a no, an even
one a yes ("could not fail to come"), a hope or a condition makes it a perhaps. The rules know no language; the words
come from a pack.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise

from rsvpbot.model import Event
from rsvpbot.reading.leftover import Rest, left_of
from rsvpbot.reading.marks import Marks, marks_of
from rsvpbot.reading.names import han, name_words, same_person
from rsvpbot.reading.pack import ANSWERS, BESIDE, FACTS, INSTEAD, VERBS, Pack
from rsvpbot.reading.people import SOMEBODY, Mention, Mentions, Person, Who, number_at
from rsvpbot.reading.phrases import Mark
from rsvpbot.reading.said import SOMETHING_ELSE, WHO_IS_MEANT, Clause, Left, Parsed, Writer
from rsvpbot.reading.signoff import greeting_end, is_closing, without_sign_off
from rsvpbot.reading.tokens import LONGEST, Sentence, Token, sentences, tokenize

HEADS = ANSWERS | VERBS | INSTEAD
DENIALS = frozenset({"not", "cannot", "fail"})
HEDGES = frozenset({"unsure", "hope", "if"})
SUPPORT = frozenset({"will", "can", "glad", "confirm", "want", "would", "not", "cannot"})
"""With one of these a bare word of coming says that somebody comes: "will attend", not "attend"."""

REACH = {"not": 3, "cannot": 3, "fail": 3, "past": 2, "would": 1, "can": 2, "will": 2, "unsure": 12, "regret": 6}
"""How many words that nothing accounts for may stand between a modifier and its head; two for each comma."""

FAR = 4
MOST_BEGINNINGS = 3
MOST_FILLED_IN = 6
"""Words of an answer in a form."""
AGREED = frozenset({"yes", "maybe", "no"})


@dataclass(slots=True)
class Reader:
    """The state of reading one text."""

    pack: Pack
    event: Event
    writer: Writer
    text: str
    not_names: frozenset[str]
    lower_case: bool
    known: frozenset[str]
    clauses: list[Clause] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    listed: list[Person] = field(default_factory=list)
    introduced: str = ""
    """The name by which the writer says who they are."""
    regrets: set[int] = field(default_factory=set)
    mentioned: list[tuple[int, Person]] = field(default_factory=list)
    """Everybody spoken of so far, with the place, for pronouns."""


@dataclass(slots=True)
class Here:
    """One sentence while it is read."""

    index: int
    tokens: Sequence[Token]
    begin: int
    mentions: Mentions
    marks: Marks
    question: bool
    bullet: bool
    covered: list[bool]
    """Which tokens are accounted for."""
    spoken: list[bool] = field(default_factory=list)
    """Which tokens are accounted for or mention people."""
    used: set[Mark] = field(default_factory=set)
    """The modifiers that belong to a head."""
    built: list[Clause] = field(default_factory=list)

    def loose(self, start: int, end: int) -> int:
        """How many words with content stand between two tokens that nothing accounts for."""
        return self.marks.weight(start, end, self.spoken)

    def cover(self, start: int, end: int) -> None:
        for i in range(max(start, 0), end):
            self.covered[i] = self.spoken[i] = True


def parse(text: str, pack: Pack, event: Event, writer: Writer) -> Parsed:
    """Read a text clause by clause. Pure; never raises on any text."""
    names = writer.known_words | name_words(writer.name)
    found = [replace(s, tokens=in_known_spelling(s.tokens, pack, names)) for s in sentences(text, pack.spelling)]
    found = _answered_at_once(found, text)
    body, sign_off, lines = without_sign_off(found, text, pack, writer)
    reader = Reader(
        pack=pack,
        event=event,
        writer=writer,
        text=text,
        not_names=event_words(event) | pack.words["never_names"],
        lower_case=sum(c.isupper() for c in text[:LONGEST]) * 40 < len(text[:LONGEST]),
        known=names | name_words(sign_off),
    )
    for i, sentence in enumerate(body):
        _read_sentence(reader, sentence, i)
    return Parsed(
        tuple(reader.clauses),
        tuple(reader.left),
        sign_off,
        lines,
        tuple(reader.listed),
        frozenset(reader.regrets),
        reader.introduced,
    )


def _answered_at_once(found: Sequence[Sentence], text: str) -> list[Sentence]:
    """ "1. Will you attend? YES": a question with its answer on the same line is a label of a form."""
    kept: list[Sentence] = []
    for sentence in found:
        before = kept[-1] if kept else None
        if (
            before is not None
            and before.question
            and len(sentence.tokens) <= MOST_FILLED_IN
            and not sentence.question
            and "\n" not in text[before.end : sentence.start]
        ):
            colon = Token(":", before.end, before.end, False, False, False)
            kept[-1] = replace(before, tokens=(*before.tokens, colon, *sentence.tokens), question=False)
        else:
            kept.append(sentence)
    return kept


def event_words(event: Event) -> frozenset[str]:
    """The words of the event's own title and place: never a person's name."""
    venue = event.venue
    return _words_of(" ".join((event.title, venue.name, venue.address, venue.pass_name, venue.reception)))


@lru_cache(maxsize=8)
def _words_of(source: str) -> frozenset[str]:
    return frozenset(token.norm for token in tokenize(source) if token.word and len(token.norm) > 1)


def in_known_spelling(tokens: Sequence[Token], pack: Pack, names: frozenset[str]) -> tuple[Token, ...]:
    """Slips of the pen in key words set right, and words parted that are written in one ("والسيدة")."""
    slips, beginnings, elisions = pack.slips, pack.spelling.beginnings, pack.spelling.elisions
    parted: list[Token] = []
    for token in tokens:
        norm = token.norm
        if norm in slips and not token.capital:
            parted.append(token._replace(norm=slips[norm]))
        elif elisions and "'" in norm and pack.knows(norm.partition("'")[2]) and norm.partition("'")[0] in elisions:
            parted.extend(_cut(token, [norm.partition("'")[0], norm.partition("'")[2]], 1))
        elif beginnings and token.word and norm not in names and not pack.knows(norm):
            parted.extend(_cut(token, _beginnings(norm, pack, MOST_BEGINNINGS) or _before_a_name(norm, pack), 0))
        else:
            parted.append(token)
    return tuple(parted)


def _beginnings(norm: str, pack: Pack, most: int) -> list[str]:
    """A word that nobody knows, cut into beginnings and a known rest, with as few cuts as can be; [] for none."""
    best: list[str] = []
    for beginning in pack.spelling.beginnings:
        rest = norm[len(beginning) :]
        if not norm.startswith(beginning) or len(rest) < 2:
            continue
        if pack.knows(rest):
            return [beginning, rest]
        if most > 1:
            more = _beginnings(rest, pack, most - 1)
            if more and (not best or len(more) + 1 < len(best)):
                best = [beginning, *more]
    return best


def _before_a_name(norm: str, pack: Pack) -> list[str]:
    """ "وأيوب": "and" before what may be a name."""
    beginning = next((b for b in pack.spelling.always if norm.startswith(b) and len(norm) - len(b) >= 3), "")
    if not beginning or pack.has("given", norm):
        return [norm]
    return [beginning, norm[len(beginning) :]]


def _cut(token: Token, pieces: Sequence[str], sign: int) -> list[Token]:
    """A token in pieces; `sign`: characters between two of them."""
    found: list[Token] = []
    at = token.start
    for i, piece in enumerate(pieces):
        last = i == len(pieces) - 1
        end = token.end if last else min(at + len(piece) + sign, token.end)
        found.append(token._replace(norm=piece, start=at, end=end, space=token.space and i == 0))
        at = end
    return found


# --------------------------------------------------------------------------- one sentence


def _read_sentence(reader: Reader, sentence: Sentence, index: int) -> None:
    pack, tokens = reader.pack, sentence.tokens
    begin = greeting_end(sentence, pack)
    if begin >= len(tokens) or is_closing(sentence, pack) or _labelled(tokens, begin, pack):
        return
    mentions = Mentions(tokens, reader.text, pack, reader.known, reader.not_names, reader.lower_case)
    marks = marks_of(tokens, begin, mentions, pack, reader.event, reader.not_names)
    here = Here(
        index=index,
        tokens=tokens,
        begin=begin,
        mentions=mentions,
        marks=marks,
        question=sentence.question,
        bullet=sentence.bullet,
        covered=[i < begin for i in range(len(tokens))],
        spoken=[i < begin for i in range(len(tokens))],
    )
    for mark in marks.all():
        here.cover(mark.start, mark.end)
    for mention in mentions.all():
        here.spoken[mention.start : mention.end] = [True] * (mention.end - mention.start)
        if (
            mention.start > begin
            and pack.has("of", tokens[mention.start - 1].norm)
            and mention.end - mention.start == 1
        ):
            continue  # "in Nauru"
        reader.mentioned.extend((tokens[mention.start].start, person) for person in mention.people)
    if any(mark.meaning == "regret" for mark in marks.main):
        reader.regrets.add(index)
    _answers(reader, here)
    _beside(reader, here)
    here.built.sort(key=lambda clause: clause.start)
    reader.clauses.extend(here.built)
    _take_names(reader, here)
    reader.left.extend(
        left_of(
            Rest(
                text=reader.text,
                index=index,
                tokens=tokens,
                begin=begin,
                covered=here.covered,
                loose=tuple(mark for mark in marks.main if mark not in here.used),
                built=here.built,
                question=here.question,
                mentions=mentions,
                pack=pack,
                not_names=reader.not_names,
            )
        )
    )


def _labelled(tokens: Sequence[Token], begin: int, pack: Pack) -> bool:
    """ "Organisation: Freetown Network": what stands behind such a label is neither a name nor an answer."""
    end = begin + pack.longest("labels", tokens, begin)
    return begin < end < len(tokens) and tokens[end].norm == ":"


# --------------------------------------------------------------------------- heads and their modifiers


def _answers(reader: Reader, here: Here) -> None:
    """The clauses that answer: every head with its modifiers, and modifiers that stand for one ("I can't")."""
    heads = [mark for mark in here.marks.main if mark.meaning in HEADS]
    heads = [mark for mark in heads if not _answers_something_else(mark, heads, here)]
    modifiers = _assigned(heads, here, reader)
    last_end = here.begin
    for order, head in enumerate(heads):
        own = modifiers.get(order, [])
        clause = _clause(reader, here, head, own, last_end)
        last_end = head.end
        if clause is not None:
            here.used.add(head)
            here.used.update(own)
            here.built.append(clause)
    _elliptical(reader, here, heads)
    _merge_substitution(here)


def _answers_something_else(mark: Mark, heads: Sequence[Mark], here: Here) -> bool:
    """ "Yes, I got your invitation": a bare word before a comma, where what follows speaks of its own."""
    end = mark.end
    if not mark.rule.alone or end >= len(here.tokens) or here.tokens[end].norm != ",":
        return False
    if any(other.start > end for other in heads):
        return False
    if any(m.meaning == "receipt" and m.start > end for m in here.marks.main):
        return True
    rest = range(end + 1, len(here.tokens))
    pronoun = any(here.marks.pack.longest(name, here.tokens, i) for i in rest for name in ("self", "they"))
    return pronoun and here.loose(end, len(here.tokens)) > 2


def _assigned(heads: Sequence[Mark], here: Here, reader: Reader) -> dict[int, list[Mark]]:
    """Each modifier with the head that it turns."""
    found: dict[int, list[Mark]] = {}
    for mark in here.marks.main:
        if mark.meaning in here.marks.MODIFYING:
            choice = _condition_of(mark, heads, here) if mark.meaning == "if" else _turned(mark, heads, here, reader)
            if choice is not None:
                found.setdefault(choice, []).append(mark)
    return found


def _condition_of(mark: Mark, heads: Sequence[Mark], here: Here) -> int | None:
    """The head that hangs on a condition: the next one, wherever in the sentence, or the one before."""
    after = next((i for i, head in enumerate(heads) if head.start >= mark.end), None)
    before = next((i for i in range(len(heads) - 1, -1, -1) if heads[i].end <= mark.start), None)
    opens = here.marks.piece_of(mark.start)[0] == mark.start
    if after is not None and (before is None or opens or here.marks.same_piece(mark.end, heads[after].start)):
        return after
    return before if before is not None else after


def _turned(mark: Mark, heads: Sequence[Mark], here: Here, reader: Reader) -> int | None:
    """The head that a modifier turns: a word of coming in its own piece, behind or before it; then what stands right
    behind it; then a word of coming beyond a comma."""
    own = here.marks.piece_of(mark.start)
    pack = reader.pack
    after = [i for i, head in enumerate(heads) if head.start >= mark.end]
    before = [i for i in range(len(heads) - 1, -1, -1) if heads[i].end <= mark.start]
    adjacent = mark.meaning == "not" and pack.not_adjacent
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
        if mark.meaning in DENIALS and here.loose(mark.end, head.start):
            return None
        if _reaches(mark, mark.end, head.start, here):
            return i
    for i in before[:1]:
        if mark.meaning not in DENIALS and _reaches(mark, heads[i].end, mark.start, here):
            return i
    return None


def _reaches(mark: Mark, start: int, end: int, here: Here) -> bool:
    """Whether few enough words and no end of a clause stand between."""
    if here.marks.bounded(start, end):
        return False
    commas = sum(here.tokens[i].norm == "," for i in range(start, end))
    return here.loose(start, end) + 2 * ((commas + 1) // 2) <= REACH.get(mark.meaning, FAR)


def _clause(reader: Reader, here: Here, head: Mark, own: Sequence[Mark], after: int) -> Clause | None:
    """One head with what is said of it and who does it; None where it says nothing of coming."""
    meaning = head.meaning
    kinds = {mark.meaning for mark in own}
    if meaning in INSTEAD:
        return _substitution(reader, here, head, own, after)
    stance, doubt = _stance(head, own, kinds, here)
    if stance == "no" and meaning in VERBS and here.marks.follows(head.end, "only"):
        stance = "yes"  # "I will not come alone"
    if not stance:
        return None
    people, start, elided, unclear = _subject(reader, here, head, own, after)
    if not people:
        return None  # "until the baby comes"
    requested = meaning in {"maybe", "promise"} or (
        meaning in {"yes", "no"} and any(m.meaning == "ask" and m.start < head.start for m in here.marks.main)
    )
    if here.question and not requested and meaning != "missed":  # but "could you put me down?"
        return (
            None
            if meaning in VERBS or meaning == "yes"
            else _made(reader, here, head, stance, people, start, asked=True)
        )
    if meaning in VERBS and stance in {"yes", "wish", "no"}:
        bare = not (kinds & SUPPORT) and not head.rule.person
        if meaning == "presence" and not kinds & {"confirm", "glad", "not", "cannot", "want"}:
            return None
        if bare and elided and not (reader.pack.bare_infinitive and _opens(head, here)):
            return None
        doubt = doubt or _object_doubt(head, here, reader)
    elif meaning == "yes":
        doubt = doubt or _object_doubt(head, here, reader)
    if stance in {"yes", "wish", "no"} and not doubt and (meaning in VERBS or unclear):
        doubt = unclear
    if stance in {"yes", "wish"} and not doubt:
        doubt = _other_day(here, head, reader)
    if (
        stance == "no"
        and meaning in VERBS | {"no"}
        and _other_day(here, head, reader).startswith("it names another day")
    ):
        return None  # "on the 21st I cannot come"
    value = "then" if meaning == "away" and here.marks.has("time") else head.rule.value if meaning == "withdraw" else ""
    if meaning == "away" and unclear:
        people = (SOMEBODY,)
    clause = _made(
        reader,
        here,
        head,
        stance,
        people,
        min(start, *(m.start for m in own), head.start) if own else min(start, head.start),
    )
    return replace(clause, doubt=doubt, elided=elided, value=value)


def _made(
    reader: Reader, here: Here, head: Mark, meaning: str, people: tuple[Person, ...], start: int, asked: bool = False
) -> Clause:
    tokens = here.tokens
    here.cover(start, head.start)
    return Clause(
        meaning=meaning,
        start=tokens[start].start,
        end=tokens[head.end - 1].end,
        words=reader.text[tokens[start].start : tokens[head.end - 1].end],
        sentence=here.index,
        people=people,
        number=head.number,
        asked=asked,
    )


def _stance(head: Mark, own: Sequence[Mark], kinds: set[str], here: Here) -> tuple[str, str]:
    """What a head and its modifiers come to, and the doubt about it."""
    meaning = head.meaning
    denials = _denials(own)
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
        return "maybe", ""
    if "regret" in kinds and not denials:
        return "yes", "regret beside a yes"
    if "would" in kinds and not kinds & {"want", "glad"}:
        return "wish", f"only a conditional: “{here.marks.words(min(m.start for m in own), head.end)}”"
    if "would" in kinds or ("want" in kinds and not kinds & {"will", "confirm"}):
        return "wish", ""
    return "yes", ""


def _denials(marks: Sequence[Mark]) -> int:
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


def _opens(head: Mark, here: Here) -> bool:
    """Whether the head opens its piece: "Attending with pleasure"."""
    start = head.start
    while start > here.begin and here.marks.pack.has("fill", here.tokens[start - 1].norm):
        start -= 1
    return start == here.begin or here.marks.bounded(start - 1, start) or here.tokens[start - 1].norm == ","


def _elliptical(reader: Reader, here: Here, heads: Sequence[Mark]) -> None:
    """ "I can't, sorry." "Paul cannot; I can." "He comes, I don't." A modifier that no head took, and nothing more."""
    free = [
        mark for mark in here.marks.main if mark.meaning in {"not", "cannot", "can", "will"} and mark not in here.used
    ]
    for group in here.marks.by_piece(free):
        first, last = group[0].start, group[-1].end
        begin, end = here.marks.piece_of(first)
        if any(begin <= head.start < end and head.meaning != "away" for head in heads):
            continue
        subject = _mention_in(begin, first, here)
        person = next((mark.rule.person for mark in group if mark.rule.person in {"i", "we"}), "")
        impersonal = any(mark.meaning == "cannot" for mark in group)  # "К сожалению, не получится"
        if subject is None and not person and not impersonal:
            continue
        loose = any(
            not here.covered[i]
            and here.tokens[i].word
            and not reader.pack.longest("fill", here.tokens, i)
            and not (subject and subject.start <= i < subject.end)
            for i in range(begin, end)
        )
        if loose or any(
            begin <= mark.start < end
            and mark.meaning
            not in {"not", "cannot", "can", "will", "regret", "time", "event", "aside", "glad", "away", "courtesy"}
            for mark in here.marks.all()
        ):
            continue
        odd = _denials(group) % 2 == 1
        people = (
            _resolved(subject.people, here.tokens[subject.start].start, reader)
            if subject
            else (_me(person or "i", reader),)
        )
        start = min(first, subject.start) if subject else first
        mark = Mark(group[-1].rule, first, last)
        if here.question:
            continue
        here.used.update(group)
        here.built.append(_made(reader, here, mark, "no" if odd else "yes", people, start))


# --------------------------------------------------------------------------- who


def _me(person: str, reader: Reader) -> Person:
    words = sorted(reader.pack.words[person])
    return Person(Who.SELF, role=words[0] if words else person)


def _writer(reader: Reader) -> Person:
    """Whoever writes: a person, or an office."""
    return Person(Who.GROUP) if reader.writer.organisation else _me("i", reader)


def _subject(
    reader: Reader, here: Here, head: Mark, own: Sequence[Mark], after: int
) -> tuple[tuple[Person, ...], int, bool, str]:
    """Who does it: (people, first token of the subject, left out, doubt)."""
    tokens, pack = here.tokens, reader.pack
    if head.who is not None:
        mention = here.mentions.between(*head.who)
        if mention:
            return _resolved(mention.people, tokens[mention.start].start, reader), head.start, False, ""
    before = head.start - 1
    if (
        head.meaning == "presence" and before >= here.begin and pack.has("theirs", tokens[before].norm)
    ):  # "his attendance"
        last = next(
            (p for at, p in reversed(reader.mentioned) if at < tokens[before].start and p.who in {Who.NAMED, Who.ROLE}),
            None,
        )
        if last is not None:
            return (last,), before, False, ""
    if head.meaning == "presence" and not head.rule.person:  # "confirm the attendance of Ana Lopez"
        mention = _mention_after(head.end, here, reach=1)
        if mention is not None and not here.marks.taken(mention.start, mention.end):
            here.cover(mention.start, mention.end)
            return _resolved(mention.people, tokens[mention.start].start, reader), head.start, False, ""
    if head.rule.person in {"i", "we"} and pack.verb_first:  # "iremos mi esposa y yo"
        mention = _mention_after(head.end, here)
        if mention is not None and not here.marks.taken(mention.start, mention.end):
            named = all(p.who is Who.NAMED for p in mention.people) and head.rule.person == "we"
            if named or (len(mention.people) > 1 and any(p.who is Who.SELF for p in mention.people)):
                here.cover(mention.start, mention.end)
                people = (*mention.people, _me("we", reader)) if named else mention.people
                return _resolved(people, tokens[mention.start].start, reader), head.start, False, ""
    if head.rule.person in {"i", "we"}:
        # "my wife and I [will come]": who is named right before comes too
        before = _mention_ending(head.start, here)
        if before and any(p.who is Who.SELF for p in before.people):
            return _resolved(before.people, tokens[before.start].start, reader), before.start, False, ""
        return (_me(head.rule.person, reader),), head.start, False, ""
    at = head.start
    persons = {mark.start: mark for mark in own if mark.rule.person in {"i", "we"} and mark.start < head.start}
    crossed = False
    third = head.rule.person == "they" or any(mark.rule.person == "they" for mark in own)
    while at > after:
        mention = _mention_ending(at, here)
        only_self = third and mention is not None and all(p.who is Who.SELF for p in mention.people)
        if mention is not None and not only_self and _may_be_subject(mention, head, after, crossed, here, pack):
            return _resolved(mention.people, tokens[mention.start].start, reader), mention.start, False, ""
        at -= 1
        if at in persons and head.rule.person != "they":
            return (_me(persons[at].rule.person, reader),), at, False, ""
        if here.marks.bounded(at, at + 1) or pack.longest("that", tokens, at):
            break
        crossed = crossed or tokens[at].norm == ","
    trailing = next((m for m in own if m.rule.person in {"i", "we"} and m.start >= head.end), None)
    if trailing is not None:  # "прийти не смогу"
        return (_me(trailing.rule.person, reader),), head.start, False, ""
    first_word = min((mark.start for mark in own), default=head.start)
    first_word = min(first_word, head.start)
    relative = first_word - 1 if first_word > here.begin and pack.has("who", tokens[first_word - 1].norm) else -1
    if relative >= 0 and not persons:  # "to Ana Lopez, who will attend"; "those who will attend"
        mention = _mention_in(max(here.begin, relative - 8), relative, here, taken=True)
        joins = pack.longest("that", tokens, relative) > 0  # "comunica que asistirá" says nobody yet
        if mention is None and not joins:
            return (), head.start, False, ""
        if mention is not None and (not joins or relative - mention.end <= (tokens[relative - 1].norm == ",")):
            return _resolved(mention.people, tokens[mention.start].start, reader), head.start, False, ""
    if third:
        name = here.mentions.bare_name_before(first_word, max(after, here.marks.piece_of(first_word)[0]))
        if name is not None:
            here.cover(name.start, name.end)
            return name.people, name.start, False, ""
    if third or pack.verb_first:
        mention = _mention_after(head.end, here, expected=third)
        if (
            mention is not None
            and not here.marks.taken(mention.start, mention.end)
            and (third or not all(p.who is Who.SELF for p in mention.people))
        ):
            here.cover(mention.start, mention.end)
            return _resolved(mention.people, tokens[mention.start].start, reader), head.start, False, ""
    earlier = [c for c in here.built if c.people]
    begin = max(after, here.marks.piece_of(head.start)[0])
    grouped = any(pack.longest("group", tokens, i) for i in range(here.begin, head.start))
    if first_word > here.begin and pack.has("it", tokens[first_word - 1].norm) and head.rule.person not in {"i", "we"}:
        return ((Person(Who.GROUP),) if grouped else ()), head.start, False, ""
    if third:
        if here.loose(begin, head.start) and not grouped:
            return (), head.start, False, ""
        if earlier and any(p.who is not Who.SELF for p in earlier[-1].people):
            return earlier[-1].people, head.start, True, ""
        last = next((p for _, p in reversed(reader.mentioned) if p.who in {Who.NAMED, Who.ROLE, Who.GROUP}), None)
        if last is not None:
            return (last,), head.start, True, ""
        if reader.writer.organisation:
            return (Person(Who.GROUP),), head.start, True, ""
        return (SOMEBODY,), head.start, True, f"{WHO_IS_MEANT}: “{here.marks.words(head.start, head.end)}”"
    if earlier:
        return earlier[-1].people, head.start, True, ""
    first = next(
        (m for m in here.mentions.all() if here.begin <= m.start < begin and not here.marks.taken(m.start, m.end)), None
    )
    if first is not None and here.marks.little_between(here.begin, first.start):
        return _resolved(first.people, tokens[first.start].start, reader), head.start, True, ""
    if grouped:
        return (Person(Who.GROUP),), head.start, False, ""
    loose = here.loose(begin, head.start)
    doubt = ""
    if loose > 1 or (loose and head.meaning in VERBS):
        doubt = f"{WHO_IS_MEANT} before the answer: “{here.marks.words(begin, head.start)}”"
    return (_writer(reader),), head.start, True, doubt


def _may_be_subject(mention: Mention, head: Mark, after: int, crossed: bool, here: Here, pack: Pack) -> bool:
    """Whether a mention before a head is its subject: not "of Jane Roe", nor of the clause before a comma."""
    start = mention.start
    if start < after or here.marks.taken(start, mention.end):
        return False
    if start > here.begin and pack.has("of", here.tokens[start - 1].norm):
        return False
    opens = start == here.begin or here.marks.bounded(start - 1, start) or here.tokens[start - 1].norm == ","
    if crossed and not opens:
        return False
    return here.loose(mention.end, head.start) <= FAR


def _mention_ending(end: int, here: Here) -> Mention | None:
    mention = here.mentions.ending(end)
    return mention if mention is not None and mention.start >= here.begin else None


def _mention_in(start: int, end: int, here: Here, taken: bool = False) -> Mention | None:
    """The last mention between two tokens. `taken`: whether those count that a phrase holds."""
    found = None
    for mention in here.mentions.all():
        if (
            start <= mention.start
            and mention.end <= end
            and (taken or not here.marks.taken(mention.start, mention.end))
        ):
            found = mention
    return found


def _mention_after(end: int, here: Here, reach: int = 3, expected: bool = False) -> Mention | None:
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


def _resolved(people: tuple[Person, ...], at: int, reader: Reader) -> tuple[Person, ...]:
    """Pronouns replaced by the last person named before."""
    resolved: list[Person] = []
    for person in people:
        if person.who is Who.THEY:
            before = (p for place, p in reversed(reader.mentioned) if place < at and p.who in {Who.NAMED, Who.ROLE})
            resolved.append(next(before, person))
        else:
            resolved.append(person)
    return tuple(resolved)


# --------------------------------------------------------------------------- somebody else comes


def _substitution(reader: Reader, here: Here, head: Mark, own: Sequence[Mark], after: int) -> Clause | None:
    """Somebody in the place of somebody: `people` are the absent, `others` those who come; or only `people` come."""
    meaning = head.meaning
    denied = _denials(own) % 2 == 1
    hedged = bool({mark.meaning for mark in own} & HEDGES)
    named = here.mentions.between(*head.who) if head.who else None
    said = _resolved(named.people, here.tokens[named.start].start, reader) if named else ()
    doubt = ""
    if meaning == "represented":
        people, start, elided, doubt = _subject(reader, here, replace(head, who=None), own, after)
        people = people or (_writer(reader),)
        if denied:
            return _made(reader, here, head, "no", people, start)
        clause = replace(_made(reader, here, head, "substitute", people, start), others=said or (Person(Who.ROLE),))
    elif meaning == "sends":
        if denied or (said and all(p.who is Who.SELF for p in said)):
            return None  # "send me the list"
        people, start, elided, _ = _subject(reader, here, replace(head, who=None), own, after)
        if elided or not people or people == (SOMEBODY,):
            people, start = (_writer(reader),), head.start
        clause = replace(_made(reader, here, head, "substitute", people, start), others=said or (Person(Who.ROLE),))
    elif meaning == "stands_in":
        people, start, elided, doubt = _subject(reader, here, replace(head, who=None), own, after)
        if elided and not doubt:
            doubt = f"{WHO_IS_MEANT}: “{here.marks.words(head.start, head.end)}”"
        if denied:
            return None
        clause = _made(reader, here, head, "substitute", people, start)
        if said and not all(p.who is Who.SELF for p in said):
            clause = replace(clause, people=said, others=people)
            if reader.pack.has("objects", here.tokens[start].norm):  # "Директора заменит юрист Тарас Гринько"
                clause = replace(clause, people=people, others=said)
    else:  # a phrase beside the verb: "in my place", "instead of the Ambassador"
        clause = _made(reader, here, head, "in place", said or (_me("i", reader),), head.start)
    return replace(
        clause,
        doubt=doubt,
        asked=here.question,
        meaning="maybe" if hedged and clause.meaning == "substitute" else clause.meaning,
    )


def _merge_substitution(here: Here) -> None:
    """ "In my place Ana Lopez will come": who comes, and in whose place, made one."""
    for place in [clause for clause in here.built if clause.meaning == "in place"]:
        here.built.remove(place)
        absent = place.people
        coming = next(
            (
                c
                for c in here.built
                if c.meaning in {"yes", "wish"} and c.people != absent and not _only_self(c, absent)
            ),
            None,
        )
        if coming is not None:
            here.built.remove(coming)
            doubt = "" if coming.doubt.startswith(WHO_IS_MEANT) else coming.doubt
            merged = replace(coming, meaning="substitute", people=absent, others=coming.people, doubt=doubt)
            if _is_self(absent):
                merged = replace(merged, people=coming.people, others=())
            here.built.append(merged)
            continue
        if any(c.meaning == "substitute" for c in here.built):
            continue
        others = tuple(
            p
            for mention in here.mentions.all()
            for p in mention.people
            if mention.start >= here.begin and p.who in {Who.NAMED, Who.ROLE} and p not in absent
        )
        here.built.append(replace(place, meaning="substitute", people=absent, others=others or (Person(Who.ROLE),)))


def _is_self(people: Sequence[Person]) -> bool:
    return all(p.who is Who.SELF for p in people)


def _only_self(clause: Clause, absent: Sequence[Person]) -> bool:
    return _is_self(clause.people) and _is_self(absent)


# --------------------------------------------------------------------------- doubts about one clause


def _object_doubt(head: Mark, here: Here, reader: Reader) -> str:
    """Whether what follows the verb is another thing than our event: "attend the launch", "come to Geneva"."""
    tokens, pack = here.tokens, reader.pack
    at = head.end
    while at < len(tokens) and not here.covered[at] and pack.longest("object", tokens, at):
        at += pack.longest("object", tokens, at)
    if at >= len(tokens) or not tokens[at].word or tokens[at].number is not None:
        return ""
    norm = tokens[at].norm
    if any(mark.meaning == "away" and mark.start == at for mark in here.marks.main) and at > head.end:
        return f"{SOMETHING_ELSE}: “{here.marks.words(head.start, at + 1)}”"
    if here.covered[at]:
        return _place_doubt(head, at, here, reader)
    if pack.has("places", norm) and at > head.end and norm not in reader.not_names:
        return f"it may be about another place: “{here.marks.words(head.start, at + 1)}”"
    named = any(p.who in {Who.NAMED, Who.SELF, Who.THEY} for m in here.mentions.at(at)[:1] for p in m.people)
    if norm in reader.not_names or here.marks.little(at) or named:
        return ""
    end = at + 1
    if han(norm):
        while end < len(tokens) and han(tokens[end].norm) and not here.covered[end]:
            end += 1
        if end - at < 2:
            return ""
    elif at == head.end and not (tokens[at].capital and not pack.knows(norm)):
        return ""
    return f"{SOMETHING_ELSE}: “{here.marks.words(head.start, end)}”"


def _place_doubt(head: Mark, at: int, here: Here, reader: Reader) -> str:
    """Whether another place stands behind the event: "attend the meeting in Geneva"."""
    tokens, pack = here.tokens, reader.pack
    while at < len(tokens) and here.covered[at]:
        at += 1
    if at + 1 >= len(tokens) or not pack.longest("object", tokens, at):
        return ""
    place = tokens[at + 1]
    if pack.has("places", place.norm) and place.norm not in reader.not_names:
        return f"it may be about another place: “{here.marks.words(head.start, at + 2)}”"
    return ""


def _other_day(here: Here, head: Mark, reader: Reader) -> str:
    """A day of the month that is not the event's, where the event's own is not named too."""
    tokens, event = here.tokens, reader.event
    days = range(event.starts.day, event.ends.day + 1) if event.ends.day >= event.starts.day else [event.starts.day]
    begin, end = here.marks.piece_of(head.start)
    other = ""
    for i in range(len(tokens)):
        day = _day_of_month(tokens, i, reader.pack) or _day_in_figures(tokens[i].norm, event.starts.month)
        if day in days:
            return ""
        if day and not other and begin <= i < end:
            other = here.marks.words(i, i + 1)
    if other:
        return f"it names another day: “{other}”"
    if here.marks.has("time") or here.marks.has("event"):
        return ""
    month = next(
        (i for i in range(begin, end) if reader.pack.has("months", tokens[i].norm) and not here.covered[i]), -1
    )
    return f"it names another month: “{here.marks.words(month, month + 1)}”" if month >= 0 else ""


def _day_in_figures(norm: str, month: int) -> int:
    """21 for "21/9", "9/21/2016" and "21.9.2016" in September, -1 for another month's day; 0 for anything else."""
    sign = "/" if "/" in norm else "."
    parts = norm.split(sign)
    if not 2 + (sign == ".") <= len(parts) <= 3 or not all(part.isdecimal() and len(part) <= 4 for part in parts):
        return 0
    one, two = int(parts[0]), int(parts[1])
    if two == month and 1 <= one <= 31:
        return one
    if one == month and 1 <= two <= 31:
        return two
    return -1 if 1 <= one <= 31 and 1 <= two <= 12 else 0


def _day_of_month(tokens: Sequence[Token], at: int, pack: Pack) -> int:
    """21 for "21st", "21 September", "September 21", "21日"; 0 for anything else."""
    norm = tokens[at].norm
    ending = norm.lstrip("0123456789")
    digits = norm[: len(norm) - len(ending)]
    if not digits.isdecimal() or len(digits) > 2 or not 1 <= int(digits) <= 31:
        return 0
    if ending:
        return int(digits) if ending in pack.words["day_endings"] else 0
    after = tokens[at + 1].norm if at + 1 < len(tokens) else ""
    if after in pack.words["day_endings"]:
        return int(digits)
    before = tokens[at - 1].norm if at else ""
    if before in pack.words["day_beginnings"] and after not in pack.words["hours"]:
        return int(digits)
    beside = {tokens[i].norm for i in (at - 2, at - 1, at + 1, at + 2) if 0 <= i < len(tokens)}
    return int(digits) if beside & pack.words["months"] else 0


# --------------------------------------------------------------------------- beside the answer


def _beside(reader: Reader, here: Here) -> None:
    """Who comes along, needs, questions, courtesies."""
    tokens = here.tokens
    for mark in (*here.marks.main, *here.marks.beside, *here.marks.facts):
        meaning = mark.meaning
        if meaning == "introduces" and mark.who is not None:
            introduced = here.mentions.between(*mark.who)
            reader.introduced = (
                reader.introduced or next((p.name for p in introduced.people if p.name), "") if introduced else ""
            )
            here.used.add(mark)
        if meaning not in {*BESIDE, *FACTS, "logistics", "receipt", "courtesy", "ask", "special"}:
            continue
        people: tuple[Person, ...] = ()
        if mark.who is not None:
            mention = here.mentions.between(*mark.who)
            people = _resolved(mention.people, tokens[mention.start].start, reader) if mention else ()
        if meaning == "courtesy":
            before = _mention_ending(mark.start, here)
            people = before.people if before else people
            here.cover(before.start if before else mark.start, mark.start)
        here.built.append(
            Clause(
                meaning=meaning,
                start=tokens[mark.start].start,
                end=tokens[mark.end - 1].end,
                words=reader.text[tokens[mark.start].start : tokens[mark.end - 1].end],
                sentence=here.index,
                people=people,
                number=mark.number if mark.number is not None else _number_within(mark, here, reader.pack),
                value=mark.rule.value,
                asked=here.question,
            )
        )
        here.used.add(mark)


def _number_within(mark: Mark, here: Here, pack: Pack) -> int | None:
    """The number in a phrase such as "втроём", "both of us"."""
    if mark.meaning not in {"count", "more", "together"}:
        return None
    for at in range(mark.start, mark.end):
        end, value = number_at(here.tokens, at, pack)
        if end > at and value > 1:
            return value
    return 1 if mark.meaning == "more" else 2


def _take_names(reader: Reader, here: Here) -> None:
    """The names of a list: a line of its own, or behind a colon or an answer."""
    speaks = {"yes", "wish", "maybe", "substitute", "count", "list", "only", "together", "more", "bring"}
    ends = [c.end for c in here.built if c.meaning in speaks]
    if all(c.meaning in {*FACTS, "courtesy"} for c in here.built) and not here.used:
        reader.listed.extend(_listed(here, reader, here.begin, whole=True))
    elif ends:
        last = max(ends)
        after = next((i for i, t in enumerate(here.tokens) if t.norm == ":" and t.end >= last), None)
        listing = next((c for c in here.built if c.meaning == "list" and c.end == last), None)
        if after is None and listing is not None:
            after = next((i for i, t in enumerate(here.tokens) if t.start >= last), len(here.tokens)) - 1
        if after is None:
            after = next((i for i, t in enumerate(here.tokens) if t.start >= last), len(here.tokens))
            if after < len(here.tokens) and here.tokens[after].norm not in ",-(":
                return
        reader.listed.extend(_listed(here, reader, after + 1, whole=False))


def _listed(here: Here, reader: Reader, start: int, whole: bool) -> list[Person]:
    """The people of a list of names that begins at a token. `whole`: nothing else may stand in the sentence."""
    tokens, pack = here.tokens, reader.pack
    while start < len(tokens) and (not tokens[start].word or tokens[start].number is not None):
        start += 1
    people: list[Person] = []
    i, end = start, start
    while i < len(tokens):
        found = here.mentions.expected(i)
        named = found and any(p.who in {Who.NAMED, Who.SELF} for p in found[0].people)
        line = (
            here.mentions.han_name_line(i)
            if not named and han(tokens[i].norm) and (start == i or not tokens[i - 1].word or tokens[i].space)
            else i
        )
        if line > i:
            people.append(Person(Who.NAMED, name=reader.text[tokens[i].start : tokens[line - 1].end]))
            i = end = here.mentions.tail(line)
        elif named and not here.covered[i]:
            people.extend(p for p in found[0].people if p.who in {Who.NAMED, Who.SELF})
            i = end = found[0].end
        elif (
            not tokens[i].word
            or tokens[i].number is not None
            or pack.has("and", tokens[i].norm)
            or (whole and here.covered[i])
        ):
            i += 1
        else:
            break
    own = [p for p in people if p.name and same_person(p.name, reader.writer.name)]
    if own:  # "Maricruz Obando, Heredia"
        people = [p for p in people if p in own or len(name_words(p.name)) > 1 or p.who is not Who.NAMED]
    if whole:
        if i < len(tokens) and not any(p.who is Who.NAMED for p in people):
            return []
        if (
            i < len(tokens)
            and any(
                tokens[k].word and not tokens[k].capital and not here.marks.little(k) and not here.covered[k]
                for k in range(i, len(tokens))
            )
            and not here.bullet
        ):
            return []
        if len(people) == 1 and len(name_words(people[0].name)) == 1 and not here.bullet:
            return []  # one word is as easily a farewell, a degree or slang
    if not people:
        return []
    here.cover(start, len(tokens) if whole else end)
    return people


__all__ = ["event_words", "parse"]
