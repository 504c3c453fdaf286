"""Who is spoken of: mentions of people in a sentence, and names as they may be kept.

A name is taken over only if it looks like one: what a display name smuggles in (template syntax, formulas, markup,
addresses, control characters) never becomes an attendee's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rsvpbot.reading.pack import Pack
from rsvpbot.reading.tokens import Token, fold, tokenize

MOST_NAME_WORDS = 7
LONGEST_NAME = 80

_HOSTILE = re.compile(r"[{}<>$%=|\\@#~^*_\[\]\x00-\x1f\x7f-\x9f\u2028\u2029]|://|www\.|\d{3}", re.IGNORECASE)
_FORMULA = ("=", "+", "-", "@", "\t")


class Who(StrEnum):
    SELF = "self"
    THEY = "they"
    """A pronoun that points back."""
    NAMED = "named"
    ROLE = "role"
    """Somebody without a name: "a colleague", "the Ambassador"."""
    GROUP = "group"
    """An organisation: "our Mission"."""
    UNKNOWN = "unknown"
    """A subject that could not be made out."""


@dataclass(frozen=True, slots=True)
class Person:
    """One mention of one person (or of several without names)."""

    who: Who
    name: str = ""
    role: str = ""
    """The words that say who it is: titles, ranks, relations."""
    count: int = 1


@dataclass(frozen=True, slots=True)
class Mention:
    """People mentioned together: from which token to which."""

    start: int
    end: int
    people: tuple[Person, ...]


ME = Person(Who.SELF)
SOMEBODY = Person(Who.UNKNOWN)


# --------------------------------------------------------------------------- names as written


def clean_name(text: str, pack: Pack) -> str:
    """A name without honorifics, ranks and titles, given name first; "" where it is no name."""
    text = " ".join(text.split()).strip(" \"'“”‘’,;:-–()")
    if not text or len(text) > LONGEST_NAME or _HOSTILE.search(text) or text.startswith(_FORMULA):
        return ""
    tokens = [token for token in tokenize(text, pack.spelling) if token.word or token.norm == ","]
    tokens = [token for i, token in enumerate(tokens) if i == 0 or token.start != tokens[i - 1].start]
    start, end = 0, len(tokens)
    while start < end:
        length = title_at(tokens, start, pack)
        if not length:
            break
        start += length
    changed = True
    while changed and end > start:
        changed = False
        for words in pack.titles:
            if len(words) + 1 < end - start and tuple(t.norm for t in tokens[end - len(words) : end]) == words:
                end -= len(words)
                changed = True
                break
        if end > start and tokens[end - 1].norm == ",":
            end -= 1
            changed = True
    kept = tokens[start:end]
    if not kept or not any(c.isalpha() for c in text[kept[0].start : kept[-1].end]):
        return ""
    name = text[kept[0].start : kept[-1].end]
    return _given_first(name)


def _given_first(name: str) -> str:
    """ "Okello, Beatrice" and "OKELLO Beatrice" turned round."""
    left, comma, right = name.partition(",")
    if comma:
        left, right = left.strip(), right.strip()
        if not left or not right or "," in right:
            return name if "," not in right else left
        return f"{right} {left}"
    words = name.split()
    leading = 0
    while leading < len(words) and len(words[leading].strip(".'-")) > 1 and words[leading].isupper():
        leading += 1
    given = words[leading:]
    turned = 0 < leading < len(words) and all(w[:1].isupper() and not (w.isupper() and len(w) > 2) for w in given)
    return " ".join(given + words[:leading]) if turned else name


def display_name(raw: str, pack: Pack) -> str:
    """The person's name in a display name; "" for organisations, functions and anything that is no name."""
    raw = " ".join(raw.replace("\u200b", "").split())
    if not raw or len(raw) > 2 * LONGEST_NAME or _HOSTILE.search(raw) or raw.startswith(_FORMULA):
        return ""
    raw = re.sub(r"\([^)]{0,60}\)", " ", raw).strip(" \"'“”‘’")
    raw = raw.partition("/")[0].partition(" - ")[0].partition(" via ")[0].strip(" \"'“”‘’")
    parts = [part.strip() for part in raw.split(",") if part.strip()]
    if len(parts) >= 2:
        if is_organisation(parts[0], pack):
            return ""
        rest = parts[1]
        if (
            len(parts) > 2
            or is_organisation(rest, pack)
            or _all_titles(rest, pack)
            or _looks_organisational(parts[0], rest)
        ):
            raw = parts[0]
        else:
            raw = f"{parts[0]}, {rest}"
    if is_organisation(raw, pack):
        return ""
    name = clean_name(raw, pack)
    words = name.split()
    if not 1 <= len(words) <= MOST_NAME_WORDS or any(c.isdigit() for c in name):
        return ""
    return name


