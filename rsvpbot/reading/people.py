"""Who is spoken of: mentions of people in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from rsvpbot.reading.names import MOST_NAME_WORDS, acronym, arabic, clean_name, elided, han, title_at
from rsvpbot.reading.pack import INSTEAD, Pack
from rsvpbot.reading.tokens import Token

_OF_AN_OFFICE = ("office", "group", "organisation", "modifiers", "of", "and", "determiners", "titles")
_TITLES = ("titles", "roles", "group")
_LITTLE = ("determiners", "of")
_PARTS = ("group", "modifiers", "plural")

MOST_TOGETHER = 12
LONGEST_HONORIFIC = 4
"""Letters of "Mr", "Mme", "Sra", "prof"."""

LONGEST_RELATIVE = 16
"""Words of a relative clause that is passed over, at most."""

_DOTS = frozenset("·•・*")


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
    several: bool = False
    """Said in the plural, without a number: "my colleagues"."""


class Mention(NamedTuple):
    """People mentioned together: from which token to which."""

    start: int
    end: int
    people: tuple[Person, ...]


ME = Person(Who.SELF)
SOMEBODY = Person(Who.UNKNOWN)


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
        self._words = _in_words(tokens, pack) if any(han(token.norm) for token in tokens) else frozenset()
        self._candidates = frozenset(
            i for i, t in enumerate(tokens) if t.capital or self._starts(t.norm) or t.norm[:1].isdigit() or han(t.norm)
        )
        """Where a mention may begin: most words can be passed over at a glance."""
        self._cased = all(not t.word or _has_case(t.norm) or t.norm[:1].isdigit() for t in tokens)
        self._single: dict[int, tuple[int, Person] | None] = {}
        self._groups: dict[int, tuple[Mention, ...]] = {}
        self._tried: dict[int, tuple[Mention, ...]] = {}
        """Mentions that nothing but their place would give away: people only where somebody must stand."""
        self._all: tuple[Mention, ...] | None = None
        self._by_end: dict[int, Mention] | None = None

    def at(self, at: int) -> tuple[Mention, ...]:
        """All mentions that begin at a token, the longest first."""
        if at not in self._candidates:
            return self._groups.get(at, ())
        found = self._groups.get(at)
        if found is None:
            found = self._groups[at] = tuple(self._grow(at))
        return found

    def all(self) -> tuple[Mention, ...]:
        """The longest mentions, none overlapping."""
        if self._all is None:
            found: list[Mention] = []
            end = 0
            for at in sorted({*self._candidates, *self._groups}):
                here = self.at(at) if at >= end else ()
                if here:
                    found.append(here[0])
                    end = here[0].end
            self._all = tuple(found)
        return self._all

    def ending(self, end: int) -> Mention | None:
        """The longest mention that ends before a token."""
        if self._by_end is None:
            self._by_end = {}
            for start in sorted({*self._candidates, *self._groups}):
                for mention in self.at(start):
                    self._by_end.setdefault(mention.end, mention)
        return self._by_end.get(end)

    def ends_at(self, at: int) -> tuple[int, ...]:
        """Where mentions end that begin at a token behind words that ask for a person ("accompanied by …")."""
        return tuple(mention.end for mention in self.expected(at))

    def between(self, start: int, end: int) -> Mention | None:
        """The mention that covers exactly these tokens, where a person is expected."""
        return next((mention for mention in self.expected(start) if mention.end == end), None)

    def expected(self, at: int) -> tuple[Mention, ...]:
        """As `at`; in scripts without capitals also a name that nothing but its place gives away."""
        if self._cased and at not in self._candidates:
            return ()
        found = self.at(at)
        if found or at >= len(self._tokens) or _has_case(self._tokens[at].norm):
            return found
        if at not in self._tried:
            bare = self._bare(at)
            self._tried[at] = tuple(self._grow(at, bare)) if bare else ()
        return self._tried[at]

    def settle(self, at: int) -> None:
        """Take for people what stands at a token, since somebody must stand there."""
        tried = self._tried.pop(at, ())
        if tried:
            self._groups[at] = tried
            self._all = self._by_end = None

    def bare_name_end(self, at: int) -> int:
        """The end of two to four unknown words of a script without capitals, or the token itself."""
        end = at
        while end < len(self._tokens) and end - at < 4:
            token = self._tokens[end]
            if not token.word or not token.norm[:1].isalpha() or han(token.norm):
                break
            if not self._name_part(end, at):
                break
            end += 1
        while end > at and self._pack.has("particles", self._tokens[end - 1].norm):
            end -= 1
        return end if end - at >= 2 else at

    def _name_part(self, at: int, start: int) -> bool:
        """In a script without capitals: a word that the pack does not know, a given name, or whatever follows "ibn"."""
        norm = self._tokens[at].norm
        if self._pack.has("particles", norm) or self._pack.has("given", norm) or not self._pack.knows(norm):
            return True
        return at > start and self._pack.has("particles", self._tokens[at - 1].norm)

    def han_name_line(self, at: int, whole: bool) -> int:
        """In a list of names: the end of two to four Chinese characters, whichever they are, or the token itself.
        `whole`: where nothing but its own line or sentence makes it a list."""
        tokens = self._tokens
        end = at
        while end < len(tokens) and end - at < 7 and han(tokens[end].norm) and not title_at(tokens, end, self._pack):
            if end > at and tokens[end].space:
                break
            end += 1
        words = ("self", "they", "turn", "and")
        if not 2 <= end - at <= 4 or any(self._pack.longest(name, tokens, at) for name in words):
            return at
        titled = self._titles(end)
        closes = titled >= len(tokens) or not tokens[titled].word or tokens[titled].space
        last = whole or titled >= len(tokens)
        sentence = last and self._text[tokens[-1].end : tokens[-1].end + 1] in ("。", "！", "？")
        return end if closes and not sentence else at

    def bare_name_before(self, end: int, begin: int) -> Mention | None:
        """In a script without capitals: two to four words of a name that open a piece and end before a token."""
        for start in range(max(begin, end - 4), end - 1):
            opens = (
                start == begin
                or not self._tokens[start - 1].word
                or self._pack.has("and", self._tokens[start - 1].norm)
            )
            if opens and not _has_case(self._tokens[start].norm) and self.bare_name_end(start) == end:
                name = clean_name(self._slice(start, end), self._pack)
                return Mention(start, end, (Person(Who.NAMED, name=name),)) if name else None
        return None

    # ----------------------------------------------------------------------- several together

    def _grow(self, at: int, first: tuple[int, Person] | None = None) -> list[Mention]:
        """All mentions that begin at a token, the longest first. `first`: who stands there."""
        start = at
        at += self._pack.longest("both", self._tokens, at)
        first = first or self._one(at)
        if first is None:
            return []
        end, person = first
        first_end = end
        mentions = [Mention(start, end, (person,))]
        people: tuple[Person, ...] = (person,)
        while len(people) < MOST_TOGETHER:
            after = self._conjunction(end)
            if after == end:
                break
            if start > 0 and self._pack.has("of", self._tokens[start - 1].norm):
                after += self._pack.longest("of", self._tokens, after)  # "of Ana Lopez, and of Jane Roe"
            joined = after > end + 1 or self._tokens[end].norm != "," or han_comma(self._tokens[end], self._text)
            following = self._one(after) or self._bare(after)
            if following is None:
                break
            if following[1].who in {Who.SELF, Who.THEY} and self._tokens[after - 1].norm == ",":
                break  # "on behalf of the Minister, I confirm": two, not one list
            if following[1].who is Who.GROUP and person.who is Who.NAMED and not person.role:
                break  # "forwarded to Valletta and the Mission will …"
            if following[1].who is Who.THEY and self._cased:
                break  # "I had a word with Rhys Morgan and he will step in"
            apposed = person.who is Who.THEY and following[1].who is Who.NAMED and self._tokens[after - 1].norm == ","
            end, person = following
            people = (person,) if apposed else (*people, person)  # "she, Ana Lopez, and her adviser"
            if joined:  # "A, B and C"; but in "instead of A, B comes" a comma joins nothing
                mentions.append(Mention(start, end, people))
        told = len(people) - 1
        if (
            told > 1
            and people[0].count == told
            and mentions[-1].people == people
            and self._tokens[first_end].norm == ","
        ):
            mentions[-1] = Mention(start, end, people[1:])  # "two people, Ana Lopez and I"
        return mentions[::-1]

    def _bare(self, at: int) -> tuple[int, Person] | None:
        """A name that stands behind "and", in a script without capitals."""
        if at >= len(self._tokens) or _has_case(self._tokens[at].norm):
            return None
        end = self.bare_name_end(at)
        name = clean_name(self._slice(at, end), self._pack) if end > at else ""
        return (self.tail(end), Person(Who.NAMED, name=name)) if name else None

    def _conjunction(self, at: int) -> int:
        """The end of "and", "as well as", a comma; the token itself where none stands there."""
        position = at
        if position < len(self._tokens) and self._tokens[position].norm == ",":
            position += 1
        return position + self._pack.longest("and", self._tokens, position)

    # ----------------------------------------------------------------------- one

    def _one(self, at: int) -> tuple[int, Person] | None:
        if at not in self._single:
            self._single[at] = self._person(at)
        return self._single[at]

    def _person(self, at: int) -> tuple[int, Person] | None:
        tokens, pack = self._tokens, self._pack
        if at >= len(tokens) or not tokens[at].word:
            return None
        position = self._determiners(at)
        if position > at and self._cased and not self._may_begin(at, position):
            return None
        titled = self._titles(position)
        if position in (titled, at):
            pronoun = pack.longest("self", tokens, at)
            if pronoun and not self._foreign_name(at):
                return at + pronoun, Person(Who.SELF, role=self._norms(at, at + pronoun))
            pronoun = pack.longest("they", tokens, at)
            if pronoun:
                return at + pronoun, Person(Who.THEY, role=self._norms(at, at + pronoun))
        two = pack.longest("dual", tokens, at)
        if two:
            return at + two, Person(Who.ROLE, role=self._norms(at, at + two), count=2)
        counted = self._counted(at) or (self._counted(position) if position > at else None)
        if counted:
            return counted
        given = titled > position and arabic(tokens[titled - 1].norm) and pack.has("given", tokens[titled - 1].norm)
        particle = titled < len(tokens) and pack.has("particles", tokens[titled].norm)
        if given and (particle or self.name_end(titled, after_title=True) - titled <= 1):
            titled -= 1  # "شيخة المسلماني", "أميرة بن يوسف"
        role = self._norms(at, titled) if titled > position else ""
        name_end = self.name_end(titled, after_title=titled > position)
        if titled > position and titled < len(tokens) and han(tokens[titled].norm):
            name_end = max(name_end, self._han_before_title(titled))
        if name_end > titled:
            name = clean_name(self._slice(titled, name_end), pack)
            if name and titled > position and self._is_group(position, titled) and not han(tokens[titled].norm):
                return name_end, Person(Who.GROUP, role=role)  # "посольство Белогорья"
            determined = position > at and titled == position and _has_case(tokens[titled].norm)
            if name and (not determined or self._named_with_article(at, position, name_end)):
                return self.tail(name_end), Person(Who.NAMED, name=name, role=role)
        if titled == position:
            return None
        office = self._office(titled)
        name_end = self.name_end(office) if office > titled else office
        if office < len(tokens) and arabic(tokens[office].norm) and name_end == office:
            name_end = self.bare_name_end(office) if office > titled else office
            if name_end == office and pack.knows(tokens[office].norm) and tokens[office].norm not in pack.verbs:
                office += 1  # "مديرة إدارة الطفولة هيفاء الرومي": of what, in one word more
                name_end = self.bare_name_end(office)
        if name_end - office >= 2 and not self._is_group(
            position, titled
        ):  # "начальник департамента миграции Жаслан Куттыбаев"
            name = clean_name(self._slice(office, name_end), pack)
            if name:
                return self.tail(name_end), Person(Who.NAMED, name=name, role=role)
        return self._role(at, position, titled, role)

    def _may_begin(self, at: int, behind: int) -> bool:
        """Whether somebody may be meant by "the" at a token and what stands `behind` it: most often it is a thing."""
        following = self._tokens[behind] if behind < len(self._tokens) else None
        if following is not None and (
            following.capital or self._starts(following.norm) or following.norm[:1].isdigit()
        ):
            return True
        norm = self._tokens[at].norm
        return norm in self._pack.numbers_by_word or self._pack.begins(("self", "they", "dual"), norm)

    def _starts(self, norm: str) -> bool:
        """Whether a mention may begin with a word in lower case."""
        return norm in self._known or self._pack.may_begin_person(norm)

    def _foreign_name(self, at: int) -> bool:
        """ "Ana" in Arabic text is somebody's name and not "I" in Latin letters."""
        token, following = self._tokens[at], self._tokens[at + 1 : at + 2]
        latin = token.capital and token.norm.isascii()
        return latin and any(t.norm[:1] > "\u036f" for t in self._tokens) and any(t.capital for t in following)

    def _named_with_article(self, at: int, position: int, end: int) -> bool:
        """ "a Kauany Batista": where the language puts an article before names."""
        article = position - at == 1 and self._pack.has("name_articles", self._tokens[at].norm)
        return article and (end - position > 1 or self._tokens[position].norm in self._known)

    def _office(self, at: int) -> int:
        """The end of the words behind a title that say of which office."""
        position = at
        while position - at < 8 and position < len(self._tokens):
            length = self._pack.longest_of(_OF_AN_OFFICE, self._tokens, position)
            if not length:
                break
            position += length
        return position

    def _role(self, at: int, position: int, titled: int, role: str) -> tuple[int, Person] | None:
        """ "my deputy", "the Ambassador", "our Mission"; with the name behind a comma, if there is one."""
        pack = self._pack
        group = self._is_group(position, titled)
        bare = position == at and not self._tokens[at].capital and not self._ends_with("plural", titled)
        if bare and pack.articles:
            return None
        end = self._of(titled)
        name_end = self._comma_name(end)
        if not name_end and self._office(titled) > end:
            end, name_end = self._office(titled), self._comma_name(self._office(titled))
            end = end if name_end else self._of(titled)
        if name_end:
            name = clean_name(self._slice(self._determiners(end + 1), name_end), pack)
            if name:
                return self.tail(name_end), Person(Who.NAMED, name=name, role=role)
        raw = self._slice(titled - 1, titled)
        if group and titled - position == 1 and acronym(raw) and not self._shouted:
            return end, Person(Who.NAMED, name=raw)
        several = not group and self._ends_with("plural", titled) and not han(self._tokens[titled - 1].norm)
        return end, Person(Who.GROUP if group else Who.ROLE, role=role, several=several)

    def _determiners(self, at: int) -> int:
        if at >= len(self._tokens) or not self._pack.begins(("determiners",), self._tokens[at].norm):
            return at
        position = at
        for _ in range(4):
            length = self._pack.longest("determiners", self._tokens, position)
            if not length:
                break
            position += length
        return position

    def _ends_with(self, name: str, end: int) -> bool:
        """Whether an entry of a set ends before a token."""
        return any(self._pack.longest(name, self._tokens, end - n) == n for n in range(1, 6) if end - n >= 0)

    def _is_group(self, start: int, end: int) -> bool:
        """Whether the words speak of an organisation and of nobody in it ("our Mission", but not "дипломат миссии")."""
        people = ("titles", "roles", "plural")
        return self._ends_with("group", end) and not any(
            self._pack.longest(name, self._tokens, i) for name in people for i in range(start, end)
        )

    def _comma_name(self, at: int) -> int:
        """ "my deputy, Jane Roe,": the end of the name, or 0."""
        tokens = self._tokens
        if at >= len(tokens) or tokens[at].norm not in ",:(-":
            return 0
        start = self._determiners(at + 1)
        titled = self._titles(start)
        end = max(self.name_end(titled, after_title=titled > start), self.bare_name_end(titled))
        if end > titled and (end - titled >= 2 or self._certain(titled) or titled > start):
            return end
        return 0

    def _counted(self, at: int) -> tuple[int, Person] | None:
        """ "two colleagues", "a couple of my staff": several without names."""
        tokens, pack = self._tokens, self._pack
        number_end, number = number_at(tokens, at, pack)
        if number_end == at or number > 200:
            return None
        position = number_end
        while position < len(tokens) and position - number_end < 6:
            several = pack.longest("plural", tokens, position)
            single = pack.longest("roles", tokens, position)
            if several or (single and (number == 1 or not pack.articles)):
                end = self._of(position + max(several, single))
                norm = self._norms(position, position + max(several, single))
                if end < len(tokens) and number == 1:
                    titled = self._titles(end)
                    name_end = self.name_end(titled, after_title=True)
                    if name_end > titled and (titled > end or tokens[end].capital):
                        name = clean_name(self._slice(titled, name_end), pack)
                        if name:
                            return self.tail(name_end), Person(Who.NAMED, name=name, role=norm)
                return end, Person(Who.ROLE, role=norm, count=number)
            length = max(
                pack.longest("determiners", tokens, position),
                pack.longest("modifiers", tokens, position),
                1 if tokens[position].capital and tokens[position].word and position > number_end else 0,
            )
            if not length:
                return None
            position += length
        return None

    def _titles(self, at: int) -> int:
        """The end of the titles, ranks and relations that begin here, modifiers before them included."""
        position = at
        tokens, pack = self._tokens, self._pack
        while True:
            skipped = position
            length = self._title_length(skipped)
            if length and self._in_a_longer_modifier(skipped, length):
                length = 0  # the 人 of "人权处处长"
            while not length and skipped < len(tokens) and skipped - position < 5:
                step = pack.longest("modifiers", tokens, skipped)
                if not step and tokens[skipped].capital and pack.has("places", tokens[skipped].norm) and skipped > 0:
                    step = 1
                if not step:
                    break
                skipped += step
                length = self._title_length(skipped)
            if not length:
                return position
            position = skipped + length

    def _in_a_longer_modifier(self, at: int, length: int) -> bool:
        """Whether a Chinese title is only the beginning of a longer word that stands before another title."""
        step = self._pack.longest("modifiers", self._tokens, at) if han(self._tokens[at].norm) else 0
        return step > length and self._title_length(at + step) > 0

    def _title_length(self, at: int) -> int:
        if elided(self._tokens, at, self._pack):
            return 0
        return self._pack.longest_of(_TITLES, self._tokens, at)

    def _of(self, at: int) -> int:
        """The end of "of our New York office" after a role."""
        tokens, pack = self._tokens, self._pack
        position = at + pack.longest("of", tokens, at)
        if position == at:
            return at
        end = at
        while position < len(tokens) and position - at < 10 and tokens[position].word:
            little = pack.longest_of(_LITTLE, tokens, position)
            part = pack.longest_of(_PARTS, tokens, position)
            if tokens[position].capital and not (self._shouted and pack.knows(tokens[position].norm)):
                part = max(part, 1)  # "DO EMBAIXADOR DE CONFIRMAR A SUA PARTICIPAÇÃO" is no office
            if not little and not part:
                break
            position += max(little, part)
            if part:
                end = position
        return end

    def tail(self, at: int) -> int:
        """The end of what is added to a name: "(UNICEF)", ", Second Secretary", "of our New York office", "女士"."""
        tokens, pack = self._tokens, self._pack
        if at and at < len(tokens) and not _has_case(tokens[at].norm) and tokens[at].word:
            titled = self._titles(at)
            at = self._office(titled) if titled > at and not han(tokens[at].norm) else titled
        if at < len(tokens) and tokens[at].norm == "(":
            for position in range(at + 1, min(at + 14, len(tokens))):
                if tokens[position].norm == ")":
                    at = position + 1
                    break
        if at + 1 < len(tokens) and tokens[at].norm == ",":
            position = self._determiners(at + 1)
            titled = self._titles(position)
            if titled > position and self.name_end(titled, after_title=True) == titled:
                position = titled
                while position < len(tokens) and position - titled < 10:
                    norm = tokens[position].norm
                    if not tokens[position].word and norm not in "()/&":
                        break
                    if pack.has("and", norm) or norm in pack.verbs or norm in pack.lexicon.barrier:
                        break  # "Ana López, embajadora | no vendrá"
                    position += 1
                return self.tail(position) if position < len(tokens) and tokens[position].norm == "," else position
        return self._behind_relative(at) or self._of(at)

    def _behind_relative(self, at: int) -> int:
        """ "Ana Lopez, who knows the file, will …": the end of what a relative clause adds, if no word of coming stands
        in it and it is closed; else 0."""
        tokens, pack = self._tokens, self._pack
        if at + 1 >= len(tokens) or tokens[at].norm != "," or not pack.has("who", tokens[at + 1].norm):
            return 0
        for position in range(at + 2, min(at + LONGEST_RELATIVE, len(tokens))):
            if tokens[position].norm == ",":
                return position
            if tokens[position].norm in pack.verbs or not tokens[position].word:
                return 0
        return 0

    # ----------------------------------------------------------------------- names

    def name_end(self, at: int, after_title: bool = False) -> int:
        """The end of the name that begins at a token, or the token itself."""
        tokens, pack = self._tokens, self._pack
        if at >= len(tokens):
            return at
        if han(tokens[at].norm):
            return self._han_name_end(at)
        if not after_title and not _has_case(tokens[at].norm) and not self._known_at(at):
            return at
        position, strong, words = at, 0, 0
        particle = after_title and not (pack.has("of", tokens[at].norm) and self._of_something(at))
        while position < len(tokens) and words < MOST_NAME_WORDS:
            token = tokens[position]
            if not token.word or not token.norm[:1].isalpha() or han(token.norm):
                break
            if (
                pack.has("particles", token.norm)
                and position + 1 < len(tokens)
                and (words or token.capital or particle)
            ):
                following = tokens[position + 1]
                bare = following.word and not _has_case(following.norm) and words > 0
                if bare or self._may_be_name(position + 1) or pack.has("particles", following.norm):
                    position += 1
                    continue
                break
            known_day = after_title and position == at and token.capital and self._certain(position + 1)
            known_day = known_day or (after_title and position == at and self._behind_honorific(at))
            bare = not _has_case(token.norm)
            part = bare and (
                (after_title and self._name_part(position, at))
                or (position > at and pack.has("particles", tokens[position - 1].norm))  # "نصيرة بن علي"
                or (after_title and position == at + 1 and self._closes(position))  # "السيدة نهى بركات، مديرة"
            )
            if not self._may_be_name(position) and not known_day and not part:
                break  # but "Mr. Jan Hruška", "Mr. Sun Hao": a month or a day anywhere else
            opens = position > 0 or token.norm in self._known or after_title or self._initial(0)
            if not opens and not self._opens_as_name():
                break
            strong += self._certain(position)
            words += 1
            position += 1
        while position > at and pack.has("particles", tokens[position - 1].norm):
            position -= 1
        if not words:
            return at + 1 if after_title and self._lower and self._unknown_word(at) else at
        return position if strong or after_title else at

    def _behind_honorific(self, at: int) -> bool:
        """ "M. Petit", "Mrs. Baker": a word with a capital behind a short form of address is a name."""
        token, pack = self._tokens[at], self._pack
        if self._shouted and pack.knows(token.norm):
            return False  # "SE A MINHA MÃE FICAR BOA"
        short = at > 0 and len(self._tokens[at - 1].norm) <= LONGEST_HONORIFIC and token.capital
        other = pack.has("never_names", token.norm) or pack.longest_of(
            ("titles", "roles", "group", "of"), self._tokens, at
        )
        return short and not other and _has_case(token.norm) and token.norm not in self._not_names

    def _closes(self, at: int) -> bool:
        """In a script without capitals: whether a word, though it is one of the language's, stands before a comma or
        the end and so belongs to the name before it."""
        norm = self._tokens[at].norm
        last = at + 1 >= len(self._tokens) or self._tokens[at + 1].norm in ",("
        verb = norm in self._pack.verbs or any(
            rule.meaning in INSTEAD for node in self._pack.lexicon.root.after(norm) for rule in node.rules
        )
        return last and not verb and not any(self._pack.longest(n, self._tokens, at) for n in _NO_FAMILY_NAMES)

    def _known_at(self, at: int) -> bool:
        """In a script without capitals: a word of a known name; one that the pack has too only beside another."""
        if self._tokens[at].norm not in self._known:
            return False
        beside = at + 1 < len(self._tokens) and self._tokens[at + 1].norm in self._known
        return beside or not self._pack.knows(self._tokens[at].norm)

    def _of_something(self, at: int) -> bool:
        """Whether what stands before is somebody *of* something ("le directeur d'Amnesty"), not "M. de Villepin"."""
        return self._ends_with("roles", at) or self._ends_with("group", at) or self._ends_with("plural", at)

    def _opens_as_name(self) -> bool:
        """Whether the capital that opens the sentence is a name's: another follows, or a verb ("Tomas will …")."""
        tokens = self._tokens
        if len(tokens) < 2:
            return False
        following = tokens[1].norm
        after = 1 + self._pack.longest("and", tokens, 1)
        with_me = after > 1 and self._pack.longest("self", tokens, after) > 0  # "Frank and I will come"
        if self._pack.knows(tokens[0].norm):
            given = self._pack.has("given", tokens[0].norm)
            if not given and self._pack.lexicon.leads_in(tokens[0].norm):
                return False  # "Пришлю Тамару"
            return self._certain(1) or (given and (with_me or following in self._pack.verbs))
        return (
            self._certain(1)
            or tokens[1].capital
            or with_me
            or following in self._pack.verbs
            or self._pack.has("particles", following)
        )

    def _han_name_end(self, at: int) -> int:
        """A Chinese name: a surname and one or two characters that are no other word; a surname before a title."""
        tokens, pack = self._tokens, self._pack
        for length in (4, 3, 2):
            run = "".join(token.norm for token in tokens[at : at + length])
            if len(run) == length and run in self._known:
                return at + length
        foreign = self._dotted_name_end(at)
        if foreign > at:
            return foreign
        for length in (2, 1):
            for given in (2, 1):
                end = at + length + given
                names = pack.longest("surnames", tokens, at) == length and all(han(t.norm) for t in tokens[at:end])
                names = names and not any(pack.has("and", t.norm) for t in tokens[at + length : end])  # "陈刚及秘书"
                longer = given > 1 and title_at(tokens, end - 1, pack) > title_at(tokens, end, pack)
                if names and title_at(tokens, end, pack) and not longer:
                    return end  # "张伟大使", though 伟大 is a word
        if at in self._words:
            return at
        for length in (2, 1):
            if pack.longest("surnames", tokens, at) != length:
                continue
            end = at + length
            while (
                end < len(tokens)
                and end - at - length < 2
                and han(tokens[end].norm)
                and end not in self._words
                and not tokens[end].space
                and not (end > at + length and self._counts_people(end))
            ):
                end += 1
            office = max(pack.longest("organisation", tokens, end), pack.longest("group", tokens, end))
            if office and not title_at(tokens, end, pack):
                return at  # "栗原基金"
            if end > at + length + 1 and title_at(tokens, end - 1, pack) > title_at(tokens, end, pack):
                end -= 1  # "王明副部长"
            if end > at + length:
                return end
            if title_at(tokens, at + length, pack):
                return at + length
        return at

    def _counts_people(self, at: int) -> bool:
        """ "王芳三个人": a number of people, and no part of the name before it."""
        end, number = number_at(self._tokens, at, self._pack)
        return number > 1 and self._pack.longest_of(("determiners", "roles"), self._tokens, end) > 0

    def _han_before_title(self, at: int) -> int:
        """ "翻译敖登格日勒女士": what stands between a role and a title; the token itself where no title follows."""
        end = at
        while end < len(self._tokens) and end - at < 8 and han(self._tokens[end].norm) and end not in self._words:
            end += 1
        return end if end - at >= 2 and title_at(self._tokens, end, self._pack) else at

    def _dotted_name_end(self, at: int) -> int:
        """ "玛丽亚·洛佩斯": a foreign name in Chinese characters."""
        tokens = self._tokens
        end, dots = at, 0
        while end < len(tokens) and end - at < 20:
            if han(tokens[end].norm) and end not in self._words:
                end += 1
            elif tokens[end].norm in _DOTS and end > at:
                dots += 1
                end += 1
            else:
                break
        return end if dots and han(tokens[end - 1].norm) else at

    def _may_be_name(self, at: int) -> bool:
        token = self._tokens[at]
        if not token.word or not token.norm[:1].isalpha() or token.norm in self._not_names:
            return False
        if any(self._long_place(i) > at - i for i in range(max(at - 3, 0), at + 1)):
            return False  # "Costa Rica", the "Salvador" of "El Salvador"
        if token.norm in self._known:
            return token.capital or self._lower or not _has_case(token.norm)
        if self._shouted:
            return token.capital and not self._pack.knows(token.norm) and self._in_a_run(at)
        if not token.capital and _has_case(token.norm):
            return False
        if at == 0 and token.norm in self._pack.verbs and not self._pack.has("given", token.norm):
            return False  # "Пойдёт Олег Крюк"
        if self._initial(at):
            return True
        return not self._pack.has("never_names", token.norm) and not (
            self._pack.knows(token.norm) and self._stands_alone(at)
        )

    def _in_a_run(self, at: int) -> bool:
        """Where all is in capitals: whether another word that may be a name stands beside, a title before, or "and I"
        behind. By itself any word that the pack does not have would be a name ("ЗАВИСИТ ОТ ДЕЖУРСТВ")."""
        tokens, pack = self._tokens, self._pack
        if any(0 <= i < len(tokens) and self._part_of_a_name(i) for i in (at - 1, at + 1)):
            return True
        joined = at + 1 + pack.longest("and", tokens, at + 1)
        if joined > at + 1 and pack.longest("self", tokens, joined):
            return True
        titled = (i + title_at(tokens, i, pack) for i in range(max(0, at - 5), at) if title_at(tokens, i, pack))
        return any(end in {at - 1, at} for end in titled)

    def _part_of_a_name(self, at: int) -> bool:
        norm = self._tokens[at].norm
        sure = self._pack.has("given", norm) or self._pack.has("particles", norm) or norm in self._known
        return sure or (self._unknown_word(at) and norm not in self._not_names)

    def _long_place(self, at: int) -> int:
        """How many tokens the name of a place in several words takes, that is no surname ("Felipe Santa Cruz")."""
        length = self._pack.longest("places", self._tokens, at)
        surname = at > 0 and self._tokens[at - 1].capital and self._pack.has("given", self._tokens[at - 1].norm)
        return length if length > 1 and not surname else 0

    def _initial(self, at: int) -> bool:
        """ "Е. В. Дорофеева": a letter with a stop beside a word that is certainly a name, or beside another such
        letter that is."""
        if not self._letter(at):
            return False
        after, before = at, at
        while after < len(self._tokens) and after - at < 3 and self._letter(after):
            after += 1
        while before >= 0 and at - before < 3 and self._letter(before):
            before -= 1
        behind = after < len(self._tokens) and self._tokens[after].capital and self._certain(after)
        return behind or (before >= 0 and self._tokens[before].capital and self._certain(before))

    def _letter(self, at: int) -> bool:
        token = self._tokens[at]
        return token.capital and len(token.norm) == 1 and self._text[token.end : token.end + 1] == "."

    def _stands_alone(self, at: int) -> bool:
        """A known word is part of a name only beside a word that is certainly one, and only with a capital."""
        if not _has_case(self._tokens[at].norm):
            return True
        if self._pack.has("given", self._tokens[at].norm):
            return False
        return not any(self._certain(i) for i in (at - 1, at + 1) if 0 <= i < len(self._tokens))

    def _certain(self, at: int) -> bool:
        if at >= len(self._tokens):
            return False
        token = self._tokens[at]
        if not token.word or not token.norm[:1].isalpha() or token.norm in self._not_names:
            return False
        if token.norm in self._known:
            return True
        if token.capital and self._pack.has("given", token.norm) and (at > 0 or self._opens_as_name()):
            return True  # Rosa, Grace
        return (
            (token.capital or not _has_case(token.norm))
            and not self._pack.has("places", token.norm)
            and not self._pack.knows(token.norm)
        )

    def _unknown_word(self, at: int) -> bool:
        norm = self._tokens[at].norm
        return norm.isalpha() and len(norm) > 1 and not self._pack.knows(norm)

    def _slice(self, start: int, end: int) -> str:
        if end <= start:
            return ""
        return self._text[self._tokens[start].start : self._tokens[end - 1].end]

    def _norms(self, start: int, end: int) -> str:
        return " ".join(token.norm for token in self._tokens[start:end])


