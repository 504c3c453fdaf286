"""The phrases of a pack in one sentence, chosen among those that overlap, and the pieces into which they part it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rsvpbot.model import Event
from rsvpbot.reading.names import han
from rsvpbot.reading.pack import BESIDE, FACTS, MEANINGS, MODIFIERS, Pack
from rsvpbot.reading.people import Mention, Mentions, number_at
from rsvpbot.reading.phrases import Mark, Rule
from rsvpbot.reading.tokens import Token

_ORDER = {meaning: i for i, meaning in enumerate((*MEANINGS, *FACTS, "event", "time"))}
_PEOPLE = ("roles", "titles", "plural", "modifiers", "of", "group")
_STOPS = frozenset(";:()-.!?")
MOST_PEOPLE = 200


@dataclass(slots=True)
class Marks:
    """What one sentence holds, in order."""

    tokens: Sequence[Token]
    pack: Pack
    not_names: frozenset[str]
    main: list[Mark]
    """Answers, words of coming and what is said of them, courtesies, questions."""
    beside: list[Mark]
    """Who comes along, and when."""
    facts: list[Mark]
    dated: bool = False
    """Whether the time of the event is named, be it inside another phrase ("I am in Lagos that day")."""
    _stops: list[bool] = field(default_factory=list)
    _opened: list[int] = field(default_factory=list)
    _closed: list[int] = field(default_factory=list)
    """Where the piece of each token begins and ends."""

    MODIFYING = MODIFIERS

    def __post_init__(self) -> None:
        self._stops = [not t.word and t.norm in _STOPS and not (t.norm == "-" and not t.space) for t in self.tokens]
        for mark in self.main:
            if mark.meaning == "but":
                self._stops[mark.start] = True
        for i in range(len(self.tokens)):
            if self.pack.longest("turn", self.tokens, i):
                self._stops[i] = self._stops[i] or not any(mark.start < i < mark.end for mark in self.main)
        for i in self._joints():
            self._stops[i] = True
        ends = [stop or token.norm == "," for stop, token in zip(self._stops, self.tokens, strict=True)]
        start, end = 0, len(ends)
        for i, ended in enumerate(ends):
            self._opened.append(start)
            start = i + 1 if ended else start
        self._opened.append(start)
        self._closed = [end] * (end + 1)
        for i in range(end - 1, -1, -1):
            self._closed[i] = i if ends[i] else self._closed[i + 1]

    def _joints(self) -> Iterable[int]:
        """Where "and" begins a new clause: before a verb of its own ("cannot travel and will send")."""
        modifying = {mark.end for mark in self.main if mark.meaning in MODIFIERS}
        starts = {mark.start: mark for mark in self.main}
        for i in range(1, len(self.tokens)):
            length = self.pack.longest("and", self.tokens, i)
            mark = starts.get(i + length) if length else None
            if mark is None or (mark.meaning in MODIFIERS and i in modifying):
                continue  # "can and will come"
            if mark.rule.person or mark.meaning in {
                "not",
                "cannot",
                "will",
                "can",
                "glad",
                "hope",
                "sends",
                "represented",
            }:
                yield i

    def all(self) -> Iterable[Mark]:
        yield from self.main
        yield from self.beside
        yield from self.facts

    def has(self, meaning: str) -> bool:
        return any(mark.meaning == meaning for mark in self.main)

    def follows(self, at: int, meaning: str) -> bool:
        """Whether a phrase of this meaning begins at a token, or at the next."""
        return any(mark.meaning == meaning and at <= mark.start <= at + 1 for mark in self.all())

    def bounded(self, start: int, end: int) -> bool:
        """Whether a clause ends between two tokens."""
        return any(self._stops[start:end])

    def same_piece(self, start: int, end: int) -> bool:
        """Whether no stop and no comma stands between."""
        return not self.bounded(start, end) and all(self.tokens[i].norm != "," for i in range(start, end))

    def piece_of(self, at: int) -> tuple[int, int]:
        """The piece between stops and commas in which a token stands."""
        return self._opened[at], max(self._closed[at], at + 1)

    def by_piece(self, marks: Sequence[Mark]) -> list[list[Mark]]:
        """Marks grouped by the piece in which they stand."""
        groups: dict[tuple[int, int], list[Mark]] = {}
        for mark in marks:
            groups.setdefault(self.piece_of(mark.start), []).append(mark)
        return list(groups.values())

    def little(self, at: int) -> bool:
        """A word that says nothing by itself."""
        norm = self.tokens[at].norm
        return self.pack.has("ordinary", norm) or self.pack.has("fill", norm)

    def little_between(self, start: int, end: int) -> bool:
        """Whether nothing but words without content, stops and commas stands between."""
        return not any(self.counts(i) for i in range(start, end))

    def counts(self, at: int) -> bool:
        """A word with some content."""
        token = self.tokens[at]
        return (
            token.word
            and token.norm[:1].isalnum()
            and not self.little(at)
            and token.norm not in self.pack.words["self"]
        )

    def filled(self, start: int, end: int) -> bool:
        """Whether nothing but fillers stands between two tokens."""
        return all(self.pack.longest("fill", self.tokens, i) for i in range(start, end))

    def weight(self, start: int, end: int, covered: Sequence[bool]) -> int:
        """How many words with content stand between two tokens that nothing accounts for. In Chinese two characters
        are taken for a word."""
        words = characters = 0
        for i in range(start, end):
            if not covered[i] and self.counts(i):
                characters += han(self.tokens[i].norm)
                words += not han(self.tokens[i].norm)
        return words + (characters + 1) // 2

    def taken(self, start: int, end: int) -> bool:
        """Whether the person mentioned there belongs to a phrase: "with {who}"."""
        return any(mark.who is not None and mark.start <= start and end <= mark.end for mark in self.all()) or any(
            mark.meaning in {"courtesy", "aside"} and mark.start <= start and end <= mark.end for mark in self.main
        )

    def words(self, start: int, end: int) -> str:
        return " ".join(token.norm for token in self.tokens[start:end])


def marks_of(
    tokens: Sequence[Token],
    begin: int,
    mentions: Mentions,
    pack: Pack,
    event: Event,
    not_names: frozenset[str],
) -> Marks:
    """The phrases of a sentence: needs, companions and all the rest each chosen apart from the others."""
    found = pack.lexicon.find(tokens, begin, mentions.ends_at, lambda i: _number_at(tokens, i, pack))
    filled_in = _filled_in(found, tokens, begin)
    if filled_in is not None:
        facts = _choose([mark for mark in found if mark.meaning in FACTS])
        return Marks(tokens, pack, not_names, [filled_in], [], facts)
    found = [mark for mark in found if not mark.rule.alone or stands_alone(mark, tokens, begin, pack)]
    sorry = {(mark.start, mark.end) for mark in found if mark.meaning == "regret"}
    found = [
        mark._replace(rule=mark.rule._replace(value="sorry"))
        if mark.meaning == "no" and mark.rule.alone and (mark.start, mark.end) in sorry
        else mark
        for mark in found
    ]
    found = [mark for mark in found if mark.meaning != "if" or not _hyphened(mark, tokens)]
    found = [
        mark
        for mark in found
        if not mark.rule.first or _opens_its_piece(mark, tokens, begin, pack) or _joined(mark, found, tokens, pack)
    ]
    found = [mark for mark in found if not mark.rule.whole or _is_whole(mark, found, tokens, begin, mentions, pack)]
    named = [m for m in mentions.all() if m.end - m.start > 1 and all(p.name for p in m.people)]
    firsts = [m for m in mentions.all() if m.people[0].name]
    found = [
        mark
        for mark in found
        if not any(_part_of_name(mark, m, tokens) for m in named)
        and not (mark.meaning == "introduces" and any(m.start == mark.start for m in firsts))
    ]  # "Ana Silva", though "ana" is "I am" in Arabic; "裴若谷", "Will Smith"; but "Selim Ayari (vegan)"
    facts = _choose([mark for mark in found if mark.meaning in FACTS])
    beside = _choose([mark for mark in found if mark.meaning in BESIDE])
    main = _choose([mark for mark in found if mark.meaning not in FACTS and mark.meaning not in BESIDE])
    main = [_elsewhere(mark, tokens, not_names) for mark in main]
    main = [_being(mark, tokens, main, (*beside, *facts), mentions, pack) for mark in main]
    beside = [b for b in beside if not _within_a_mention(b, tokens, mentions) and not _asked_of_somebody(b, main)]
    courtesies = [mark for mark in main if mark.meaning in {"courtesy", "receipt", "aside", "withdraw"}]
    beside = [
        b
        for b in beside
        if (b.meaning == "together" and any(c.meaning == "courtesy" and c.start <= b.start < c.end for c in courtesies))
        or not any(c.start <= b.start and b.end <= c.end for c in courtesies)
    ]
    main = [
        mark
        for mark in main
        if mark.meaning not in MODIFIERS | {"come"} or not any(_holds(b, mark, pack) for b in beside)
    ]
    late = [mark for mark in beside if mark.meaning == "late"]
    main = [
        mark
        for mark in main
        if not (mark.meaning in {"away", "past", "cannot"} and any(_overlap(mark, other) for other in (*late, *facts)))
        and not (mark.meaning in {"not", "fail"} and any(f.start <= mark.start and mark.end <= f.end for f in facts))
        and not (mark.meaning == "no" and any(m.start <= mark.start and mark.end < m.end for m in late))
    ]  # the "not" of "I do not have a pass" denies nothing else
    for mark in (*main, *beside, *facts):
        if mark.who is not None:
            mentions.settle(mark.who[0])
    dated = any(mark.meaning == "time" for mark in found)
    return Marks(tokens, pack, not_names, main, beside, facts, dated)


def _elsewhere(mark: Mark, tokens: Sequence[Token], not_names: frozenset[str]) -> Mark:
    """ "I will be in Lagos": a place that is not the event's, behind words of being somewhere."""
    if mark.meaning != "be_in" or mark.end >= len(tokens):
        return mark
    place = tokens[mark.end]
    if not place.capital or place.norm in not_names:
        return mark
    end = mark.end
    while end < len(tokens) and tokens[end].capital:
        end += 1
    return Mark(Rule("away", mark.rule.person), mark.start, end)