def _looks_organisational(left: str, right: str) -> bool:
    """ "Jane Doe, UNHCR" against "Doe, Jane"."""
    return len(left.split()) >= 2 and right.isupper() and len(right.split()) == 1


def _all_titles(text: str, pack: Pack) -> bool:
    return not clean_name(text, pack) or any(fold(word) in pack.words["roles"] for word in text.split())


def is_organisation(text: str, pack: Pack) -> bool:
    words = pack.words["organisation"]
    return any(token.norm in words for token in tokenize(text, pack.spelling) if token.word)


def title_at(tokens: Sequence[Token], at: int, pack: Pack) -> int:
    """How many tokens a title takes that stands here; 0 for none."""
    if at >= len(tokens):
        return 0
    for words in pack.titles_by_word.get(tokens[at].norm, ()):
        if tuple(token.norm for token in tokens[at : at + len(words)]) == words:
            return len(words)
    return 0


def name_words(name: str) -> frozenset[str]:
    return frozenset(fold(word.strip(".,'")) for word in re.split(r"[\s\-]+", name) if word.strip(".,'"))


def same_person(one: str, other: str) -> bool:
    """Whether two names may be one person's: equal words, or one holds the other."""
    a, b = name_words(one), name_words(other)
    if not a or not b:
        return False
    return _without_initials(a, b) <= b or _without_initials(b, a) <= a


