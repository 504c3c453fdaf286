"""Clause by clause: what each part of a message is taken for, who is meant, and what was left over.

A sentence is *accounted for* when its answer, names, needs, reasons and courtesies leave nothing of weight. What is
left over is kept, and `weigh` judges it against the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from rsvpbot.model import Event
from rsvpbot.reading.pack import ANSWERS, MEANINGS, PEOPLE, Pack, Rule
from rsvpbot.reading.people import (
    ME,
    SOMEBODY,
    Mention,
    Mentions,
    Person,
    Who,
    clean_name,
    name_words,
    number_at,
    title_at,
)
from rsvpbot.reading.phrases import Captures, Finder
from rsvpbot.reading.tokens import Sentence, Token, sentences, tokenize

FACTS = frozenset({"diet", "access", "pass"})
MOST_LISTED = 60
_ORDER = {meaning: i for i, meaning in enumerate((*MEANINGS, *PEOPLE, "diet", "access", "pass"))}


@dataclass(frozen=True, slots=True)
class Clause:
    """One thing that is said, and the words that say it."""

    meaning: str
    start: int
    """Offset in the text."""
    end: int
    words: str
    sentence: int
    people: tuple[Person, ...] = ()
    """Who does it."""
    others: tuple[Person, ...] = ()
    """Whom the phrase itself names ("represented by Jane Roe")."""
    number: int | None = None
    value: str = ""
    doubt: str = ""
    """Why it may not mean what it seems to; "" if nothing stands against it."""
    elided: bool = False
    """Said without a subject."""
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Left:
    """A sentence, or the part of it, that nothing accounts for."""

    words: str
    start: int
    sentence: int
    signs: frozenset[str]
    """What makes it weighty: "not", "if", "but", "unsure", "come", "ask", "weighty", "against_yes", "foreign",
    "question", "name"."""
    length: int
    """Words left over."""
    content: int
    """Those of them that are not ordinary little words."""


@dataclass(frozen=True, slots=True)
class Writer:
    """What is known of the writer before the text is read."""

    name: str = ""
    organisation: bool = False
    """The mail comes from an office's mailbox."""
    known_words: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Parsed:
    """A whole text."""

    clauses: tuple[Clause, ...]
    left: tuple[Left, ...]
    sign_off: str = ""
    """The name under the text."""
    sign_off_lines: tuple[str, ...] = ()
    listed: tuple[Person, ...] = ()
    """Names that stand on lines of their own."""
    regret: bool = False
    """A word of regret stands somewhere."""


@dataclass(slots=True)
class _Found:
    rule: Rule
    start: int
    end: int
    captures: Captures


@dataclass(slots=True)
class _Reader:
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
    met: set[frozenset[str]] = field(default_factory=set)
    """The words of each name that an answer or a list holds."""
    mentioned: list[tuple[int, Person]] = field(default_factory=list)
    """Everybody spoken of so far, with the place, for pronouns."""


def parse(text: str, pack: Pack, event: Event, writer: Writer = Writer()) -> Parsed:
    """Read a text clause by clause. Pure; never raises on any text."""
    found = [replace(s, tokens=_known_spelling(s.tokens, pack)) for s in sentences(text, pack.spelling)]
    body, sign_off, lines = _without_sign_off(found, text, pack, writer)
    signed = name_words(sign_off)
    reader = _Reader(
        pack=pack,
        event=event,
        writer=writer,
        text=text,
        not_names=event_words(event) | pack.words["never_names"],
        lower_case=sum(c.isupper() for c in text) * 40 < len(text),
        known=writer.known_words | name_words(writer.name) | signed,
    )
    for i, sentence in enumerate(body):
        _read_sentence(reader, sentence, i)
    regret = any(token.norm in pack.words["regret"] for sentence in body for token in sentence.tokens)
    return Parsed(tuple(reader.clauses), tuple(reader.left), sign_off, lines, tuple(reader.listed), regret)


def event_words(event: Event) -> frozenset[str]:
    """The words of the event's own title and place: never a person's name."""
    source = " ".join(
        (event.title, event.venue.name, event.venue.address, event.venue.pass_name, event.venue.reception)
    )
    return frozenset(token.norm for token in tokenize(source) if token.word and len(token.norm) > 1)


