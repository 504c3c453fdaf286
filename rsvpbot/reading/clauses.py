"""Clause by clause: what each part of a message is taken for, who is meant, and what was left over.

What is said of coming is composed as it is in speech. A *head* is a word of coming or a phrase that says it all; the
*modifiers* about it (not, able, fail, would like, perhaps, if …) turn it: an odd number of denials is a no, an even
one a yes ("could not fail to come"), a hope or a condition makes it a perhaps. The rules know no language; the words
come from a pack.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import accumulate, takewhile

from rsvpbot.model import Event
from rsvpbot.reading.choices import open_choices
from rsvpbot.reading.doer import doer_of, me, mention_ending, mention_in, resolved
from rsvpbot.reading.elsewhere import (
    ANOTHER_DAY,
    a_single_other_day,
    another_time,
    names_a_day,
    object_doubt,
    other_day,
)
from rsvpbot.reading.instead import substitution, with_places
from rsvpbot.reading.leftover import Rest, left_of
from rsvpbot.reading.listed import of_the_list, take_names
from rsvpbot.reading.marks import bare_answer, marks_of
from rsvpbot.reading.misspelt import strange_word
from rsvpbot.reading.names import han, name_words
from rsvpbot.reading.pack import ANSWERS, BESIDE, FACTS, INSTEAD, VERBS, Pack
from rsvpbot.reading.people import SOMEBODY, Mention, Mentions, Person, Who, number_at
from rsvpbot.reading.phrases import Mark
from rsvpbot.reading.said import DAY_BEFORE, STANCES, Clause, Left, Parsed, Writer
from rsvpbot.reading.sentence import Here, Reader
from rsvpbot.reading.several import one_or_other, some_of_several
from rsvpbot.reading.signoff import greeting_end, is_closing, without_sign_off
from rsvpbot.reading.spelled import in_known_spelling, parted_by_space
from rsvpbot.reading.stance import DENIALS, FAR, HEDGES, assigned, denials_of, denied_from_afar, stance_of, supposed
from rsvpbot.reading.strangers import strangers
from rsvpbot.reading.tokens import LONGEST, MOST_TOKENS, Sentence, Token, fold, sentences, tokenize

HEADS = ANSWERS | VERBS | INSTEAD
SUPPORT = frozenset({"will", "can", "glad", "confirm", "want", "would", "not", "cannot"})
"""With one of these a bare word of coming says that somebody comes: "will attend", not "attend"."""

SAID_OF_PRESENCE = frozenset({"confirm", "glad", "not", "cannot", "want", "fail"})
"""The same of a noun of coming: "confirm my attendance"."""

ELLIPTICAL = frozenset({"not", "cannot", "can", "will"})
BESIDE_ELLIPTICAL = ELLIPTICAL | HEDGES | {"regret", "time", "event", "aside", "glad", "away", "courtesy"}
"""What may stand beside "I can't" without changing it."""

TOLD = frozenset({*BESIDE, *FACTS, "logistics", "receipt", "courtesy", "ask", "special"})
MOST_SENTENCES = 80
MOST_READ = 700
"""So many sentences are read, and so many words and signs; a letter that goes on longer is said to (see `weigh`)."""

ABOUT_SOMETHING = 2
"""So many words with content that nothing accounts for may make a sentence one about something else."""

A_STORY = 4
"""So many surely do."""

WORDS_OF_A_STORY = 8
"""And so many of any kind."""

WORDS_BEFORE_IT = 3
"""Behind so many words of a question the word that asks has come: "at what time", "до какого часа"."""

WORDS_BEFORE_A_NEED = 3
"""Little words between "I do not need" and what one does not need."""

NEAR_A_NEED = 12
"""Words around a need among which it may be said that one can do without."""

MOST_IN_LABEL = 6
MOST_FILLED_IN = 5
"""Words of a question, and of the answer, in a numbered form."""

_BODIES_OF_COUNTRIES = frozenset({
    "mission", "embassy", "consulate", "government", "republic", "kingdom", "permanente", "embajada", "consulado",
    "gobierno", "república", "reino", "ambassade", "consulat", "gouvernement", "république", "royaume", "embaixada",
    "missão", "governo",
})  # fmt: skip
_OF_A_COUNTRY = frozenset({"of", "de", "del", "du", "da", "do"})
"""As senders are called ("Embassy of Kestovia"), whatever the language of the letter."""

FEW_FILLED_IN = 2
"""Words of an answer where nothing else shows that it is a form."""


def parse(text: str, pack: Pack, event: Event, writer: Writer) -> Parsed:
    """Read a text clause by clause. Pure; never raises on any text."""
    names = writer.known_words | name_words(writer.name)
    whole = sentences(text, pack.spelling, MOST_READ + MOST_TOKENS)
    before = accumulate((len(s.tokens) for s in whole), initial=0)
    found = [s for s, count in zip(whole[:MOST_SENTENCES], before, strict=False) if count + len(s.tokens) <= MOST_READ]
    behind = text[whole[-1].end : LONGEST] if whole else ""
    cut = len(found) < len(whole) or any(map(str.isalnum, behind))
    found = [_as_written(s, text, pack, names) for s in found]
    found = [s for i, s in enumerate(found) if not (i and _only_tag(s, pack))]
    found = _answered_at_once(found, text)
    body, sign_off, lines = without_sign_off(found, text, pack, writer)
    reader = Reader(
        pack=pack,
        event=event,
        writer=writer,
        text=text,
        not_names=event_words(event) | pack.words["never_names"],
        event_words=event_words(event),
        lower_case=sum(map(str.isupper, text[:LONGEST])) * 40 < len(text[:LONGEST]),
        known=frozenset(word for word in names | name_words(sign_off) if len(word) > 1 or han(word)),
    )
    for i, sentence in enumerate(body):
        _read_sentence(reader, sentence, i)
    return Parsed(
        tuple(of_the_list(_with_names(clause, reader), reader) for clause in reader.clauses),
        tuple(reader.left),
        sign_off,
        lines,
        tuple(reader.listed),
        frozenset(reader.regrets),
        reader.introduced,
        cut,
        tuple(reader.unheard),
        tuple(reader.choices),
    )


def _with_names(clause: Clause, reader: Reader) -> Clause:
    """ "The Mayor will attend", where the letter speaks of Mayor Jane Roe elsewhere, and of no other mayor."""
    if clause.meaning == "courtesy":
        return clause
    people = tuple(_named(person, reader) for person in clause.people)
    others = tuple(_named(person, reader) for person in clause.others)
    return (
        clause if (people, others) == (clause.people, clause.others) else replace(clause, people=people, others=others)
    )


def _named(person: Person, reader: Reader) -> Person:
    if _is_country(person, reader):
        return Person(Who.GROUP, role=person.name)
    named = (p for _, p in reader.mentioned if p.who is Who.NAMED)
    if person.who is Who.NAMED:
        words = name_words(person.name)
        found = {p.name: p for p in named if words < name_words(p.name)}
    elif (
        person.who is Who.ROLE
        and person.count == 1
        and person.role
        and reader.pack.has("titles", person.role.split()[-1])
    ):
        found = {p.name: p for p in named if p.role in {person.role, person.role.split()[-1]}}
    else:
        return person
    return replace(person, name=next(iter(found))) if len(found) == 1 else person


def _is_country(person: Person, reader: Reader) -> bool:
    """ "Kestovia will attend", writes the Permanent Mission of Kestovia; "Kestovia will attend with the following
    delegation": one word, without a title, that is no person's name."""
    name = person.name
    if person.who is not Who.NAMED or person.role or not name or " " in name or han(name[:1]):
        return False
    if reader.writer.organisation and _of_the_country(reader.writer.office, name, reader.pack):
        return True
    lists = (fold(c.words).split() for c in reader.clauses if c.meaning in {"list", "count"})
    return bool(reader.listed) and any(reader.pack.has("group", word) for words in lists for word in words)