def _without_initials(words: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    """ "F. Dunbar" beside Fergus Dunbar: an initial stands for a word of the other name."""
    return frozenset(w for w in words if len(w) > 1 or not any(o.startswith(w) for o in other))


def merge_names(names: Iterable[str]) -> tuple[str, ...]:
    """Names without repetition; of two forms of one name the fuller stays."""
    kept: list[str] = []
    for name in names:
        if not name:
            continue
        for i, other in enumerate(kept):
            if same_person(name, other):
                if len(name_words(name)) > len(name_words(other)):
                    kept[i] = name
                break
        else:
            kept.append(name)
    return tuple(kept)


# --------------------------------------------------------------------------- mentions in a sentence


class Mentions:
    """The mentions of people in one sentence, found from left to right."""

    def __init__(
        self,
        tokens: Sequence[Token],
        text: str,
        pack: Pack,
        known: frozenset[str] = frozenset(),
        not_names: frozenset[str] = frozenset(),
        lower_case: bool = False,
    ) -> None:
        """`known`: words of names that are certain (the sender's); `not_names`: words of the event's own title and
        place; `lower_case`: the writer uses no capitals."""
        self._tokens = tokens
        self._text = text
        self._pack = pack
        self._known = known
        self._not_names = not_names
        self._lower = lower_case
        self._shouted = _all_capitals(tokens, text)
        self._single: dict[int, tuple[int, Person] | None] = {}
        self._groups: dict[int, tuple[Mention, ...]] = {}
        self._all: tuple[Mention, ...] | None = None

    def ends_at(self, at: int) -> tuple[int, ...]:
        """The ends of all mentions that begin at a token."""
        return tuple(mention.end for mention in self.at(at))

    def between(self, start: int, end: int) -> Mention | None:
        """The mention that covers exactly these tokens."""
        return next((mention for mention in self.at(start) if mention.end == end), None)

    def at(self, at: int) -> tuple[Mention, ...]:
        """All mentions that begin at a token, the longest first."""
        found = self._groups.get(at)
        if found is None:
            found = self._groups[at] = tuple(self._grow(at))
        return found

    def all(self) -> tuple[Mention, ...]:
        """The longest mentions, none overlapping."""
        if self._all is not None:
            return self._all
        found: list[Mention] = []
        at = 0
        while at < len(self._tokens):
            here = self.at(at)
            if here:
                found.append(here[0])
                at = here[0].end
            else:
                at += 1
        self._all = tuple(found)
        return self._all

    def _grow(self, at: int) -> list[Mention]:
        start = at
        if at < len(self._tokens) and self._pack.has("both", self._tokens[at].norm):
            at += 1
        first = self._one(at)
        if first is None:
            return []
        end, person = first
        mentions = [Mention(start, end, (person,))]
        people: tuple[Person, ...] = (person,)
        while len(people) < 12:
            after = self._conjunction(end)
            if after == end:
                break
            following = self._one(after)
            if following is None:
                break
            if following[1].who is Who.SELF and self._tokens[after - 1].norm == ",":
                break  # "on behalf of the Minister, I confirm": two, not one list
            end, person = following
            people = (*people, person)
            mentions.append(Mention(start, end, people))
        return mentions[::-1]

    def _conjunction(self, at: int) -> int:
        position = at
        tokens, words = self._tokens, self._pack.words["and"]
        if position < len(tokens) and tokens[position].norm == ",":
            position += 1
        for length in (3, 2, 1):
            if position + length <= len(tokens) and (
                " ".join(token.norm for token in tokens[position : position + length]) in words
            ):
                return position + length
        return position

    def _one(self, at: int) -> tuple[int, Person] | None:
        if at not in self._single:
            self._single[at] = self._person(at)
        return self._single[at]

    def _person(self, at: int) -> tuple[int, Person] | None:
        tokens, pack = self._tokens, self._pack
        if at >= len(tokens) or not tokens[at].word:
            return None
        word = tokens[at].norm
        if pack.has("self", word):
            return at + 1, Person(Who.SELF, role=word)
        if at + 1 < len(tokens) and pack.has("self", f"{word} {tokens[at + 1].norm}"):
            return at + 2, Person(Who.SELF, role=word)
        if pack.has("they", word):
            return at + 1, Person(Who.THEY, role=word)
        counted = self._counted(at)
        if counted:
            return counted
        position = at
        while position < len(tokens) and pack.has("determiners", tokens[position].norm) and position - at < 4:
            position += 1
        determined = position > at
        titled = self._titles(position)
        role = self._slice(at, titled) if titled > position else ""
        name_end = self.name_end(titled, after_title=titled > position)
        if name_end > titled:
            name = clean_name(self._slice(titled, name_end), pack)
            if name and not (determined and titled == position):
                return self._tail(name_end), Person(Who.NAMED, name=name, role=fold_words(role))
        if titled > position:
            folded = fold_words(role)
            group = all(word in pack.words["group"] for word in folded.split()[-1:])
            if not determined and not tokens[at].capital and not self._plural(role):
                return None
            end = self._of(titled)
            name_end = self._comma_name(end)
            if name_end:
                start = end + 1
                name = clean_name(self._slice(start, name_end), pack)
                if name:
                    return self._tail(name_end), Person(Who.NAMED, name=name, role=folded)
            return end, Person(Who.GROUP if group else Who.ROLE, role=folded)
        return None

    def _plural(self, role: str) -> bool:
        return False if not role else fold_words(role).split()[-1] in self._pack.words["plural"]

    def _comma_name(self, at: int) -> int:
        """ "my deputy, Jane Roe,": the end of the name, or 0."""
        tokens = self._tokens
        if at >= len(tokens) or tokens[at].norm not in ",:(":
            return 0
        start = at + 1
        titled = self._titles(start)
        end = self.name_end(titled, after_title=titled > start)
        if end > titled and (end - titled >= 2 or self._certain(titled)):
            return end
        return 0

    def _counted(self, at: int) -> tuple[int, Person] | None:
        """ "two colleagues", "a couple of my staff": several without names."""
        number_end, number = number_at(self._tokens, at, self._pack)
        if number_end == at:
            return None
        position = number_end
        while position < len(self._tokens) and position - number_end < 5:
            norm = self._tokens[position].norm
            if norm in self._pack.words["plural"] or (number == 1 and norm in self._pack.words["roles"]):
                end = self._of(position + 1)
                if end < len(self._tokens) and number == 1:
                    titled = self._titles(end)
                    name_end = self.name_end(titled, after_title=True)
                    if name_end > titled:
                        name = clean_name(self._slice(titled, name_end), self._pack)
                        return self._tail(name_end), Person(Who.NAMED, name=name, role=norm)
                return end, Person(Who.ROLE, role=norm, count=number)
            modifier = (
                self._pack.has("determiners", norm)
                or self._pack.has("modifiers", norm)
                or (self._tokens[position].capital and self._tokens[position].word)
            )
            if not modifier:
                return None
            position += 1
        return None

    def _titles(self, at: int) -> int:
        """The end of the titles, ranks and relations that begin here, modifiers before them included."""
        position = at
        tokens, pack = self._tokens, self._pack
        while True:
            skipped = position
            while (
                skipped < len(tokens)
                and skipped - position < 4
                and (pack.has("modifiers", tokens[skipped].norm) or self._modifying(skipped, position > at or at > 0))
                and not title_at(tokens, skipped, pack)
                and tokens[skipped].norm not in pack.words["roles"]
            ):
                skipped += 1
            length = title_at(tokens, skipped, pack)
            if not length and skipped < len(tokens) and tokens[skipped].norm in pack.words["roles"]:
                length = 1
            if not length:
                return position
            position = skipped + length

    def _modifying(self, at: int, allowed: bool) -> bool:
        """A capital before a title: "our New York staff", not the name itself."""
        token = self._tokens[at]
        return allowed and token.capital and self._pack.has("places", token.norm)

    def _of(self, at: int) -> int:
        """The end of "of our New York office" after a role."""
        tokens, pack = self._tokens, self._pack
        if at >= len(tokens) or not pack.has("of", tokens[at].norm):
            return at
        position = at + 1
        while position < len(tokens) and position - at < 9 and tokens[position].word:
            token = tokens[position]
            part = (
                token.capital
                or pack.has("determiners", token.norm)
                or pack.has("of", token.norm)
                or pack.has("group", token.norm)
                or pack.has("modifiers", token.norm)
                or token.norm in pack.words["plural"]
            )
            if not part:
                break
            position += 1
        while position > at + 1 and (
            pack.has("determiners", tokens[position - 1].norm) or pack.has("of", tokens[position - 1].norm)
        ):
            position -= 1
        return position if position > at + 1 else at

    def _tail(self, at: int) -> int:
        """The end of what is added to a name: "(UNICEF)", ", Second Secretary", "of our New York office"."""
        tokens, pack = self._tokens, self._pack
        if at < len(tokens) and tokens[at].norm == "(":
            for position in range(at + 1, min(at + 12, len(tokens))):
                if tokens[position].norm == ")":
                    at = position + 1
                    break
        if at + 1 < len(tokens) and tokens[at].norm == ",":
            position = at + 1
            while position < len(tokens) and pack.has("determiners", tokens[position].norm):
                position += 1
            titled = self._titles(position)
            if titled > position and self.name_end(titled, after_title=True) == titled:
                position = titled
                while position < len(tokens) and position - titled < 10:
                    norm = tokens[position].norm
                    if not tokens[position].word and norm not in "()/&":
                        break
                    if norm in pack.words["and"] or pack.has("verbs", norm):
                        break
                    position += 1
                return position
        return self._of(at)

    def name_end(self, at: int, after_title: bool = False) -> int:
        """The end of the name that begins at a token, or the token itself."""
        tokens, pack = self._tokens, self._pack
        position, strong, words = at, 0, 0
        while position < len(tokens) and words < MOST_NAME_WORDS:
            token = tokens[position]
            if not token.word or not token.norm[:1].isalpha():
                break
            if (
                pack.has("particles", token.norm)
                and position + 1 < len(tokens)
                and (words or token.capital or after_title)
            ):
                if self._may_be_name(position + 1) or pack.has("particles", tokens[position + 1].norm):
                    position += 1
                    continue
                break
            if not self._may_be_name(position) and not (
                after_title and position == at and token.capital and self._named_next(position)
            ):
                break
            if position == 0 and not self._certain(position) and pack_knows(pack, token.norm):
                break
            strong += self._certain(position)
            words += 1
            position += 1
        while position > at and pack.has("particles", tokens[position - 1].norm):
            position -= 1
        if not words:
            if after_title and self._lower and at < len(tokens) and self._unknown_word(at):
                return at + 1
            return at
        if strong or (after_title and words):
            return position
        return at

    def _named_next(self, at: int) -> bool:
        """ "Mr. Jan Hruška", "Mr. Sun Hao": a month or a day, but for the title before and the name behind it."""
        words = self._pack.words["short_days"]
        return self._tokens[at].norm in words and at + 1 < len(self._tokens) and self._certain(at + 1)

    def _may_be_name(self, at: int) -> bool:
        token = self._tokens[at]
        if not token.word or not token.norm[:1].isalpha() or token.norm in self._not_names:
            return False
        if token.norm in self._known:
            return token.capital or self._lower
        if self._shouted:
            return token.capital and not pack_knows(self._pack, token.norm)
        if not token.capital and _has_case(token.norm):
            return False
        return not self._pack.has("never_names", token.norm) and not (
            pack_knows(self._pack, token.norm) and self._all_known_here(at)
        )

    def _all_known_here(self, at: int) -> bool:
        """A known word is part of a name only beside a word that is certainly one."""
        beside = [i for i in (at - 1, at + 1) if 0 <= i < len(self._tokens)]
        return not any(self._certain(i) for i in beside)

    def _certain(self, at: int) -> bool:
        token = self._tokens[at]
        if not token.word or not token.norm[:1].isalpha() or token.norm in self._not_names:
            return False
        if token.norm in self._known:
            return True
        return (
            (token.capital or not _has_case(token.norm))
            and not pack_knows(self._pack, token.norm)
            and (not self._pack.has("places", token.norm))
        )

    def _unknown_word(self, at: int) -> bool:
        norm = self._tokens[at].norm
        return norm.isalpha() and len(norm) > 1 and not pack_knows(self._pack, norm)

    def _slice(self, start: int, end: int) -> str:
        if end <= start:
            return ""
        return self._text[self._tokens[start].start : self._tokens[end - 1].end]


def pack_knows(pack: Pack, word: str) -> bool:
    return word in pack.vocabulary


def fold_words(text: str) -> str:
    return " ".join(fold(word.strip(".,;:()")) for word in text.split())


def _has_case(word: str) -> bool:
    return word.upper() != word.lower()


def _all_capitals(tokens: Sequence[Token], text: str) -> bool:
    words = [text[token.start : token.end] for token in tokens if token.word and len(token.norm) > 1]
    return len(words) >= 3 and all(word.isupper() or not word.isalpha() for word in words)


def number_at(tokens: Sequence[Token], at: int, pack: Pack) -> tuple[int, int]:
    """The end of the number that begins at a token, and its value; the token itself and 0 for none."""
    if at >= len(tokens):
        return at, 0
    value = tokens[at].number
    if value is not None:
        end = at + 1
        return end, value
    for length in (4, 3, 2, 1):
        words = " ".join(token.norm for token in tokens[at : at + length])
        if at + length <= len(tokens) and words in pack.numbers:
            end = at + length
            if (
                end + 2 < len(tokens)
                and tokens[end].norm == "("
                and tokens[end + 2].norm == ")"
                and tokens[end + 1].number == pack.numbers[words]
            ):
                end += 3
            return end, pack.numbers[words]
    return at, 0