def _known_spelling(tokens: Sequence[Token], pack: Pack) -> tuple[Token, ...]:
    """Slips of the pen in key words set right."""
    slips = pack.typo_targets
    return tuple(
        replace(token, norm=slips[token.norm]) if token.norm in slips and not token.capital else token
        for token in tokens
    )


# --------------------------------------------------------------------------- greeting and sign-off


def _without_sign_off(
    found: list[Sentence], text: str, pack: Pack, writer: Writer
) -> tuple[list[Sentence], str, tuple[str, ...]]:
    """The sentences without the names and titles under the text; the name; those lines."""
    last = len(found)
    lines: list[str] = []
    name = ""
    while last > 0 and len(lines) < 6:
        sentence = found[last - 1]
        words = text[sentence.start : sentence.end]
        kind = _sign_off_kind(sentence, words, pack, writer, first=last == 1)
        if not kind and last == len(found):
            signed = _closing_and_name(sentence, text, pack, writer)
            if signed:
                return found[: last - 1], clean_name(signed, pack), (words,)
        if not kind:
            break
        if kind == "name":
            name = words
        lines.insert(0, words)
        last -= 1
    closing_above = last > 0 and _is_closing(found[last - 1], pack)
    if lines and not name and not closing_above:
        return found, "", ()
    if lines and not closing_above and not _own_name(name, writer) and not _short_signature(name, found, last):
        return found, "", ()
    return found[:last], clean_name(name, pack), tuple(lines)


def _short_signature(name: str, found: list[Sentence], last: int) -> bool:
    """A name on a line of its own after the text, one or two words."""
    return 0 < last < len(found) and found[last].own_line and len(found) - last <= 3 and not found[last].bullet


def _own_name(name: str, writer: Writer) -> bool:
    words = name_words(name)
    own = name_words(writer.name) | writer.known_words
    initials = {word[0] for word in own}
    return bool(words) and (words <= own or (bool(initials) and all(len(w) <= 3 and set(w) <= initials for w in words)))


def _sign_off_kind(sentence: Sentence, words: str, pack: Pack, writer: Writer, first: bool) -> str:
    tokens = [token for token in sentence.tokens if token.word]
    if sentence.bullet or not tokens or len(tokens) > 14 or sentence.question:
        return ""
    if _own_name(words, writer) and len(tokens) <= 5:
        return "name"
    if first or not sentence.own_line:
        return ""
    if any(token.norm in pack.words["verbs"] or token.norm in pack.words["self"] for token in tokens):
        return ""
    initials = len(tokens) <= 3 and all(len(token.norm) <= 2 and token.capital for token in tokens)
    if initials:
        return "name"
    mentions = Mentions(sentence.tokens, "", pack)
    written_as_name = len(tokens) <= 5 and all(t.capital or pack.has("particles", t.norm) for t in tokens)
    if written_as_name and mentions.name_end(0) == len(sentence.tokens):
        return "name"
    if (
        any(
            title_at(sentence.tokens, i, pack) or token.norm in pack.words["roles"] or token.norm in pack.words["group"]
            for i, token in enumerate(sentence.tokens)
        )
        and tokens[0].capital
    ):
        return "title"
    return ""


def _closing_and_name(sentence: Sentence, text: str, pack: Pack, writer: Writer) -> str:
    """The name of "Best, Jane", all in one line."""
    tokens = sentence.tokens
    for i, token in enumerate(tokens[:6]):
        if token.norm == "," and i + 1 < len(tokens):
            words = " ".join(t.norm for t in tokens[:i] if t.word)
            name = text[tokens[i + 1].start : sentence.end]
            if (
                words in pack.words["closings"]
                and len(tokens) - i <= 6
                and (_own_name(name, writer) or Mentions(tokens, text, pack).name_end(i + 1) == len(tokens))
            ):
                return name
    return ""


def _is_closing(sentence: Sentence, pack: Pack) -> bool:
    words = [token.norm for token in sentence.tokens if token.word]
    return 0 < len(words) <= 6 and " ".join(words) in pack.words["closings"]