def _part_of_name(mark: Mark, mention: Mention, tokens: Sequence[Token]) -> bool:
    if not mention.start <= mark.start < mention.end:
        return False
    if mark.end <= mention.end and all(tokens[i].capital for i in range(mark.start, mark.end)):
        return mark.end - mark.start > 1 or not _in_brackets(mark, mention, tokens)
    if mark.end - mark.start > 1:
        return mention.start < mark.start and mention.end < mark.end and han(tokens[mark.start].norm)
    return not _in_brackets(mark, mention, tokens)


def _in_brackets(mark: Mark, mention: Mention, tokens: Sequence[Token]) -> bool:
    """Whether a fact stands in the brackets behind a name."""
    return mark.meaning in FACTS and any(tokens[i].norm == "(" for i in range(mention.start, mark.start))


def _holds(phrase: Mark, mark: Mark, pack: Pack) -> bool:
    """Whether a phrase of who comes along holds a modifier, or its own verb ("va conmigo mi intérprete")."""
    if mark.meaning == "come":
        theirs = pack.verb_first and phrase.meaning == "bring" and mark.rule.person not in {"i", "we"}
        return theirs and phrase.start <= mark.start and mark.end < phrase.end
    own = phrase.meaning == "only" and mark.end == phrase.end  # "guests: none"
    return phrase.start <= mark.start and (mark.end < phrase.end or own)