def _of_the_country(office: str, name: str, pack: Pack) -> bool:
    """Whether an office is a country's: "Embassy of Kestovia", but not "Office of Marsh"."""
    words = office.casefold().split()
    at = next((i for i, word in enumerate(words) if word == name.casefold()), 0)
    of = at - 1 if at > 1 and words[at - 1] in _OF_A_COUNTRY else 0
    return of > 0 and words[of - 1] in _BODIES_OF_COUNTRIES


def _answered_at_once(found: Sequence[Sentence], text: str) -> list[Sentence]:
    """ "1. Will you attend? YES", "Will you attend?: yes": a question with its answer on the same line is a label of a
    form."""
    kept: list[Sentence] = []
    for sentence in found:
        before = kept[-1] if kept else None
        if before is not None and _is_label(before, text) and _fills_in(sentence, before, text):
            colon = () if _opens_with_colon(sentence) else (Token(":", before.end, before.end, False, False, False),)
            kept[-1] = replace(before, tokens=(*before.tokens, *colon, *sentence.tokens), question=False)
        else:
            kept.append(sentence)
    return kept


def _as_written(sentence: Sentence, text: str, pack: Pack, names: frozenset[str]) -> Sentence:
    """A sentence in the pack's spelling; a question only where it asks us something."""
    tokens = parted_by_space(in_known_spelling(sentence.tokens, pack, names), text)
    if sentence.question and _in_quotes(sentence, text):
        return replace(sentence, tokens=tokens, question=False)
    if tokens != sentence.tokens:
        sentence = replace(sentence, tokens=tokens)
    return _without_tag(sentence, pack)


def _without_tag(sentence: Sentence, pack: Pack) -> Sentence:
    """ "Ana Reis goes for me, ok?" asks nothing."""
    tokens = sentence.tokens
    comma = max((i for i, token in enumerate(tokens) if token.norm == ","), default=0)
    if not sentence.question or not comma or pack.longest("tags", tokens, comma + 1) != len(tokens) - comma - 1:
        return sentence
    if tokens[0].norm in pack.verbs:
        return sentence  # "May I come, ok?"
    return replace(sentence, tokens=tokens[:comma], question=False)