def _greeting_end(sentence: Sentence, pack: Pack) -> int:
    """The token after a greeting with which the sentence begins; 0 for none."""
    tokens = sentence.tokens
    first = tokens[0].norm
    two = " ".join(token.norm for token in tokens[:2])
    if first not in pack.words["greetings"] and two not in pack.words["greetings"]:
        return 0
    for i, token in enumerate(tokens[:14]):
        if (
            not token.word
            and token.norm in ",-:"
            and not (i + 2 < len(tokens) and title_at(tokens, i + 1, pack) and len(tokens) <= 14)
        ):
            return i + 1
    if len(tokens) <= 14 and sentence.own_line:
        return len(tokens)
    length = 2 if two in pack.words["greetings"] else 1
    while length < len(tokens) and length < 4 and tokens[length].norm in pack.words["addressees"]:
        length += 1
    return length if first not in pack.words["dear"] or length == len(tokens) else 0


# --------------------------------------------------------------------------- one sentence


@dataclass(slots=True)
class _Here:
    """One sentence while it is read."""

    index: int
    tokens: Sequence[Token]
    mentions: Mentions
    numbers: Mapping[int, tuple[int, int]]
    """The end and value of the number at each token."""
    question: bool
    covered: list[bool]
    """Which tokens are accounted for."""
    built: list[Clause] = field(default_factory=list)

    def cover(self, start: int, end: int, as_: bool = True) -> None:
        for i in range(start, end):
            self.covered[i] = as_


def _read_sentence(reader: _Reader, sentence: Sentence, index: int) -> None:
    pack, tokens = reader.pack, sentence.tokens
    begin = _greeting_end(sentence, pack)
    if begin >= len(tokens) or _is_closing(sentence, pack):
        return
    here = _Here(
        index=index,
        tokens=tokens,
        mentions=Mentions(tokens, reader.text, pack, reader.known, reader.not_names, reader.lower_case),
        numbers={i: number_at(tokens, i, pack) for i in range(len(tokens))},
        question=sentence.question or _opens_question(tokens[begin:], pack),
        covered=[i < begin for i in range(len(tokens))],
    )
    for mention in here.mentions.all():
        reader.mentioned.extend((tokens[mention.start].start, person) for person in mention.people)
    chosen = _chosen(reader, here, begin)
    for f in chosen:
        here.cover(f.start, f.end)
    for f in chosen:
        clause = _clause(reader, here, f, chosen)
        if clause is not None:
            here.built.append(clause)
    here.built = _without_hopes(here.built)
    reader.clauses.extend(here.built)
    reader.met.update(name_words(p.name) for c in here.built for p in (*c.people, *c.others) if p.name)
    _take_names(reader, here, chosen, begin)
    _leave(reader, here)


def _chosen(reader: _Reader, here: _Here, begin: int) -> list[_Found]:
    """What the sentence says, in order: answers, who comes along, needs; each found apart from the others."""
    tokens, pack = here.tokens, reader.pack
    numbers = here.numbers
    finder = Finder(
        tokens,
        pack.lists,
        here.mentions.ends_at,
        lambda i: numbers[i][0] if i in numbers else i,
        pack.words["barrier"],
    )
    found = _search(tokens, begin, pack, finder)
    found = [f for f in found if f.rule.meaning != "away" or not _at_the_event(tokens[f.start : f.end], reader.event)]
    facts = _choose([f for f in found if f.rule.meaning in FACTS], tokens, pack)
    answers = _choose([f for f in found if f.rule.meaning not in FACTS and f.rule.meaning not in PEOPLE], tokens, pack)
    polite = {i for f in answers if f.rule.meaning in {"courtesy", "receipt"} for i in range(f.start, f.end)}
    beside = [f for f in found if f.rule.meaning in PEOPLE and not polite.intersection(range(f.start, f.end))]
    needs = {i for f in facts for i in range(f.start, f.end)}
    answers = [f for f in answers if f.rule.meaning != "away" or not needs.intersection(range(f.start, f.end))]
    if here.question:
        answers = [f for f in answers if f.rule.asked or f.rule.meaning not in ANSWERS]
    return sorted((*answers, *_choose(beside, tokens, pack), *facts), key=lambda f: (f.start, f.end))