def _hyphened(mark: Mark, tokens: Sequence[Token]) -> bool:
    """The "se" of "realiza-se" is no "if"."""
    return mark.start > 0 and not tokens[mark.start].space and tokens[mark.start - 1].end < tokens[mark.start].start


def _asked_of_somebody(mark: Mark, main: Sequence[Mark]) -> bool:
    """ "I must talk it over with my director": nobody who comes along."""
    if mark.meaning not in {"bring", "more"}:
        return False
    return any(
        m.meaning in {"maybe", "promise", "away", "withdraw"}
        and m.end - m.start > 1
        and (_overlap(m, mark) or m.end == mark.start)
        for m in main
    )


def _within_a_mention(mark: Mark, tokens: Sequence[Token], mentions: Mentions) -> bool:
    """Whether whom a phrase brings along was mentioned as one of several already: "I and two colleagues come"; or is
    listed: "two people: myself and Ana Lopez"."""
    who = mark.who
    listed = mark.start > 0 and tokens[mark.start - 1].norm == ":"
    return who is not None and any(
        (m.start < mark.start and m.end >= who[1]) or (listed and m.start <= mark.start and mark.end <= m.end)
        for m in mentions.all()
    )


def _filled_in(found: Sequence[Mark], tokens: Sequence[Token], begin: int) -> Mark | None:
    """ "Attending (Y/N): Y": the answer behind a label that asks for it."""
    colon = next((i for i in range(begin + 1, len(tokens)) if tokens[i].norm == ":"), None)
    if colon is None or not any(
        mark.end <= colon and mark.meaning in {"come", "presence", "yes", "confirm"} and not mark.rule.alone
        for mark in found
    ):
        return None
    if any(mark.start < colon < mark.end - 1 and mark.meaning in {"aside", "only", *FACTS} for mark in found):
        return None  # "Accompanied: no", "Do you come with a grounds pass?: no"
    values = [m for m in found if m.start == colon + 1 and m.rule.alone and m.meaning in {"yes", "no", "maybe"}]
    value = max(values, key=lambda m: m.end, default=None)
    ends = value is not None and (value.end >= len(tokens) or not tokens[value.end].word)
    return Mark(Rule(value.meaning), value.start, value.end) if value is not None and ends else None