def _only_tag(sentence: Sentence, pack: Pack) -> bool:
    """The "¿vale?" of "No sé, ¿vale?"."""
    tokens = sentence.tokens
    return sentence.question and pack.longest("tags", tokens, 0) == len(tokens)


def _in_quotes(sentence: Sentence, text: str) -> bool:
    """ "My granddaughter said: «Who, if not you?» I shall come.": nobody asks us."""
    stop = text[sentence.end : sentence.end + 4].lstrip(" ?!\u00a0")[:1]
    words = text[sentence.start - 1 if sentence.start else 0 : sentence.end]
    return any(stop == closing and opening in words for opening, closing in ("«»", "“”", "„“", "「」"))


def _is_label(sentence: Sentence, text: str) -> bool:
    """Whether a question opens its line and is as short as the labels of a form."""
    line = text[text.rfind("\n", 0, sentence.start) + 1 : sentence.start]
    words = sum(token.word and token.number is None for token in sentence.tokens)
    return sentence.question and words <= MOST_IN_LABEL and not any(c.isalpha() for c in line)


def _fills_in(sentence: Sentence, label: Sentence, text: str) -> bool:
    """Whether a sentence is the short answer behind a label."""
    words = sum(token.word for token in sentence.tokens)
    form = label.bullet or text[label.start : label.start + 1].isdigit() or _opens_with_colon(sentence)
    most = MOST_FILLED_IN if form else FEW_FILLED_IN
    return not sentence.question and words <= most and "\n" not in text[label.end : sentence.start]


def _opens_with_colon(sentence: Sentence) -> bool:
    return bool(sentence.tokens) and sentence.tokens[0].norm == ":"


def event_words(event: Event) -> frozenset[str]:
    """The words of the event's own title and place: never a person's name."""
    venue = event.venue
    return _words_of(" ".join((event.title, venue.name, venue.floor, venue.address, venue.pass_name, venue.reception)))


@lru_cache(maxsize=8)
def _words_of(source: str) -> frozenset[str]:
    return frozenset(token.norm for token in tokenize(source) if token.word and len(token.norm) > 1)


# --------------------------------------------------------------------------- one sentence