def _clause(reader: _Reader, here: _Here, f: _Found, chosen: Sequence[_Found]) -> Clause | None:
    """One match with its subject and its doubts; None where the subject that it needs is missing."""
    pack, tokens, meaning = reader.pack, here.tokens, f.rule.meaning
    people: tuple[Person, ...] = ()
    elided, doubt, start = False, "", f.start
    if meaning in {"courtesy", "receipt"}:
        spoken = _mention_before(f.start, here.mentions)
        here.cover(spoken.start if spoken else f.start, f.start)  # "Ambassador Marsh thanks you"
    if f.rule.subject:
        start, people, elided, doubt = _subject(f.start, here, reader)
        if f.rule.stated and (elided or doubt):
            here.cover(f.start, f.end, as_=False)
            return None
        here.cover(start, f.start)
    captured = [here.mentions.between(a, b) for name, a, b in f.captures if name == "who"]
    said = tuple(person for mention in captured if mention for person in mention.people)
    others: tuple[Person, ...] = ()
    if meaning == "substitute":
        others = said
    elif said and not people:
        people = said
    elif meaning in ANSWERS and not f.rule.subject:
        within = [m for m in here.mentions.all() if f.start <= m.start and m.end <= f.end]
        people = tuple(p for m in within for p in m.people if p.who is Who.NAMED)
    before = max(start - 1, 0)
    if meaning == "substitute" and doubt and others and pack.has("it", tokens[before].norm):
        people, doubt = (Person(Who.GROUP),), ""  # "… has the honour to inform that it will be represented by"
        here.cover(before, start)
    value = f.rule.value
    if meaning == "away":
        if doubt:
            people, doubt = (SOMEBODY,), ""  # "the baby has other plans": a reason, whoever has them
        if any(token.norm in pack.words["same_time"] for token in tokens):
            value = "then"
    if meaning in ANSWERS and not doubt:
        doubt = _particle(f, tokens, chosen, pack) or _stands_against(f, start, elided, here, reader)
    return Clause(
        meaning=meaning,
        start=tokens[start].start,
        end=tokens[f.end - 1].end,
        words=reader.text[tokens[start].start : tokens[f.end - 1].end],
        sentence=here.index,
        people=people,
        others=others,
        number=next((here.numbers[a][1] for name, a, _ in f.captures if name == "n"), None),
        value=value,
        doubt=doubt,
        elided=elided,
        asked=here.question,
    )


def _without_hopes(built: list[Clause]) -> list[Clause]:
    """ "I hope to come and take part": what is hoped is not promised."""
    hedge = next((c for c in built if c.meaning in {"maybe", "promise"}), None)
    if hedge is None:
        return built
    return [c for c in built if c.meaning not in {"yes", "wish"} or c.start < hedge.start or _somebody_else(c, hedge)]


def _take_names(reader: _Reader, here: _Here, chosen: Sequence[_Found], begin: int) -> None:
    """The names of a list: a line of its own, or behind a colon or an answer."""
    ends = [f.end for f in chosen if f.rule.meaning in {"yes", "wish", "maybe", "substitute", *PEOPLE, "together"}]
    if not here.built:
        reader.listed.extend(_listed(here, reader.pack, begin, whole=True))
    elif ends or all(clause.meaning in FACTS | {"courtesy"} for clause in here.built):
        after = _after_answer(here.tokens, here.covered, max(ends, default=begin))
        if after:
            reader.listed.extend(_listed(here, reader.pack, after, whole=False))
    reader.met.update(name_words(p.name) for p in reader.listed[-MOST_LISTED:] if p.name)


def _at_the_event(tokens: Sequence[Token], event: Event) -> bool:
    """Whether the words speak of the event's own place: who is there is not elsewhere."""
    venue = frozenset(t.norm for t in tokenize(f"{event.venue.name} {event.venue.address}") if t.norm.isalpha())
    return any(token.norm in venue for token in tokens)