def bare_answer(tokens: Sequence[Token], at: int, pack: Pack) -> str:
    """Whether a lone "yes" or "no" stands at a token, and nothing behind it: the answer to a question of a form."""
    if at >= len(tokens) or (at + 1 < len(tokens) and tokens[at + 1].word):
        return ""
    rules = (rule for node in pack.lexicon.root.after(tokens[at].norm) for rule in node.rules)
    return next((rule.meaning for rule in rules if rule.alone and rule.meaning in {"yes", "no"}), "")


_BEHIND_BEING = frozenset({"time", "event", "instead", "glad", "but", "aside", "regret", "yes", *BESIDE})


def _being(
    mark: Mark, tokens: Sequence[Token], main: Sequence[Mark], others: Sequence[Mark], mentions: Mentions, pack: Pack
) -> Mark:
    """ "Буду.", "Буду вдвоём": to be is to come where nothing follows that one may be."""
    if mark.meaning != "be":
        return mark
    at = mark.end
    while at < len(tokens) and pack.longest("fill", tokens, at):
        at += pack.longest("fill", tokens, at)
    comes = (
        at >= len(tokens)
        or not tokens[at].word
        or pack.longest("turn", tokens, at) > 0
        or any(m.start == at and m.meaning in _BEHIND_BEING for m in (*main, *others))
        or any(m.start in (mark.start, at) or mark.start < m.start < at < m.end for m in others if m.meaning in BESIDE)
        or bool(mentions.at(at))
    )
    return Mark(Rule("come" if comes else "be", mark.rule.person), mark.start, mark.end)