def _read_sentence(reader: Reader, sentence: Sentence, index: int) -> None:
    pack, tokens = reader.pack, sentence.tokens
    begin = greeting_end(sentence, pack, reader.text)
    if begin >= len(tokens) or is_closing(sentence, pack):
        return
    label = _labelled(tokens, begin, pack)
    if label:
        reader.left.extend(_told_behind_a_label(reader, sentence, index, label))
        return
    before = len(reader.clauses), len(reader.left)
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
    reader.choices.extend(open_choices(here))
    _hear_of_people(reader, here)
    if any(mark.meaning == "regret" for mark in marks.main):
        reader.regrets.add(index)
    _answers(reader, here)
    _beside(reader, here)
    here.built += (*some_of_several(reader, here), *one_or_other(reader, here), *strangers(reader, here))
    here.built.sort(key=lambda clause: clause.start)
    reader.clauses.extend(here.built)
    take_names(reader, here)
    rest = Rest(
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
    reader.left.extend(left_of(rest))
    if (len(reader.clauses), len(reader.left)) == before and any(token.word for token in tokens[begin:]):
        reader.unheard.append(reader.text[tokens[begin].start : tokens[-1].end])


def _labelled(tokens: Sequence[Token], begin: int, pack: Pack) -> int:
    """ "Organisation: Freetown Network": what stands behind such a label is neither a name nor an answer. The token
    behind the colon; 0 where there is none."""
    end = begin + pack.longest("labels", tokens, begin)
    return end + 1 if begin < end < len(tokens) and tokens[end].norm == ":" else 0


def _told_behind_a_label(reader: Reader, sentence: Sentence, index: int, at: int) -> Iterator[Left]:
    """ "Reply: no": to what, nobody knows but a person."""
    answer = bare_answer(sentence.tokens, at, reader.pack)
    if answer:
        words = reader.text[sentence.start : sentence.end]
        yield Left(words, sentence.start, index, frozenset({answer}), length=1, content=0)


def _hear_of_people(reader: Reader, here: Here) -> None:
    """Note who is spoken of, for the pronouns that follow."""
    for mention in here.mentions.all():
        start, end = mention.start, mention.end
        here.spoken[start:end] = [True] * (end - start)
        object_form = reader.pack.has("objects", here.tokens[start].norm) and bool(reader.mentioned)
        if not object_form and not _is_place(mention, reader, here):
            reader.mentioned.extend((here.tokens[start].start, person) for person in mention.people)


def _is_place(mention: Mention, reader: Reader, here: Here) -> bool:
    """ "of Nauru", "República de San Lázaro": a country and no person."""
    start = mention.start
    if start <= here.begin or not reader.pack.has("of", here.tokens[start - 1].norm):
        return False
    if mention.end - start == 1:
        return True
    bare = len(mention.people) == 1 and mention.people[0].who is Who.NAMED and not mention.people[0].role
    return bare and start > here.begin + 1 and here.tokens[start - 2].capital


# --------------------------------------------------------------------------- the answers


def _answers(reader: Reader, here: Here) -> None:
    """The clauses that answer: every head with its modifiers, and modifiers that stand for one ("I can't")."""
    heads = [mark for mark in here.marks.main if mark.meaning in HEADS]
    elsewhere = {mark for mark in heads if _answers_something_else(mark, heads, here)}
    here.used.update(elsewhere)
    heads = [mark for mark in heads if mark not in elsewhere]
    heads = [mark for mark in heads if mark.meaning != "stands_in" or not _refused(mark, heads)]
    modifiers = assigned(heads, here, reader.pack)
    only_supposed = supposed(heads, here)
    after = here.begin
    for order, head in enumerate(heads):
        own = modifiers.get(order, [])
        if order in only_supposed:
            here.used.update((head, *own))
            continue
        make = substitution if head.meaning in INSTEAD else _clause
        clause = make(reader, here, head, own, after)
        after = head.end
        if clause is not None:
            here.used.add(head)
            here.used.update(own)
            here.built.append(clause)
    _elliptical(reader, here, heads)
    with_places(reader, here)


def _bare(word: str, here: Here) -> bool:
    return here.marks.pack.has("bare", word) or here.marks.pack.has("fill", word)


def _refused(mark: Mark, heads: Sequence[Mark]) -> bool:
    """ "nobody can | stand in for me": what the phrase right before it says of it."""
    return any(head.meaning == "no" and head.end == mark.start for head in heads)


def _answers_something_else(mark: Mark, heads: Sequence[Mark], here: Here) -> bool:
    """ "Yes, I got your invitation": a bare word before a comma, where what follows speaks of its own."""
    end = mark.end
    if not mark.rule.alone or end >= len(here.tokens) or here.tokens[end].norm != ",":
        return False
    known = bool(here.marks.pack.words["bare"]) or mark.end - mark.start > 1
    if known and not all(_bare(t.norm, here) for t in here.tokens[mark.start : mark.end]):
        return False  # "I'll be there, and I don't eat pork"
    if any(other.start > end for other in heads):
        return False
    if any(m.meaning == "receipt" and m.start > end for m in here.marks.main):
        return True
    if any(m.start > end and m.meaning in {"count", "more", "bring", "list"} for m in here.marks.beside):
        return False  # "yes please, four places for us: me and three colleagues"
    rest = range(end + 1, len(here.tokens))
    pronoun = any(here.marks.pack.longest(name, here.tokens, i) for i in rest for name in ("self", "they"))
    facts = any(m.start > end for m in here.marks.facts)
    return pronoun and (facts or here.loose(end, len(here.tokens)) > 0)


def _clause(reader: Reader, here: Here, head: Mark, own: Sequence[Mark], after: int) -> Clause | None:
    """One head with what is said of it and who does it; None where it says nothing of coming."""
    meaning = head.meaning
    stance, doubt = stance_of(head, own, here)
    if stance == "no" and meaning in VERBS and here.marks.follows(head.end, "only"):
        stance = "yes"  # "I will not come alone"
    if not stance:
        return None
    doer = doer_of(reader, here, head, own, after)
    if not doer.people:
        return None
    if here.question and not _said_in_a_question(head, here):
        if meaning in VERBS or meaning == "yes":
            return None
        return here.made(head, stance, doer.people, doer.start, reader.text, asked=True)
    if meaning in VERBS and not _supported(head, own, doer.elided, here):
        return None
    if meaning == "away" and doer.elided and _of_a_thing(head, here):
        return None  # "crutches stay at home"
    elsewhen = stance == "no" and other_day(here, head, reader).startswith((ANOTHER_DAY, DAY_BEFORE))
    if elsewhen and meaning in VERBS | {"no"} and not names_a_day(here, head, reader):
        here.refused_another_day = True
        return None  # "on the 21st I cannot come"
    if meaning in VERBS | {"yes"} and stance in {"yes", "wish", "no"}:
        doubt = doubt or object_doubt(head, here, reader)
    if stance == "no" and meaning in VERBS and here.marks.follows(head.end, "bring"):
        doubt = doubt or f"not together, or not at all: “{here.marks.words(head.start, head.end + 1)} …”"
    if stance in {"yes", "wish"}:
        doubt = doubt or denied_from_afar(head, own, here)
    if stance in {"yes", "wish", "no"}:
        doubt = doubt or doer.doubt
    if stance in {"yes", "wish"}:
        doubt = doubt or strange_word(head, own, doer, here, reader)
        day = other_day(here, head, reader)
        booked = meaning == "yes" and day.startswith(DAY_BEFORE)  # "my flight is on the 17th"
        doubt = doubt or ("" if booked else day) or ("" if here.marks.dated else another_time(here, head, reader))
    if stance == "maybe":
        doubt = doubt or _hangs_otherwise(head, own, here)
    people: tuple[Person, ...] = (SOMEBODY,) if meaning == "away" and doer.doubt else doer.people
    start = min((doer.start, head.start, *(mark.start for mark in own)))
    clause = here.made(head, stance, people, start, reader.text)
    intended = meaning in VERBS and any(mark.meaning in SUPPORT for mark in own)
    value = _value(head, here)
    why_not_then = here.refused_another_day and not here.marks.dated  # "on the 13th I cannot come, I have a hearing"
    if meaning == "away" and (why_not_then or a_single_other_day(here, head, reader)):
        value = "another day"
    return replace(clause, doubt=doubt, elided=doer.elided and not intended, value=value)


def _of_a_thing(head: Mark, here: Here) -> bool:
    """Whether a need, which is no person, stands right before a verb that nobody else does."""
    at = head.start - 1
    same = at >= here.marks.piece_of(head.start)[0]
    return same and any(mark.start <= at < mark.end for mark in here.marks.facts)


def _hangs_otherwise(head: Mark, own: Sequence[Mark], here: Here) -> str:
    """What a firm yes does not plainly hang on: a condition in the middle of what else is told ("…, into Penn at noon
    if the signals behave"), or one that only supposes it ("if I come, my mother will never forgive me")."""
    conditions = [mark for mark in own if mark.meaning == "if"]
    if not conditions or stance_of(head, [mark for mark in own if mark.meaning != "if"], here)[0] != "yes":
        return ""
    for mark in conditions:
        begin, end = here.marks.piece_of(mark.start)
        apart = head.end <= begin and not here.marks.little_between(begin, mark.start)
        supposed = mark.end <= head.start < end and here.marks.little_between(mark.end, head.start)
        if apart or (supposed and here.loose(end, len(here.tokens)) > 1):
            return f"it is not clear what hangs on it: “{here.marks.words(mark.start, end)}”"
    return ""


def _value(head: Mark, here: Here) -> str:
    """Of what keeps one away whether it is then, or stands behind a "but"; of a coming whether a "but" opens its
    sentence; of an answer taken back whether it was an earlier letter's; of a no whether it is mere regret."""
    if head.meaning == "away":
        if here.marks.dated or _declines_politely(head, here):
            return "then"
        turns = (m for m in here.marks.main if m.meaning == "but" and m.end <= head.start)
        return "but" if any(here.marks.little_between(m.end, head.start) for m in turns) else ""
    if head.meaning in VERBS | {"yes"}:
        opening = (m for m in here.marks.main if m.meaning == "but" and m.end <= head.start)
        return "but" if any(here.marks.filled(here.begin, m.start) for m in opening) else ""
    return head.rule.value if head.meaning in {"withdraw", "no"} else ""


def _declines_politely(head: Mark, here: Here) -> bool:
    """ "It is very kind of you, but I am travelling"."""
    turn = next((m for m in here.marks.main if m.meaning == "but" and m.end <= head.start), None)
    polite = {"courtesy", "glad", "want"}
    return turn is not None and any(m.meaning in polite and m.end <= turn.start for m in here.marks.main)


def _said_in_a_question(head: Mark, here: Here) -> bool:
    """ "Could you put me down?", "Can I let you know next week?", "Would I have missed it?"."""
    if head.rule.whole or head.rule.value == "rhetorical":
        return True  # "How could I say no?"
    if head.meaning in {"maybe", "promise", "missed"} or _before_the_question(head, here):
        return True
    return head.meaning in {"yes", "no"} and any(m.meaning == "ask" and m.start < head.start for m in here.marks.main)


def _before_the_question(head: Mark, here: Here) -> bool:
    """ "I cannot travel, could I follow online?": said in a piece of its own, before what is asked."""
    marks = here.marks
    asked = next((m.start for m in marks.main if m.meaning in {"ask", "logistics", "special"}), None)
    if asked is not None and head.end <= marks.piece_of(asked)[0]:
        return True
    return marks.pack.near and marks.piece_of(head.start)[1] < marks.piece_of(len(here.tokens) - 1)[0]


def _supported(head: Mark, own: Sequence[Mark], elided: bool, here: Here) -> bool:
    """Whether a word of coming says that somebody comes, or does not; perhaps needs no more."""
    kinds = {mark.meaning for mark in own}
    if stance_of(head, own, here)[0] not in {"yes", "wish", "no"}:
        return True
    if head.meaning == "presence":
        return bool(kinds & SAID_OF_PRESENCE)
    if kinds & SUPPORT or head.rule.person or not elided:
        return True
    return here.marks.pack.bare_infinitive and _opens(head, here)


def _opens(head: Mark, here: Here) -> bool:
    """Whether the head opens its piece: "Attending with pleasure"."""
    start = head.start
    while start > here.begin and here.marks.pack.has("fill", here.tokens[start - 1].norm):
        start -= 1
    return start == here.begin or here.marks.bounded(start - 1, start) or here.tokens[start - 1].norm == ","


def _elliptical(reader: Reader, here: Here, heads: Sequence[Mark]) -> None:
    """ "I can't, sorry." "Paul cannot; I can." "He comes, I don't." A modifier that no head took, and nothing more."""
    if here.question:
        return
    _wishes(reader, here, heads)
    free = [mark for mark in here.marks.main if mark.meaning in ELLIPTICAL and mark not in here.used]
    for group in here.marks.by_piece(free):
        first, last = group[0].start, group[-1].end
        begin, end = here.marks.piece_of(first)
        if any(begin <= head.start < end and head.meaning != "away" for head in heads):
            continue
        subject = mention_in(begin, first, here) or _before_the_comma(begin, first, here)
        person = next((mark.rule.person for mark in group if mark.rule.person in {"i", "we"}), "")
        impersonal = any(mark.meaning == "cannot" for mark in group)  # "К сожалению, не получится"
        if subject is None and not person and not impersonal:
            continue
        if subject and all(mark.rule.person == "they" for mark in group) and _only_self(subject):
            continue  # "dès qu'elle nous sera parvenue"
        spoken = range(subject.start, subject.end) if subject else range(0)
        goes_on = any(m.start == last and m.meaning in {"courtesy", "aside"} for m in here.marks.main)
        if goes_on or _says_more(begin, end, spoken, here):
            continue  # "I'll come back to you"
        people: tuple[Person, ...] = (me(person or "i", reader),)
        if subject:
            people = resolved(subject.people, here.tokens[subject.start].start, reader)
        start = min(first, subject.start) if subject else first
        stance = "no" if denials_of(group) % 2 == 1 else "yes"
        hedges = [m for m in here.marks.main if m.meaning in HEDGES and m not in here.used]
        if any(not here.marks.bounded(min(m.end, last), max(m.start, first)) for m in hedges):
            stance = "maybe"  # "not sure that I can"
        here.used.update(group)
        here.built.append(here.made(Mark(group[-1].rule, first, last), stance, people, start, reader.text))


def _only_self(mention: Mention) -> bool:
    return all(person.who is Who.SELF for person in mention.people)


def _before_the_comma(begin: int, first: int, here: Here) -> Mention | None:
    """ "Pavel Novak, our legal adviser, will": whoever stands before the comma that opens an empty piece."""
    if begin == first and begin > here.begin + 1 and here.tokens[begin - 1].norm == ",":
        return mention_ending(begin - 1, here)
    return None


def _wishes(reader: Reader, here: Here, heads: Sequence[Mark]) -> None:
    """ "I would love to, but …": a wish with nothing of what is wished."""
    free = [m for m in here.marks.main if m.meaning in {"want", "would", "glad"} and m not in here.used]
    for group in here.marks.by_piece(free):
        kinds = {mark.meaning for mark in group}
        person = next((mark.rule.person for mark in group if mark.rule.person in {"i", "we"}), "")
        begin, end = here.marks.piece_of(group[0].start)
        others = any(begin <= m.start < end and m not in group and m.meaning != "ordinary" for m in here.marks.all())
        if not person or others or not ("want" in kinds or kinds >= {"would", "glad"}):
            continue
        subject = mention_in(begin, group[0].start, here)
        spoken = range(subject.start, subject.end) if subject else range(0)
        if not _says_more(begin, end, spoken, here, beside=frozenset({"want", "would", "glad", "ordinary"})):
            here.used.update(group)
            head = Mark(group[-1].rule, group[0].start, group[-1].end)
            here.built.append(here.made(head, "wish", (me(person, reader),), group[0].start, reader.text))


def _says_more(begin: int, end: int, spoken: range, here: Here, beside: frozenset[str] = BESIDE_ELLIPTICAL) -> bool:
    """Whether a piece holds more than "I can't"."""
    words = any(
        not here.covered[i]
        and here.tokens[i].word
        and i not in spoken
        and not here.marks.pack.longest("fill", here.tokens, i)
        for i in range(begin, end)
    )
    return words or any(begin <= mark.start < end and mark.meaning not in beside for mark in here.marks.all())


# --------------------------------------------------------------------------- beside the answer


def _beside(reader: Reader, here: Here) -> None:
    """Who comes along, needs, questions, courtesies."""
    for mark in here.marks.all():
        people: tuple[Person, ...] = ()
        if mark.who is not None:
            mention = here.mentions.between(*mark.who)
            people = resolved(mention.people, here.tokens[mention.start].start, reader) if mention else ()
        if mark.meaning == "introduces":
            reader.introduced = reader.introduced or next((p.name for p in people if p.name), "")
            here.used.add(mark)
        if mark.meaning == "only" and _denied(mark, here):
            here.used.add(mark)
            here.built.append(here.made(mark, "company", (), mark.start, reader.text))
            continue
        if mark.meaning == "bring" and mark.rule.value == "comes" and not here.question:
            doer = doer_of(reader, here, mark._replace(who=None), (), here.begin)
            own = reader.pack.longest("self", here.tokens, mark.start)  # "我和同事叶知秋两个人确定出席"
            i = Person(Who.SELF, role=" ".join(t.norm for t in here.tokens[mark.start : mark.start + own]))
            comes = (i,) if own and doer.elided else doer.people
            here.built.append(here.made(mark, "yes", comes, doer.start, reader.text))
        if mark.meaning not in TOLD or (mark.meaning == "bring" and people and all(p.who is Who.SELF for p in people)):
            continue
        start = mark.start
        if mark.meaning == "bring" and mark.who is not None:  # "Ana Lopez will be accompanied by …"
            before = mention_ending(mark.start, here)
            if before and all(p.who is Who.NAMED for p in before.people) and not here.covered[before.start]:
                people = (*before.people, *people)
                here.cover(before.start, before.end)
        if mark.meaning == "courtesy":  # "Ambassador Marsh thanks you"
            before = mention_ending(mark.start, here)
            if before and not _is_place(before, reader, here):
                people = before.people
                here.cover(before.start, mark.start)
        number = mark.number if mark.number is not None else _number_within(mark, here, reader.pack)
        value = _value_of_fact(mark, here)
        if value == "invited":
            number = None  # "of the two whom you invited": so many were asked
        if mark.meaning in FACTS and (not value or _only_asked_about(mark, here)):
            here.used.add(mark)
            continue
        about = _about_something(mark, here)
        if about >= A_STORY:
            here.used.add(mark)  # "my son spent 41 days in a detention centre with my sister"
            continue
        asked = (here.question and not _told_before(mark, here)) or _asked_without_a_mark(mark, here)
        if mark.meaning == "pass" and not people:
            people = _holder(mark, reader, here)
        clause = here.made(mark, mark.meaning, people, start, reader.text, asked=asked)
        along = f"whether they come is not clear: “{here.marks.words(mark.start, mark.end)}”"
        doubt = along if about >= ABOUT_SOMETHING else ""
        here.built.append(replace(clause, number=number, value=value, doubt=doubt))
        here.used.add(mark)


def _told_before(mark: Mark, here: Here) -> bool:
    """ "I use a wheelchair; is there a ramp?": a need that is told in a piece of its own before what is asked; or right
    before the tag that ends the question ("I'm vegan ok?")."""
    if mark.meaning not in FACTS:
        return False
    pack, tokens = here.marks.pack, here.tokens
    if 0 < len(tokens) - mark.end == pack.longest("tags", tokens, mark.end):
        return True
    begin, end = here.marks.piece_of(mark.start)
    if end >= here.marks.piece_of(len(tokens) - 1)[0]:
        return False
    while begin < mark.start and (pack.has("fill", tokens[begin].norm) or pack.longest("turn", tokens, begin)):
        begin += 1
    return begin == mark.start or pack.longest("self", tokens, begin) > 0 or _before_the_question(mark, here)


def _holder(mark: Mark, reader: Reader, here: Here) -> tuple[Person, ...]:
    """Who is said to hold a pass, where it is somebody spoken of in its own piece: "my driver has one", "Ana Lopez, who
    has one". Nobody else than who writes where that is not said."""
    pack, tokens = here.marks.pack, here.tokens
    begin, _ = here.marks.piece_of(mark.start)
    before = range(begin, mark.start)
    if any(pack.longest(name, tokens, i) for name in ("i", "we", "both") for i in before):
        return ()
    mention = next((m for m in here.mentions.all() if m.start in before and m.end <= mark.start), None)
    if mention is not None:
        return resolved(mention.people, tokens[mention.start].start, reader)
    named = [p for _, p in reader.mentioned if p.who is Who.NAMED]
    called = [p for p in named if any(tokens[i].capital and tokens[i].norm in name_words(p.name) for i in before)]
    related = begin > here.begin and any(pack.longest("who", tokens, i) for i in (begin - 1, *before))
    return tuple(called[-1:]) or ((SOMEBODY,) if related else ())


def _asked_without_a_mark(mark: Mark, here: Here) -> bool:
    """ "what time does it start", "can you send me the address": many write no question mark. In Chinese the word that
    asks stands anywhere; else it begins the sentence, or a request does ("I know where the lift is" asks nothing)."""
    if mark.meaning != "logistics" or any(clause.meaning in STANCES for clause in here.built):
        return False
    tokens, pack = here.tokens, here.marks.pack
    if any(m.meaning == "ask" and m.start <= mark.start and _only_fill(here, m.start) for m in here.marks.all()):
        return True
    asking = range(
        mark.start, mark.end if han(tokens[mark.start].norm) else min(mark.end, mark.start + WORDS_BEFORE_IT)
    )
    words = any(pack.longest("questions", tokens, i) for i in asking)
    return words and (han(tokens[mark.start].norm) or _only_fill(here, mark.start))


def _only_fill(here: Here, until: int) -> bool:
    """Whether nothing but small words, thanks and stops stand before a token."""
    thanks = [m for m in here.marks.all() if m.meaning in {"courtesy", "regret"} and m.end <= until]
    said = {i for m in thanks for i in range(m.start, m.end)}
    return all(
        i in said or not here.tokens[i].word or here.marks.pack.has("fill", here.tokens[i].norm)
        for i in range(here.begin, until)
    )


def _about_something(mark: Mark, here: Here) -> int:
    """ "I wrote a book with Ana Reis", "two people died yesterday": where a sentence gives no answer, how many words
    with content that nothing accounts for stand beside a phrase of who comes along."""
    answered = any(clause.meaning in STANCES for clause in here.built)
    if mark.meaning not in {"bring", "more", "count"} or answered:
        return 0
    begin, end = here.marks.piece_of(mark.start)
    words = sum(here.tokens[i].word and not here.covered[i] for i in range(begin, end))
    return A_STORY if words >= WORDS_OF_A_STORY else here.loose(begin, mark.start) + here.loose(mark.end, end)


def _value_of_fact(mark: Mark, here: Here) -> str:
    """What a phrase of a need or a pass says: "none of us holds a pass" is a no, "neither of us is vegan" nothing."""
    value = mark.rule.value
    if mark.meaning in FACTS and mark.end < len(here.tokens) and here.tokens[mark.end].norm == ":":
        filled_in = bare_answer(here.tokens, mark.end + 1, here.marks.pack)
        if filled_in:
            yes = filled_in == "yes"  # "Do you hold a grounds pass: N"
            return filled_in if mark.meaning == "pass" else value if yes else ""
    if mark.meaning not in FACTS or value in {"no", "none"}:
        return value
    if mark.meaning != "pass" and _is_unneeded(mark, here):
        return ""
    begin, _ = here.marks.piece_of(mark.start)
    denials = [
        m for m in here.marks.main if m.meaning == "not" and m not in here.used and begin <= m.start < mark.start
    ]
    if not denials or here.loose(denials[-1].end, mark.start) > FAR:
        return value
    here.used.update(denials)
    return "no" if mark.meaning == "pass" else ""


def _is_unneeded(mark: Mark, here: Here) -> bool:
    """ "I no longer need a wheelchair", "the ramp is not needed", "I asked for a wheelchair; I no longer need it":
    whether it is said right before a need that one can do without, or behind it and of nothing else ("I use a
    wheelchair; I do not need an escort")."""
    pack, tokens, marks = here.marks.pack, here.tokens, here.marks
    uncovered = [False] * len(tokens)
    for at in range(max(here.begin, mark.start - NEAR_A_NEED), min(len(tokens), mark.end + NEAR_A_NEED)):
        end = at + pack.longest("unneeded", tokens, at)
        if at < end <= mark.start:
            between = tokens[end : mark.start]
            at_once = all(token.word for token in between) and len(between) <= WORDS_BEFORE_A_NEED
            if at_once and not marks.weight(end, mark.start, uncovered):
                return True
        if mark.end <= at < end:
            begin = marks.piece_of(at)[0]
            of_it = marks.weight(max(begin, mark.end), at, uncovered) <= (begin <= mark.start)
            behind = [token.norm for token in takewhile(lambda token: token.word, tokens[end:])]
            if of_it and (not behind or (len(behind) == 1 and (pack.has("it", *behind) or pack.has("fill", *behind)))):
                return True
    return False


def _only_asked_about(mark: Mark, here: Here) -> bool:
    """ "Do I need an ID, if I have no grounds pass?": inside what our letters answer nobody says what they hold."""
    return mark.meaning == "pass" and any(
        m.meaning == "logistics" and m.start < mark.start and mark.end <= m.end for m in here.marks.main
    )


def _denied(mark: Mark, here: Here) -> bool:
    """ "I won't be coming alone"."""
    begin, _ = here.marks.piece_of(mark.start)
    if any(m.meaning in DENIALS and begin <= m.start < mark.start for m in here.marks.main):
        return True
    around = next((m for m in here.marks.main if m.start < mark.start and mark.end <= m.end), None)
    barrier = here.marks.pack.lexicon.barrier
    return around is not None and any(here.tokens[i].norm in barrier for i in range(around.start, mark.start))


def _number_within(mark: Mark, here: Here, pack: Pack) -> int | None:
    """The number in a phrase such as "втроём", "both of us"."""
    if mark.meaning not in {"count", "more", "together"}:
        return None
    for at in range(mark.start, mark.end):
        end, value = number_at(here.tokens, at, pack)
        if end > at and value > 1:
            return value
    return 1 if mark.meaning == "more" else 2


__all__ = ["event_words", "parse"]