def _somebody_else(clause: Clause, other: Clause) -> bool:
    return clause.people != other.people and any(p.who in {Who.NAMED, Who.ROLE} for p in clause.people)


def _opens_question(tokens: Sequence[Token], pack: Pack) -> bool:
    words = [token.norm for token in tokens[:4]]
    return any(" ".join(words[:n]) in pack.words["question_openers"] for n in (1, 2, 3, 4))


def _search(tokens: Sequence[Token], begin: int, pack: Pack, finder: Finder) -> list[_Found]:
    found: list[_Found] = []
    for at in range(begin, len(tokens)):
        for rule in pack.rules_for(tokens[at].norm):
            hit = finder.find(rule.phrase, at)
            if hit is not None:
                found.append(_Found(rule, at, hit[0], hit[1]))
    return found


def _choose(found: list[_Found], tokens: Sequence[Token], pack: Pack) -> list[_Found]:
    """The longest matches, none overlapping; where two are equally long, the more telling meaning.

    Words that "..." stood for do not count: "cannot get away" says more than "away from Helsinki that week".
    """
    taken = [False] * len(tokens)
    chosen: list[_Found] = []

    def rank(f: _Found) -> tuple[int, int, bool, int]:
        passed = sum(b - a for slot, a, b in f.captures if slot == "...")
        return (f.start - f.end + passed, _ORDER.get(f.rule.meaning, 99), not f.rule.subject, f.start)

    for f in sorted(found, key=rank):
        if (
            any(taken[f.start : f.end])
            or (f.rule.alone and not _stands_alone(f, tokens, pack))
            or (f.rule.closing and not _ends_clause(f.end, tokens, pack))
        ):
            continue
        for i in range(f.start, f.end):
            taken[i] = True
        chosen.append(f)
    return sorted(chosen, key=lambda f: f.start)


def _stands_alone(f: _Found, tokens: Sequence[Token], pack: Pack) -> bool:
    if f.start == 0:
        return _ends_clause(f.end, tokens, pack)
    before = tokens[f.start - 1]
    if before.norm == ":":
        return False  # the value of some label
    opens = not before.norm.isalnum() or before.norm in pack.words["bound"] - pack.words["and"]
    return opens and _ends_clause(f.end, tokens, pack)


def _ends_clause(at: int, tokens: Sequence[Token], pack: Pack) -> bool:
    """Whether a clause ends before this token: at a stop, an emoji or a joining word."""
    return at >= len(tokens) or not tokens[at].norm.isalnum() or tokens[at].norm in pack.words["bound"]


def _subject(at: int, here: _Here, reader: _Reader) -> tuple[int, tuple[Person, ...], bool, str]:
    """Who does what is said from token `at` on: (first token of the subject, people, left out, doubt)."""
    tokens, mentions, covered, pack, built = here.tokens, here.mentions, here.covered, reader.pack, here.built
    j = at
    while j > 0 and (tokens[j - 1].norm in pack.words["fill"] or tokens[j - 1].norm in '"'):
        j -= 1
    mention = _mention_before(j, mentions)
    if mention:
        return mention.start, _resolved(mention.people, tokens[mention.start].start, reader), False, ""
    if j > 0 and tokens[j - 1].norm == ",":
        mention = _mention_before(j - 1, mentions)
        if mention and any(tokens[i].norm == "," for i in range(mention.start, mention.end)):
            return (
                mention.start,
                _resolved(mention.people, tokens[mention.start].start, reader),
                False,
                "",
            )  # "my deputy, John Doe, will"
        mention = _before_insertion(j - 1, tokens, mentions, pack)
        if mention:
            return mention.start, _resolved(mention.people, tokens[mention.start].start, reader), False, ""
    if j > 0 and pack.has("who", tokens[j - 1].norm):
        k = j - 1
        while k > 0 and tokens[k - 1].norm == ",":
            k -= 1
        mention = _mention_before(k, mentions)
        if mention:
            return mention.start, _resolved(mention.people, tokens[mention.start].start, reader), False, ""
    if j == 0 or not tokens[j - 1].word or tokens[j - 1].norm in pack.words["bound"] or covered[j - 1]:
        earlier = [c for c in built if c.people and c.meaning in ANSWERS]
        joined = j > 0 and tokens[j - 1].norm in pack.words["and"] | {","}
        if earlier and joined:
            return at, earlier[-1].people, False, ""
        return at, (ME,), True, ""
    k = j
    while k > 0 and tokens[k - 1].word and not covered[k - 1] and tokens[k - 1].norm not in pack.words["bound"]:
        k -= 1
    phrase = [token.norm for token in tokens[k:j]]
    if any(word in pack.words["group"] for word in phrase) and not any(
        word in pack.words["verbs"] or word in pack.words["not"] or word in pack.words["doubt"] for word in phrase
    ):
        return k, (Person(Who.GROUP, role=" ".join(phrase)),), False, ""
    words = reader.text[tokens[k].start : tokens[at - 1].end]
    return at, (SOMEBODY,), False, f"it is not clear who is meant before the answer: “{words}”"