_NO_FAMILY_NAMES = ("never_names", "titles", "roles", "group", "organisation", "and", "of", "fill", "places")

_WORDS_OF_HAN = (
    "titles",
    "roles",
    "plural",
    "group",
    "organisation",
    "determiners",
    "modifiers",
    "ordinary",
    "fill",
    "object",
)
_SINGLE_HAN = ("and", "of", "self", "they", "fill", "ordinary", "turn", "object")


def _in_words(tokens: Sequence[Token], pack: Pack) -> frozenset[int]:
    """The tokens that belong to words of the language: in Chinese, these are no part of a name."""
    found = set(pack.lexicon.in_phrases(tokens))
    for at in range(len(tokens)):
        length = pack.longest_of(_WORDS_OF_HAN, tokens, at)
        if length > 1:
            found.update(range(at, at + length))
        elif pack.longest_of(_SINGLE_HAN, tokens, at) == 1:
            found.add(at)
    return frozenset(found)


def han_comma(token: Token, text: str) -> bool:
    """Whether a token is the Chinese sign between the members of a list."""
    return text[token.start : token.start + 1] == "、"


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
        return at + 1, value
    numbers = pack.numbers_by_word.get(tokens[at].norm)
    if numbers is None:
        return at, 0
    for words, value in numbers:
        end = at + len(words)
        if tuple(token.norm for token in tokens[at:end]) == words:
            if (
                end + 2 < len(tokens)
                and tokens[end].norm == "("
                and tokens[end + 2].norm == ")"
                and tokens[end + 1].number == value
            ):
                end += 3  # "two (2)"
            return end, value
    return at, 0


def says_role(role: str, words: frozenset[str]) -> bool:
    """Whether the last words of a role are one of these ("deputy director" for "director"); in Chinese its last
    characters."""
    parts = role.split()
    return any(" ".join(parts[i:]) in words for i in range(len(parts)))


__all__ = ["ME", "SOMEBODY", "Mention", "Mentions", "Person", "Who", "number_at", "says_role"]
