"""Clause by clause: what each part of a message is taken for, who is meant, and what was left over.

A sentence is *accounted for* when its answer, names, needs, reasons and courtesies leave nothing of weight. What is
left over is kept, and `weigh` judges it against the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from rsvpbot.model import Event
from rsvpbot.reading.leftover import Rest, left_of
from rsvpbot.reading.pack import ANSWERS, MEANINGS, PEOPLE, Pack, Rule
from rsvpbot.reading.people import (
    ME,
    SOMEBODY,
    Mention,
    Mentions,
    Person,
    Who,
    name_words,
    number_at,
    title_at,
)
from rsvpbot.reading.phrases import Captures, Finder
from rsvpbot.reading.said import SOMETHING_ELSE, WHO_IS_MEANT, Clause, Left, Parsed, Writer
from rsvpbot.reading.signoff import greeting_end, is_closing, without_sign_off
from rsvpbot.reading.tokens import LONGEST, Sentence, Token, fold, sentences, tokenize

FACTS = frozenset({"diet", "access", "pass"})
MOST_LISTED = 60
_WHY_LATE = frozenset({"away", "no", "courtesy"})
"""What the words of a late arrival are not: "I must be at the Council at two, so I leave early"."""
_ORDER = {meaning: i for i, meaning in enumerate((*MEANINGS, *PEOPLE, "diet", "access", "pass"))}


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


def parse(text: str, pack: Pack, event: Event, writer: Writer) -> Parsed:
    """Read a text clause by clause. Pure; never raises on any text."""
    found = [replace(s, tokens=_known_spelling(s.tokens, pack)) for s in sentences(text, pack.spelling)]
    body, sign_off, lines = without_sign_off(found, text, pack, writer)
    signed = name_words(sign_off)
    reader = _Reader(
        pack=pack,
        event=event,
        writer=writer,
        text=text,
        not_names=event_words(event) | pack.words["never_names"],
        lower_case=sum(c.isupper() for c in text[:LONGEST]) * 40 < len(text[:LONGEST]),
        known=writer.known_words | name_words(writer.name) | signed,
    )
    for i, sentence in enumerate(body):
        _read_sentence(reader, sentence, i)
    regrets = frozenset(i for i, sentence in enumerate(body) if _regrets(sentence.tokens, pack))
    return Parsed(tuple(reader.clauses), tuple(reader.left), sign_off, lines, tuple(reader.listed), regrets)


def _regrets(tokens: Sequence[Token], pack: Pack) -> bool:
    """Whether the writer is sorry now: not for a late answer, and not about what happened to somebody."""
    words = [token.norm for token in tokens]
    if any(pack.has("past", word) for word in words) and not any(pack.has("present", word) for word in words):
        return False
    return any(
        pack.has("regret", word) and not any(pack.has("about", near) for near in words[i + 1 : i + 4])
        for i, word in enumerate(words)
    )


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
    bullet: bool = False

    def cover(self, start: int, end: int, as_: bool = True) -> None:
        for i in range(start, end):
            self.covered[i] = as_


def _read_sentence(reader: _Reader, sentence: Sentence, index: int) -> None:
    pack, tokens = reader.pack, sentence.tokens
    begin = greeting_end(sentence, pack)
    if begin >= len(tokens) or is_closing(sentence, pack):
        return
    here = _Here(
        index=index,
        tokens=tokens,
        mentions=Mentions(tokens, reader.text, pack, reader.known, reader.not_names, reader.lower_case),
        numbers={i: number_at(tokens, i, pack) for i in range(len(tokens))},
        question=sentence.question or (_opens_question(tokens[begin:], pack) and not _inverted(tokens[begin:], pack)),
        covered=[i < begin for i in range(len(tokens))],
        bullet=sentence.bullet,
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
    here.built = _without_hopes(_without_frames(here.built, reader))
    reader.clauses.extend(here.built)
    reader.met.update(name_words(p.name) for c in here.built for p in (*c.people, *c.others) if p.name)
    _take_names(reader, here, chosen, begin)
    rest = Rest(
        text=reader.text,
        index=index,
        tokens=tokens,
        covered=here.covered,
        built=here.built,
        question=here.question,
        mentions=here.mentions,
        pack=pack,
        not_names=reader.not_names,
        known=lambda person: _is_known(person, reader),
    )
    reader.left.extend(left_of(rest))


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
    found = [f for f in found if f.rule.meaning != "away" or not _comes_there(f, found, tokens, pack)]
    facts = _choose([f for f in found if f.rule.meaning in FACTS], tokens, pack)
    late = _choose([f for f in found if f.rule.meaning == "late"], tokens, pack)
    others = [f for f in found if f.rule.meaning not in FACTS | {"late", *PEOPLE}]
    others = [f for f in others if not _why_late(f, late)]
    answers = _choose(others, tokens, pack)
    polite = {i for f in answers if f.rule.meaning in {"courtesy", "receipt"} for i in range(f.start, f.end)}
    beside = [f for f in found if f.rule.meaning in PEOPLE and not polite.intersection(range(f.start, f.end))]
    needs = {i for f in facts for i in range(f.start, f.end)}
    answers = [f for f in answers if f.rule.meaning != "away" or not needs.intersection(range(f.start, f.end))]
    if not here.question:
        answers = [f for f in answers if f.rule.meaning != "request" or not _relative(f.start, tokens, pack)]
    if here.question:
        answers = [f for f in answers if f.rule.asked or f.rule.meaning not in ANSWERS]
    return sorted((*answers, *late, *_choose(beside, tokens, pack), *facts), key=lambda f: (f.start, f.end))


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
    elif said and not people and meaning in {"yes", "wish", "maybe"} and _companion(f, tokens, pack):
        start, people = _doer(f.start, here, reader)
        here.cover(start, f.start)
    elif said and not people:
        people = said
    elif meaning in ANSWERS and not f.rule.subject:
        within = [m for m in here.mentions.all() if f.start <= m.start and m.end <= f.end]
        people = tuple(p for m in within for p in m.people if p.who is Who.NAMED)
        around = next((m for m in here.mentions.all() if m.start < f.start < m.end), None)
        if around and any(p.who is Who.SELF for p in around.people):  # "my wife and [I will both come]"
            start, people = around.start, _resolved(around.people, tokens[around.start].start, reader)
            here.cover(start, f.start)
    before = max(start - 1, 0)
    if meaning == "substitute" and doubt and others and pack.has("it", tokens[before].norm):
        people, doubt = (Person(Who.GROUP),), ""  # "… has the honour to inform that it will be represented by"
        here.cover(before, start)
    value = f.rule.value
    if meaning == "away":
        if doubt:
            people, doubt = (SOMEBODY,), ""  # "the baby has other plans": a reason, whoever has them
        if any(token.norm in pack.words["same_time"] for token in tokens) and not _vague(f, tokens, reader):
            value = "then"
    if meaning in ANSWERS and not doubt:
        doubt = _particle(f, here, chosen, pack) or _stands_against(f, start, elided, here, reader)
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


def _companion(f: _Found, tokens: Sequence[Token], pack: Pack) -> bool:
    """ "attending with my assistant": whom the phrase names comes along, and somebody else does it."""
    return any(a > f.start and pack.has("along", tokens[a - 1].norm) for slot, a, _ in f.captures if slot == "who")


def _doer(at: int, here: _Here, reader: _Reader) -> tuple[int, tuple[Person, ...]]:
    """Who stands before "(will be) attending with my assistant", and where; the writer where nobody does."""
    begin = at
    while begin > 0 and reader.pack.has("auxiliary", here.tokens[begin - 1].norm):
        begin -= 1
    mention = _mention_before(begin, here.mentions)
    if mention is None:
        return at, (ME,)
    return mention.start, _resolved(mention.people, here.tokens[mention.start].start, reader)


def _vague(f: _Found, tokens: Sequence[Token], reader: _Reader) -> bool:
    """ "I will be on station": where that is, is not said; in Nairobi is far away."""
    passed = [tokens[i] for slot, a, b in f.captures if slot == "..." for i in range(a, b)]
    return bool(passed) and not any(t.capital and t.norm not in reader.not_names for t in passed)


def _without_frames(built: list[Clause], reader: _Reader) -> list[Clause]:
    """ "I am pleased to confirm that the Minister will attend": the second says who comes."""
    kept = []
    for i, clause in enumerate(built):
        following = built[i + 1] if i + 1 < len(built) else None
        frames = clause.meaning == "yes" and following is not None and following.meaning == "yes"
        if frames and following and reader.pack.has("who", fold(reader.text[clause.end : following.start].strip())):
            continue
        kept.append(clause)
    return kept


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
    place = [t.norm for t in tokenize(f"{event.venue.name} {event.venue.address}") if t.norm.isalpha()]
    pairs = set(pairwise(place))
    words = [token.norm for token in tokens]
    return any(pair in pairs for pair in pairwise(words)) or place[:1] == [w for w in words if w in place[:1]][:1]


def _why_late(f: _Found, late: Sequence[_Found]) -> bool:
    """Whether the words of a late arrival look like a reason against it: "I must be at the Council until two"."""
    over = [g for g in late if f.start < g.end and g.start < f.end]
    weak = f.rule.meaning in _WHY_LATE
    return any(weak or (f.rule.meaning == "maybe" and f.end - f.start <= g.end - g.start) for g in over)


def _relative(at: int, tokens: Sequence[Token], pack: Pack) -> bool:
    """ "my daughter, who is a nurse": no question, unless one asks or wants to know it."""
    asking = pack.words["knowing"]
    return at > 0 and pack.has("question_words", tokens[at].norm) and tokens[at - 1].norm not in asking


def _comes_there(f: _Found, found: Sequence[_Found], tokens: Sequence[Token], pack: Pack) -> bool:
    """ "I'll be at the table on the 20th" is a yes, with the day: what looks like another place is ours."""
    day = pack.words["same_time"] | pack.words["determiners"] | pack.words["where"] | pack.words["days"]
    return any(
        g.rule.meaning == "yes"
        and g.start == f.start
        and g.end <= f.end
        and all(token.norm in day for token in tokens[g.end : f.end])
        for g in found
    )


def _somebody_else(clause: Clause, other: Clause) -> bool:
    return clause.people != other.people and any(p.who in {Who.NAMED, Who.ROLE} for p in clause.people)


def _opens_question(tokens: Sequence[Token], pack: Pack) -> bool:
    words = [token.norm for token in tokens[:4]]
    return any(" ".join(words[:n]) in pack.words["question_openers"] for n in (1, 2, 3, 4))


def _inverted(tokens: Sequence[Token], pack: Pack) -> bool:
    """ "Should I recover in time, I shall come": a condition without an if."""
    return pack.has("inverted", tokens[0].norm) and any(token.norm == "," for token in tokens)


def _search(tokens: Sequence[Token], begin: int, pack: Pack, finder: Finder) -> list[_Found]:
    found: list[_Found] = []
    by_word: dict[str, list[Rule]] = {}
    for at in range(begin, len(tokens)):
        word = tokens[at].norm
        rules = by_word.get(word)
        if rules is None:
            rules = by_word[word] = [rule for rule in pack.rules_for(word) if finder.held.may_hold(rule.needs)]
        for rule in rules:
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
    if tokens[j - 1].norm in pack.words["it"] and any(t.norm in pack.words["group"] for t in tokens[: j - 1]):
        return j - 1, (Person(Who.GROUP),), False, ""  # "the Mission regrets that it will not"
    phrase = [token.norm for token in tokens[k:j]]
    if any(word in pack.words["group"] for word in phrase) and not any(
        word in pack.words["verbs"] or word in pack.words["not"] or word in pack.words["doubt"] for word in phrase
    ):
        return k, (Person(Who.GROUP, role=" ".join(phrase)),), False, ""
    words = reader.text[tokens[k].start : tokens[at - 1].end]
    return at, (SOMEBODY,), False, f"{WHO_IS_MEANT} before the answer: “{words}”"


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
            return f"{SOMETHING_ELSE}: “{' '.join(t.norm for t in tokens[f.start : f.end + 2])}”"
        if (
            f.end + 1 < len(tokens)
            and not covered[f.end]
            and tokens[f.end].norm in pack.words["toward"]
            and tokens[f.end + 1].norm in pack.words["another"]
        ):
            return f"{SOMETHING_ELSE}: “{' '.join(t.norm for t in tokens[f.start : f.end + 3])}”"
        if _elsewhere(f.end, tokens, covered, pack, event):
            return f"it may be about another place: “{' '.join(t.norm for t in tokens[f.start : f.end + 2])}”"
        other_day = _other_day(tokens, start, pack, event)
        if other_day:
            return f"it names another day: “{other_day}”"
    behind = tokens[f.end].norm if f.end < len(tokens) and not covered[f.end] else ""
    gives_up = meaning == "no" and pack.has("gives_up", tokens[f.end - 1].norm)
    if gives_up and behind in pack.words["another"]:
        return f"{SOMETHING_ELSE}: “{' '.join(t.norm for t in tokens[f.start : f.end + 2])}”"
    if meaning == "no" and pack.has("toward", behind) and f.end + 1 < len(tokens) and not covered[f.end + 1]:
        return f"{SOMETHING_ELSE}: “{' '.join(t.norm for t in tokens[f.start : f.end + 3])}”"
    if meaning in {"yes", "wish"} and pack.has("predicate", behind):
        return f"“{behind}” behind the answer"
    i = start - 1
    stops = pack.words["bound"] - pack.words["doubt"] - pack.words["leading"]
    first = True
    while i >= 0 and tokens[i].word and tokens[i].norm not in stops:
        norm = tokens[i].norm
        if meaning == "yes" and pack.has("regret", norm):
            return f"“{norm}” before the answer"
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


def _particle(f: _Found, here: _Here, answers: Sequence[_Found], pack: Pack) -> str:
    """ "Yes, I received it": a bare yes or no before a sentence that says something else of the writer."""
    tokens = here.tokens
    if not f.rule.alone or f.end >= len(tokens) or tokens[f.end].norm not in ",":
        return ""
    if any(g.start == f.end + 1 and g.rule.meaning in PEOPLE for g in answers):
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
    if not whole and i < len(tokens) and pack.has("verbs", tokens[i].norm) | pack.has("regret", tokens[i].norm):
        return []  # "about your letter: the Ambassador regrets"
    if whole and i < len(tokens) and not any(p.who is Who.NAMED for p in people):
        return []  # "I attended last year" is no list
    if whole and len(people) == 1 and len(name_words(people[0].name)) == 1 and not here.bullet:
        return []  # one word is as easily a farewell, a degree or slang: "Slán", "Mag."
    if not people or (whole and any(token.norm in pack.words["verbs"] for token in tokens[i:])):
        return []
    for k in range(start, len(tokens) if whole else end):
        covered[k] = True
    return people


def _is_known(person: Person, reader: _Reader) -> bool:
    words = name_words(person.name)
    return words <= reader.known or any(words <= other for other in reader.met)


__all__ = ["parse"]