def _mention_before(end: int, mentions: Mentions) -> Mention | None:
    for start in range(max(0, end - 30), end):
        for mention in mentions.at(start):
            if mention.end == end:
                return mention
    return None


def _before_insertion(comma: int, tokens: Sequence[Token], mentions: Mentions, pack: Pack) -> Mention | None:
    """The subject before ", who is in Geneva," or ", our legal adviser,"."""
    for opening in range(comma - 1, max(-1, comma - 16), -1):
        if tokens[opening].norm != ",":
            continue
        first = tokens[opening + 1].norm if opening + 1 < comma else ""
        inserted = (
            pack.has("who", first)
            or pack.has("determiners", first)
            or first in pack.words["inserted"]
            or title_at(tokens, opening + 1, pack)
        )
        return _mention_before(opening, mentions) if inserted else None
    return None


def _resolved(people: tuple[Person, ...], at: int, reader: _Reader) -> tuple[Person, ...]:
    """Pronouns replaced by the last person named before."""
    resolved: list[Person] = []
    for person in people:
        if person.who is Who.THEY:
            before = (p for place, p in reversed(reader.mentioned) if place < at and p.who in {Who.NAMED, Who.ROLE})
            resolved.append(next(before, person))
        else:
            resolved.append(person)
    return tuple(resolved)


def _stands_against(f: _Found, start: int, elided: bool, here: _Here, reader: _Reader) -> str:
    """Why this clause may not mean what it says: words beside it that nothing accounts for.

    `start`: the first token of its subject.
    """
    tokens, covered, pack, event = here.tokens, here.covered, reader.pack, reader.event
    meaning = f.rule.meaning
    if meaning in {"yes", "wish", "substitute"}:
        if (
            f.end < len(tokens)
            and not covered[f.end]
            and tokens[f.end].norm in pack.words["another"]
            and tokens[f.end - 1].norm in pack.words["takes_object"]
        ):
            return f"it may be about something else: “{' '.join(t.norm for t in tokens[f.start : f.end + 2])}”"
        if (
            f.end + 1 < len(tokens)
            and not covered[f.end]
            and tokens[f.end].norm in pack.words["toward"]
            and tokens[f.end + 1].norm in pack.words["another"]
        ):
            return f"it may be about something else: “{' '.join(t.norm for t in tokens[f.start : f.end + 3])}”"
        if _elsewhere(f.end, tokens, covered, pack, event):
            return f"it may be about another place: “{' '.join(t.norm for t in tokens[f.start : f.end + 2])}”"
        other_day = _other_day(tokens, start, pack, event)
        if other_day:
            return f"it names another day: “{other_day}”"
    i = start - 1
    stops = pack.words["bound"] - pack.words["doubt"] - pack.words["leading"]
    first = True
    while i >= 0 and tokens[i].word and tokens[i].norm not in stops:
        norm = tokens[i].norm
        if not covered[i]:
            if norm in pack.words["not"] and not (meaning in {"no", "missed"} and norm in pack.words["no_particle"]):
                return f"“{norm}” before the answer"
            if meaning in {"yes", "wish", "substitute"}:
                if norm in pack.words["doubt"]:
                    return f"“{norm}” before the answer"
                if (
                    first
                    and not elided
                    and norm.isalpha()
                    and norm not in pack.words["leading"] | pack.words["fill"] | pack.words["self"]
                ):
                    return f"“{norm}” before the answer"
        first = False
        i -= 1
    return ""


