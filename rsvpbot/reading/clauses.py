"""Clause by clause: what each part of a message is taken for, who is meant, and what was left over.

A sentence is *accounted for* when its answer, names, needs, reasons and courtesies leave nothing of weight. What is left
over is kept, and `weigh` judges it against the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

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
    fold_words,
    name_words,
    number_at,
    title_at,
)
from rsvpbot.reading.phrases import Captures, Finder
from rsvpbot.reading.tokens import Sentence, Token, fold, sentences, tokenize

FACTS = frozenset({"diet", "access", "pass"})
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
    mentioned: list[Person] = field(default_factory=list)
    """Everybody spoken of so far, for pronouns."""


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
        _read_sentence(reader, sentence, i, body)
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
    if len(tokens) <= 5 and all(token.capital or pack.has("particles", token.norm) for token in tokens):
        if mentions._name(0) == len(sentence.tokens):
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
            if words in pack.words["closings"] and len(tokens) - i <= 6 and (
                _own_name(name, writer) or Mentions(tokens, text, pack)._name(i + 1) == len(tokens)
            ):
                return name
    return ""


def _is_closing(sentence: Sentence, pack: Pack) -> bool:
    words = [token.norm for token in sentence.tokens if token.word]
    return 0 < len(words) <= 6 and " ".join(words) in pack.words["closings"]


def _greeting_end(sentence: Sentence, pack: Pack, reader: _Reader) -> int:
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


def _read_sentence(reader: _Reader, sentence: Sentence, index: int, body: Sequence[Sentence]) -> None:
    pack = reader.pack
    tokens = sentence.tokens
    begin = _greeting_end(sentence, pack, reader)
    if begin >= len(tokens) or _is_closing(sentence, pack):
        return
    mentions = Mentions(tokens, reader.text, pack, reader.known, reader.not_names, reader.lower_case)
    numbers = {i: number_at(tokens, i, pack) for i in range(len(tokens))}
    finder = Finder(
        tokens, pack.lists, mentions.ends_at, lambda i: numbers[i][0] if i in numbers else i, pack.words["barrier"]
    )
    covered = [i < begin for i in range(len(tokens))]
    for mention in mentions.all():
        reader.mentioned.extend(mention.people)
    question = sentence.question or _opens_question(tokens[begin:], pack)
    found = _search(tokens, begin, pack, finder)
    answers = _choose([f for f in found if f.rule.meaning not in FACTS and f.rule.meaning not in PEOPLE], tokens, pack)
    polite = {i for f in answers if f.rule.meaning in {"courtesy", "receipt"} for i in range(f.start, f.end)}
    beside = [f for f in found if f.rule.meaning in PEOPLE and not polite.intersection(range(f.start, f.end))]
    beside = _choose(beside, tokens, pack)
    facts = _choose([f for f in found if f.rule.meaning in FACTS], tokens, pack)
    needs = {i for f in facts for i in range(f.start, f.end)}
    answers = [f for f in answers if f.rule.meaning != "away" or not needs.intersection(range(f.start, f.end))]
    if question:
        answers = [f for f in answers if f.rule.asked or f.rule.meaning not in ANSWERS]
    subject_end: dict[int, tuple[int, tuple[Person, ...], bool, str]] = {}
    for f in (*answers, *beside, *facts):
        for i in range(f.start, f.end):
            covered[i] = True
    built: list[Clause] = []
    for f in sorted((*answers, *beside, *facts), key=lambda f: (f.start, f.end)):
        people: tuple[Person, ...] = ()
        elided, doubt, start = False, "", f.start
        if f.rule.meaning in {"courtesy", "receipt"}:
            spoken = _mention_before(f.start, mentions, pack)
            for i in range(spoken.start if spoken else f.start, f.start):
                covered[i] = True  # "Ambassador Marsh thanks you"
        if f.rule.subject:
            start, people, elided, doubt = _subject(f.start, tokens, covered, mentions, pack, built, index, reader)
            for i in range(start, f.start):
                covered[i] = True
        captured = [mentions.between(a, b) for name, a, b in f.captures if name == "who"]
        said = tuple(person for mention in captured if mention for person in mention.people)
        others: tuple[Person, ...] = ()
        if f.rule.meaning == "substitute":
            others = said
        elif said and not people:
            people = said
        elif f.rule.meaning in ANSWERS and not f.rule.subject:
            within = [m for m in mentions.all() if f.start <= m.start and m.end <= f.end]
            people = tuple(p for m in within for p in m.people if p.who is Who.NAMED)
        if f.rule.meaning == "substitute" and doubt and others and pack.has("it", tokens[max(start - 1, 0)].norm):
            people, doubt = (Person(Who.GROUP),), ""  # "… has the honour to inform that it will be represented by"
            covered[max(start - 1, 0)] = True
        if f.rule.meaning == "away" and doubt:
            people, doubt = (SOMEBODY,), ""  # "the baby has other plans": a reason, whoever has them
        number = next((numbers[a][1] for name, a, _ in f.captures if name == "n"), None)
        if f.rule.meaning in ANSWERS and not doubt:
            doubt = _stands_against(f, start, elided, tokens, covered, pack, reader.event)
        value = f.rule.value
        if f.rule.meaning == "away" and any(token.norm in pack.words["same_time"] for token in tokens):
            value = "then"
        built.append(
            Clause(
                meaning=f.rule.meaning,
                start=tokens[start].start,
                end=tokens[f.end - 1].end,
                words=reader.text[tokens[start].start : tokens[f.end - 1].end],
                sentence=index,
                people=people,
                others=others,
                number=number,
                value=value,
                doubt=doubt,
                elided=elided,
                asked=question,
            )
        )
    hedge = next((c for c in built if c.meaning in {"maybe", "promise"}), None)
    if hedge is not None:  # "I hope to come and take part": what is hoped is not promised
        built = [
            c for c in built if c.meaning not in {"yes", "wish"} or c.start < hedge.start or _somebody_else(c, hedge)
        ]
    reader.clauses.extend(built)
    names_may_follow = [f.end for f in (*answers, *beside) if f.rule.meaning in {"yes", "wish", "maybe", "substitute", *PEOPLE, "together"}]
    if not built:
        reader.listed.extend(_listed(tokens, mentions, covered, pack, begin, whole=True))
    elif names_may_follow or all(clause.meaning in FACTS | {"courtesy"} for clause in built):
        after = _after_answer(tokens, covered, max(names_may_follow, default=begin))
        if after:
            reader.listed.extend(_listed(tokens, mentions, covered, pack, after, whole=False))
    _leave(reader, sentence, index, covered, built, question, mentions)


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


def _subject(
    at: int,
    tokens: Sequence[Token],
    covered: Sequence[bool],
    mentions: Mentions,
    pack: Pack,
    built: Sequence[Clause],
    index: int,
    reader: _Reader,
) -> tuple[int, tuple[Person, ...], bool, str]:
    """Who does what is said from token `at` on: (first token of the subject, people, left out, doubt)."""
    j = at
    while j > 0 and (tokens[j - 1].norm in pack.words["fill"] or tokens[j - 1].norm in '"'):
        j -= 1
    mention = _mention_before(j, mentions, pack)
    if mention:
        return mention.start, _resolved(mention.people, built, reader), False, ""
    if j > 0 and tokens[j - 1].norm == ",":
        mention = _mention_before(j - 1, mentions, pack)
        if mention and any(tokens[i].norm == "," for i in range(mention.start, mention.end)):
            return mention.start, _resolved(mention.people, built, reader), False, ""  # "my deputy, John Doe, will"
        mention = _before_insertion(j - 1, tokens, mentions, pack)
        if mention:
            return mention.start, _resolved(mention.people, built, reader), False, ""
    if j > 0 and pack.has("who", tokens[j - 1].norm):
        k = j - 1
        while k > 0 and tokens[k - 1].norm == ",":
            k -= 1
        mention = _mention_before(k, mentions, pack)
        if mention:
            return mention.start, _resolved(mention.people, built, reader), False, ""
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


def _mention_before(end: int, mentions: Mentions, pack: Pack) -> Mention | None:
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
        return _mention_before(opening, mentions, pack) if inserted else None
    return None


def _resolved(people: tuple[Person, ...], built: Sequence[Clause], reader: _Reader) -> tuple[Person, ...]:
    """Pronouns replaced by the last person named before."""
    resolved: list[Person] = []
    for person in people:
        if person.who is Who.THEY:
            before = [p for p in reader.mentioned if p.who in {Who.NAMED, Who.ROLE} and p.role != "who"]
            resolved.append(before[-1] if before else person)
        else:
            resolved.append(person)
    return tuple(resolved)


def _stands_against(
    f: _Found, start: int, elided: bool, tokens: Sequence[Token], covered: Sequence[bool], pack: Pack, event: Event
) -> str:
    """Why this clause may not mean what it says: words beside it that nothing accounts for.

    `start`: the first token of its subject.
    """
    meaning = f.rule.meaning
    if meaning in {"yes", "wish", "substitute"}:
        if (
            f.end < len(tokens)
            and not covered[f.end]
            and tokens[f.end].norm in pack.words["another"]
            and tokens[f.end - 1].norm in pack.words["takes_object"]
        ):
            return f"it may be about something else: “{' '.join(t.norm for t in tokens[f.start : f.end + 2])}”"
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
                if first and not elided and norm.isalpha() and norm not in pack.words["leading"] | pack.words["fill"]:
                    return f"“{norm}” before the answer"
        first = False
        i -= 1
    return ""


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


def _listed(
    tokens: Sequence[Token], mentions: Mentions, covered: list[bool], pack: Pack, start: int, whole: bool
) -> list[Person]:
    """The people of a list of names that begins at a token. `whole`: nothing else may stand in the sentence."""
    while start < len(tokens) and (not tokens[start].word or tokens[start].number is not None):
        start += 1
    people: list[Person] = []
    i, end = start, start
    while i < len(tokens):
        here = mentions.at(i)
        if here and not covered[i] and any(p.who in {Who.NAMED, Who.SELF} for p in here[0].people):
            people.extend(p for p in here[0].people if p.who in {Who.NAMED, Who.SELF})
            i = end = here[0].end
        elif not tokens[i].word or tokens[i].number is not None or tokens[i].norm in pack.words["and"] or (
            whole and covered[i]
        ):
            i += 1
        else:
            break
    if not people or (whole and any(token.norm in pack.words["verbs"] for token in tokens[i:])):
        return []
    for k in range(start, len(tokens) if whole else end):
        covered[k] = True
    return people


def _leave(
    reader: _Reader,
    sentence: Sentence,
    index: int,
    covered: list[bool],
    built: Sequence[Clause],
    question: bool,
    mentions: Mentions,
) -> None:
    """Note what nothing accounts for, and what makes it weighty."""
    pack, tokens = reader.pack, sentence.tokens
    loose = [i for i, token in enumerate(tokens) if not covered[i] and token.word]
    signs: set[str] = set()
    for i in loose:
        norm = tokens[i].norm
        for sign in ("not", "if", "unsure", "come", "weighty", "against_yes", "you"):
            if pack.has(sign, norm) or pack.has(sign, " ".join(t.norm for t in tokens[i : i + 2])):
                signs.add(sign)
        if pack.has("but", norm) and not any(clause.start > tokens[i].start for clause in built):
            signs.add("but")
        if i + 1 < len(tokens) and tokens[i + 1].word and not covered[i + 1]:
            if pack.has("ask", norm) or pack.has("ask", f"{norm} {tokens[i + 1].norm}"):
                signs.add("ask")
    if any(clause.meaning in ANSWERS for clause in built):
        signs.discard("come")
    if any(clause.meaning in {"no", "missed", "away"} for clause in built):
        signs -= {"not", "against_yes"}  # they say the same as the answer beside them
    if not built and any(pack.has("regret", tokens[i].norm) for i in loose):
        signs.add("not")
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
    if loose and (signs or not built):
        words_left = _runs(reader.text, tokens, loose)
        reader.left.append(Left(words_left, tokens[loose[0]].start, index, frozenset(signs), len(loose)))


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
    met = [p for clause in reader.clauses for p in (*clause.people, *clause.others)] + reader.listed
    return words <= reader.known or any(words <= name_words(p.name) for p in met if p.name)


__all__ = ["Clause", "Left", "Parsed", "Writer", "date", "fold", "fold_words", "parse", "Mapping"]