def _number_at(tokens: Sequence[Token], at: int, pack: Pack) -> tuple[int, int]:
    """A number of people: no day of the month, no year."""
    norm = tokens[at].norm if at < len(tokens) else ""
    if not norm[:1].isdecimal() and (norm not in pack.numbers_by_word or _only_article(tokens, at, pack)):
        return at, 0
    end, value = number_at(tokens, at, pack)
    following = tokens[end].norm if end < len(tokens) else ""
    before = tokens[at - 1].norm if at else ""
    dated = following in pack.words["day_endings"] | pack.words["months"] or before in pack.words["day_beginnings"]
    if end > at and (value > MOST_PEOPLE or dated):
        return at, 0
    return end, value


def _only_article(tokens: Sequence[Token], at: int, pack: Pack) -> bool:
    """ "There will be an empty chair": an article before no person is no number."""
    if not pack.has("determiners", tokens[at].norm) or at + 1 >= len(tokens):
        return False
    return not pack.longest_of(_PEOPLE, tokens, at + 1) and tokens[at + 1].word


def _overlap(one: Mark, other: Mark) -> bool:
    return one.start < other.end and other.start < one.end


def _choose(found: Sequence[Mark]) -> list[Mark]:
    """The longest phrases, none overlapping; where two are equally long, the more telling one.

    Words that "..." stood for do not count.
    """
    taken: set[int] = set()
    chosen: list[Mark] = []
    for mark in sorted(
        found, key=lambda m: (m.start - m.end + m.passed, m.who is not None, _ORDER.get(m.meaning, 99), m.start)
    ):
        span = range(mark.start, mark.end)
        if not taken.isdisjoint(span):
            continue
        taken.update(span)
        chosen.append(mark)
    return sorted(chosen, key=lambda mark: mark.start)


def _is_whole(
    mark: Mark, found: Sequence[Mark], tokens: Sequence[Token], begin: int, mentions: Mentions, pack: Pack
) -> bool:
    """Whether a phrase is the whole sentence, but for thanks, fillers and a name."""
    polite = {i for m in found if m.meaning in {"courtesy", "aside", "time", "event"} for i in range(m.start, m.end)}
    named = {i for mention in mentions.all() for i in range(mention.start, mention.end)}
    return all(
        mark.start <= i < mark.end
        or i in polite
        or i in named
        or not tokens[i].word
        or not tokens[i].norm[:1].isalnum()
        or pack.has("fill", tokens[i].norm)
        for i in range(begin, len(tokens))
    )


def _opens_its_piece(mark: Mark, tokens: Sequence[Token], begin: int, pack: Pack) -> bool:
    """Whether nothing but fillers stands before a phrase in its piece."""
    start = mark.start
    while start > begin and pack.has("fill", tokens[start - 1].norm):
        start -= 1
    return start == begin or not tokens[start - 1].word


def _joined(mark: Mark, found: Sequence[Mark], tokens: Sequence[Token], pack: Pack) -> bool:
    """ "I will attend and my colleague Jane Roe too": an "and" opens it behind a word of coming."""
    joins = mark.meaning == "bring" and pack.longest("and", tokens, mark.start) > 0
    comes = max((m.end for m in found if m.meaning == "come" and m.end <= mark.start), default=0)
    wished = any(m.meaning == "courtesy" and comes <= m.start < mark.end for m in found)  # "best wishes to Maria and …"
    return joins and comes > 0 and not wished


def stands_alone(mark: Mark, tokens: Sequence[Token], begin: int, pack: Pack) -> bool:
    """Whether a phrase fills its piece between two stops or commas."""
    start, end = mark.start, mark.end
    words = pack.words
    while start > begin and tokens[start - 1].norm in words["fill"]:
        start -= 1
    while end < len(tokens) and tokens[end].norm in words["fill"]:
        end += 1
    opens = start == begin or not tokens[start - 1].norm.isalnum() or tokens[start - 1].norm in words["turn"]
    if start > begin and tokens[start - 1].norm in ":/":
        return False  # the value of some label, one of "(Y/N)"
    if end < len(tokens) and tokens[end].norm == "/":
        return False
    closes = end >= len(tokens) or not tokens[end].norm.isalnum() or tokens[end].norm in words["turn"]
    return opens and closes


__all__ = ["Marks", "bare_answer", "marks_of"]