def _particle(f: _Found, tokens: Sequence[Token], answers: Sequence[_Found], pack: Pack) -> str:
    """ "Yes, I received it": a bare yes or no before a sentence that says something else of the writer."""
    if not f.rule.alone or f.end >= len(tokens) or tokens[f.end].norm not in ",":
        return ""
    rest = tokens[f.end + 1 :]
    if any(g is not f and g.rule.meaning in ANSWERS and g.start >= f.end for g in answers):
        return ""
    if any(pack.has("self", token.norm) or pack.has("they", token.norm) for token in rest[:3]):
        return f"“{tokens[f.start].norm}” may answer something else: “{' '.join(t.norm for t in rest[:6])}”"
    return ""


def _elsewhere(end: int, tokens: Sequence[Token], covered: Sequence[bool], pack: Pack, event: Event) -> bool:
    """Whether the place that follows is not the event's ("attend the meeting in Geneva")."""
    if end + 1 >= len(tokens) or covered[end + 1] or tokens[end].norm not in pack.words["where"]:
        return False
    place = tokens[end + 1]
    return place.capital and place.norm not in event_words(event) and place.norm not in pack.words["same_time"]


def _other_day(tokens: Sequence[Token], start: int, pack: Pack, event: Event) -> str:
    """A day of the month that is not the event's, where the event's own is not named too."""
    days = range(event.starts.day, event.ends.day + 1) if event.ends.day >= event.starts.day else [event.starts.day]
    other = ""
    for i in range(start, len(tokens)):
        day = _day_of_month(tokens, i, pack)
        if day in days:
            return ""
        if day and not other:
            other = tokens[i].norm
    return other


def _day_of_month(tokens: Sequence[Token], at: int, pack: Pack) -> int:
    """21 for "21st", "21 September", "September 21"; 0 for anything else."""
    norm = tokens[at].norm
    ending = norm.lstrip("0123456789")
    digits = norm[: len(norm) - len(ending)]
    if not digits or len(digits) > 2 or not 1 <= int(digits) <= 31:
        return 0
    if ending:
        return int(digits) if ending in pack.words["day_endings"] else 0
    beside = {tokens[i].norm for i in (at - 1, at + 1) if 0 <= i < len(tokens)}
    return int(digits) if beside & pack.words["months"] else 0


def _after_answer(tokens: Sequence[Token], covered: Sequence[bool], end: int) -> int:
    """Where a list of names may begin: behind a colon, or right behind the answer; 0 for nowhere."""
    colon = next((i for i, token in enumerate(tokens) if token.norm == ":"), None)
    if colon is not None and colon + 1 < len(tokens):
        return colon + 1
    if end < len(tokens) and (tokens[end].norm in ",-(" or covered[end - 1]):
        return end + (not tokens[end].word)
    return 0


def _listed(here: _Here, pack: Pack, start: int, whole: bool) -> list[Person]:
    """The people of a list of names that begins at a token. `whole`: nothing else may stand in the sentence."""
    tokens, covered = here.tokens, here.covered
    while start < len(tokens) and (not tokens[start].word or tokens[start].number is not None):
        start += 1
    people: list[Person] = []
    i, end = start, start
    while i < len(tokens):
        found = here.mentions.at(i)
        if found and not covered[i] and any(p.who in {Who.NAMED, Who.SELF} for p in found[0].people):
            people.extend(p for p in found[0].people if p.who in {Who.NAMED, Who.SELF})
            i = end = found[0].end
        elif (
            not tokens[i].word
            or tokens[i].number is not None
            or tokens[i].norm in pack.words["and"]
            or (whole and covered[i])
        ):
            i += 1
        else:
            break
    if whole and i < len(tokens) and not any(p.who is Who.NAMED for p in people):
        return []  # "I attended last year" is no list
    if not people or (whole and any(token.norm in pack.words["verbs"] for token in tokens[i:])):
        return []
    for k in range(start, len(tokens) if whole else end):
        covered[k] = True
    return people


def _leave(reader: _Reader, here: _Here) -> None:
    """Note what nothing accounts for, and what makes it weighty."""
    pack, tokens, covered, built = reader.pack, here.tokens, here.covered, here.built
    question, mentions = here.question, here.mentions
    loose = [i for i, token in enumerate(tokens) if not covered[i] and token.word]
    signs: set[str] = set()
    for i in loose:
        norm = tokens[i].norm
        for sign in ("not", "if", "unsure", "come", "weighty", "against_yes", "you"):
            if pack.has(sign, norm) or pack.has(sign, " ".join(t.norm for t in tokens[i : i + 2])):
                signs.add(sign)
        if pack.has("but", norm) and not any(clause.start > tokens[i].start for clause in built):
            signs.add("but")
        following = tokens[i + 1] if i + 1 < len(tokens) and not covered[i + 1] else None
        asks = following is not None and (pack.has("ask", norm) or pack.has("ask", f"{norm} {following.norm}"))
        if asks and following is not None and following.word:
            signs.add("ask")
    if any(clause.meaning in ANSWERS for clause in built):
        signs.discard("come")
    if any(clause.meaning in {"no", "missed", "away", "withdraw", "substitute"} for clause in built):
        signs.discard("against_yes")  # they say the same as the answer beside them
    if any(clause.meaning in {"no", "missed"} for clause in built) and "not" in signs:
        signs.add("not again")
    if not built and any(pack.has("regret", tokens[i].norm) for i in loose):
        signs.add("not")
    if question:
        signs.add("asked")
    if question and not any(c.meaning in {"logistics", "request", "courtesy"} or c.meaning in ANSWERS for c in built):
        signs.add("question")
    if question and any(c.meaning == "logistics" for c in built):
        content = [i for i in loose if _content(tokens[i], reader)]
        if len(content) > 1:
            signs.add("question")
    unknown = [
        i for i in loose if tokens[i].norm.isalpha() and tokens[i].norm not in pack.vocabulary and not tokens[i].capital
    ]
    words = [t for t in tokens if t.word and t.norm.isalpha()]
    if len(words) >= 4 and len(unknown) * 2 > len(words):
        signs.add("foreign")
    named = [m for m in mentions.all() if not all(covered[i] for i in range(m.start, m.end))]
    for mention in named:
        if (
            mention.start > 0
            and mention.end - mention.start == 1
            and (
                pack.has("of", tokens[mention.start - 1].norm)
                or pack.has("determiners", tokens[mention.start - 1].norm)
            )
        ):
            continue  # "of Zubrova", "to Geneva"
        named_here = [p for p in mention.people if p.who is Who.NAMED and (p.role or len(name_words(p.name)) > 1)]
        if any(not _is_known(p, reader) for p in named_here):
            signs.add("name")
    if loose:
        weight = sum(_content(tokens[i], reader) for i in loose)
        words_left = _runs(reader.text, tokens, loose)
        reader.left.append(Left(words_left, tokens[loose[0]].start, here.index, frozenset(signs), len(loose), weight))


def _runs(text: str, tokens: Sequence[Token], loose: Sequence[int]) -> str:
    """The words at these places, with an ellipsis where others stand between."""
    runs: list[list[int]] = []
    for i in loose:
        if runs and all(not tokens[k].word for k in range(runs[-1][-1] + 1, i)):
            runs[-1].append(i)
        else:
            runs.append([i])
    return " … ".join(text[tokens[run[0]].start : tokens[run[-1]].end] for run in runs)


def _content(token: Token, reader: _Reader) -> bool:
    norm = token.norm
    return (
        norm not in reader.pack.words["ordinary"]
        and norm not in reader.not_names
        and norm not in reader.pack.words["fill"]
        and norm not in reader.pack.words["self"]
        and token.number is None
    )


def _is_known(person: Person, reader: _Reader) -> bool:
    words = name_words(person.name)
    return words <= reader.known or any(words <= other for other in reader.met)


__all__ = ["Clause", "Left", "Parsed", "Writer", "parse"]
