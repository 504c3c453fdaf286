"""The phrases of a language pack, and finding them in a sentence.

A phrase is written as one would say it, with a few signs:

    be there            these words, in this order
    attend*             any word that begins so
    {come}              any phrase of the list "come"
    (kindly)            may be missing
    [take|sit in]       one of these
    ...                 at most six other words, no stop and no "not" between them
    <who>               a person or several: "I", "my colleague Jane Roe", "the Ambassador and his wife"
    <n>                 a number, in figures or words

Words of the list "fill" (also, gladly, unfortunately …) may stand anywhere between the words of a phrase.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rsvpbot.reading.tokens import Token, fold, tokenize

GAP = 6
"""Most words that "..." stands for."""

FILL = "fill"
MOST_FILLERS = 4


class PhraseError(ValueError):
    """A phrase that cannot be understood: which, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Word:
    text: str


@dataclass(frozen=True, slots=True)
class Stem:
    text: str


@dataclass(frozen=True, slots=True)
class Listed:
    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    options: tuple[tuple[Element, ...], ...]
    optional: bool


@dataclass(frozen=True, slots=True)
class Gap:
    most: int = GAP


@dataclass(frozen=True, slots=True)
class Slot:
    name: str


Element = Word | Stem | Listed | Choice | Gap | Slot
Phrase = tuple[Element, ...]

_SLOTS = frozenset({"who", "n"})


def compile_phrase(text: str) -> Phrase:
    """The elements of a phrase. Raises PhraseError."""
    elements, rest = _sequence(text, 0, "")
    if rest != len(text) or not elements:
        raise PhraseError(f"{text!r}: a bracket is open, or nothing is said")
    if not _says_something(elements):
        raise PhraseError(f"{text!r}: every word of it may be missing")
    if isinstance(elements[0], Gap) or isinstance(elements[-1], Gap):
        raise PhraseError(f"{text!r}: '...' stands between words, not at an end")
    return elements


def _says_something(elements: Phrase) -> bool:
    """Whether at least one word is certain."""
    return any(
        all(_says_something(option) for option in element.options) and not element.optional
        if isinstance(element, Choice)
        else not isinstance(element, Gap)
        for element in elements
    )


def _sequence(text: str, at: int, closing: str) -> tuple[Phrase, int]:
    elements: list[Element] = []
    while at < len(text):
        char = text[at]
        if closing and char in closing + "|":
            return tuple(elements), at
        if char in "([":
            options, at = _options(text, at + 1, ")" if char == "(" else "]")
            elements.append(Choice(options, char == "("))
        elif char in "{<":
            end = text.find("}" if char == "{" else ">", at)
            if end < 0:
                raise PhraseError(f"{text!r}: {char} is not closed")
            name = text[at + 1 : end]
            if char == "<" and name not in _SLOTS:
                raise PhraseError(f"{text!r}: <{name}> is unknown; there are <who> and <n>")
            elements.append(Listed(name) if char == "{" else Slot(name))
            at = end + 1
        elif text.startswith("...", at):
            elements.append(Gap())
            at += 3
        elif char.isspace():
            at += 1
        else:
            end = at
            while end < len(text) and not text[end].isspace() and text[end] not in "([{<)]|":
                end += 1
            if end == at:
                raise PhraseError(f"{text!r}: {char} is out of place")
            elements.extend(_words(text[at:end]))
            at = end
    return tuple(elements), at


def _options(text: str, at: int, closing: str) -> tuple[tuple[Phrase, ...], int]:
    options: list[Phrase] = []
    while True:
        option, at = _sequence(text, at, closing)
        options.append(option)
        if at >= len(text):
            raise PhraseError(f"{text!r}: {closing} is missing")
        at += 1
        if text[at - 1] == closing:
            return tuple(options), at


def _words(text: str) -> list[Element]:
    stem = len(text) > 1 and text.endswith("*")
    tokens = tokenize(text[:-1] if stem else text)
    elements: list[Element] = [Word(token.norm) for token in tokens]
    if stem and elements:
        elements[-1] = Stem(tokens[-1].norm)
    return elements


# --------------------------------------------------------------------------- what a phrase may begin with


@dataclass(frozen=True, slots=True)
class Opening:
    """All that the first word of a phrase may be."""

    words: frozenset[str]
    stems: frozenset[str]
    slots: frozenset[str]


@dataclass(frozen=True, slots=True)
class Needs:
    """What a phrase cannot do without."""

    words: frozenset[str] = frozenset()
    openings: tuple[Opening, ...] = ()
    """For each further part how it may begin."""


NOTHING = Needs()


class Lists:
    """The word lists of a pack, compiled, with what each may begin with."""

    def __init__(self, lists: Mapping[str, Sequence[str]]) -> None:
        self._phrases = {name: tuple(compile_phrase(text) for text in texts) for name, texts in lists.items()}
        for name, phrases in self._phrases.items():
            for phrase in phrases:
                self._check(phrase, name)
        self._fillers: dict[str, tuple[tuple[str, ...], ...]] = {}
        for phrase in self._phrases.get(FILL, ()):
            words = tuple(element.text for element in phrase if isinstance(element, Word))
            if len(words) != len(phrase):
                raise PhraseError(f"{FILL}: only plain words may stand in this list")
            self._fillers[words[0]] = (*self._fillers.get(words[0], ()), words)
        self._openings: dict[str, Opening] = {}
        self._needs: dict[int, Needs] = {}
        self._by_word: dict[str, dict[str, tuple[Phrase, ...]]] = {name: {} for name in self._phrases}

    def _check(self, phrase: Phrase, where: str) -> None:
        for element in phrase:
            if isinstance(element, Listed) and element.name not in self._phrases:
                raise PhraseError(f"{where}: there is no list {{{element.name}}}")
            if isinstance(element, Choice):
                for option in element.options:
                    self._check(option, where)

    def fillers(self, word: str) -> tuple[tuple[str, ...], ...]:
        """The fillers that begin with this word."""
        return self._fillers.get(word, ())

    def check(self, phrase: Phrase, where: str) -> None:
        """Raises PhraseError where a phrase names a list that does not exist."""
        self._check(phrase, where)

    def opening(self, phrase: Phrase, seen: frozenset[str] = frozenset()) -> Opening:
        words: set[str] = set()
        stems: set[str] = set()
        slots: set[str] = set()
        for element in phrase:
            if isinstance(element, Word):
                words.add(element.text)
            elif isinstance(element, Stem):
                stems.add(element.text)
            elif isinstance(element, Slot):
                slots.add(element.name)
            elif isinstance(element, Listed):
                if element.name in seen:
                    raise PhraseError(f"the list {{{element.name}}} begins with itself")
                inner = self._list_opening(element.name, seen)
                words |= inner.words
                stems |= inner.stems
                slots |= inner.slots
            elif isinstance(element, Choice):
                empty = element.optional
                for option in element.options:
                    if not option:
                        empty = True
                        continue
                    inner = self.opening(option, seen)
                    words |= inner.words
                    stems |= inner.stems
                    slots |= inner.slots
                if empty:
                    continue
            break
        return Opening(frozenset(words), frozenset(stems), frozenset(slots))

    def needs(self, phrase: Phrase) -> Needs:
        """What a sentence must hold for the phrase to be in it."""
        openings: list[Opening] = []
        for element in phrase:
            if isinstance(element, Listed):
                openings.append(self._list_opening(element.name, frozenset()))
            elif isinstance(element, Stem) or (isinstance(element, Choice) and _says_something((element,))):
                openings.append(self.opening((element,)))
        words = frozenset(element.text for element in phrase if isinstance(element, Word))
        return Needs(words, tuple(opening for opening in openings if not opening.slots))

    def _list_opening(self, name: str, seen: frozenset[str]) -> Opening:
        known = self._openings.get(name)
        if known is None:
            parts = [self.opening(phrase, seen | {name}) for phrase in self._phrases[name]]
            known = Opening(
                frozenset().union(*(part.words for part in parts)),
                frozenset().union(*(part.stems for part in parts)),
                frozenset().union(*(part.slots for part in parts)),
            )
            self._openings[name] = known
        return known

    def beginning_with(self, name: str, word: str) -> tuple[Phrase, ...]:
        """The phrases of a list that may begin with this word."""
        cache = self._by_word[name]
        found = cache.get(word)
        if found is None:
            found = tuple(phrase for phrase in self._phrases[name] if may_open(self.opening(phrase), word))
            if len(cache) < 50_000:
                cache[word] = found
        return found

    def possible(self, name: str, word: str, held: Held) -> tuple[Phrase, ...]:
        """Of the phrases of a list that may begin with this word those that a sentence may hold."""
        found = self.beginning_with(name, word)
        for phrase in found:
            if id(phrase) not in self._needs:
                self._needs[id(phrase)] = self.needs(phrase)
        return tuple(phrase for phrase in found if held.may_hold(self._needs[id(phrase)]))

    def words(self) -> Iterable[str]:
        """Every word that stands in a list."""
        for phrases in self._phrases.values():
            for phrase in phrases:
                yield from words_of(phrase)


def may_open(opening: Opening, word: str) -> bool:
    return word in opening.words or bool(opening.slots) or any(word.startswith(stem) for stem in opening.stems)


class Held:
    """The words of one sentence, and which phrases may be in it."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = frozenset(words)
        self._met: dict[int, bool] = {}

    def may_hold(self, needs: Needs) -> bool:
        if not needs.words <= self._words:
            return False
        for opening in needs.openings:
            met = self._met.get(id(opening))
            if met is None:
                met = self._met[id(opening)] = self._meets(opening)
            if not met:
                return False
        return True

    def _meets(self, opening: Opening) -> bool:
        if not self._words.isdisjoint(opening.words):
            return True
        return any(word.startswith(stem) for stem in opening.stems for word in self._words)


def words_of(phrase: Phrase) -> Iterable[str]:
    """Every word written out in a phrase."""
    for element in phrase:
        if isinstance(element, Word):
            yield element.text
        elif isinstance(element, Choice):
            for option in element.options:
                yield from words_of(option)


# --------------------------------------------------------------------------- finding


Captures = tuple[tuple[str, int, int], ...]
"""(slot, first token, token after the last); "..." for the words that a gap stood for"""


class Finder:
    """Finds phrases in the tokens of one sentence. Every list is tried at most once at each place."""

    def __init__(
        self,
        tokens: Sequence[Token],
        lists: Lists,
        people_at: Callable[[int], Sequence[int]],
        number_at: Callable[[int], int],
        barrier: frozenset[str] = frozenset(),
    ) -> None:
        """`people_at(i)`: the ends of the mentions of people that begin at token i; `number_at(i)`: the end of the
        number there, or i. `barrier`: words that "..." never stands for."""
        self._barrier = barrier
        self._tokens = tokens
        self._lists = lists
        self._people_at = people_at
        self._number_at = number_at
        self.held = Held(token.norm for token in tokens)
        self._phrases: dict[tuple[str, str], tuple[Phrase, ...]] = {}
        self._memo: dict[tuple[str, int], tuple[int, ...]] = {}
        self._skips: dict[int, tuple[int, ...]] = {}

    def find(self, phrase: Phrase, at: int) -> tuple[int, Captures] | None:
        """The longest match of a phrase at a token: where it ends, and what its slots hold."""
        best: tuple[int, Captures] | None = None
        for end, captures in self._match(phrase, 0, at, (), at):
            if best is None or end > best[0]:
                best = (end, captures)
        return best

    def ends(self, name: str, at: int) -> tuple[int, ...]:
        """Where the phrases of a list that begin at a token end."""
        if at >= len(self._tokens):
            return ()
        key = (name, at)
        found = self._memo.get(key)
        if found is None:
            self._memo[key] = ()  # a list that contains itself finds nothing, instead of not ending
            ends: set[int] = set()
            for phrase in self._possible(name, self._tokens[at].norm):
                ends.update(end for end, _ in self._match(phrase, 0, at, (), at))
            found = self._memo[key] = tuple(ends)
        return found

    def _possible(self, name: str, word: str) -> tuple[Phrase, ...]:
        found = self._phrases.get((name, word))
        if found is None:
            found = self._phrases[name, word] = self._lists.possible(name, word, self.held)
        return found

    def _filler_end(self, at: int) -> int:
        """Where the longest filler that begins at a token ends; 0 where none does."""
        if at >= len(self._tokens):
            return 0
        longest = 0
        for words in self._lists.fillers(self._tokens[at].norm):
            end = at + len(words)
            if end > longest and tuple(token.norm for token in self._tokens[at:end]) == words:
                longest = end
        return longest

    def _after_fillers(self, at: int) -> tuple[int, ...]:
        """The places from which a phrase may go on: here, and behind fillers."""
        known = self._skips.get(at)
        if known is not None:
            return known
        places = [at]
        position = at
        for _ in range(MOST_FILLERS):
            comma = position < len(self._tokens) and self._tokens[position].norm == ","
            end = self._filler_end(position + comma)
            if not end:
                break
            position = end
            if position < len(self._tokens) and self._tokens[position].norm == ",":
                places.append(position)
                position += 1
            places.append(position)
        self._skips[at] = tuple(places)
        return self._skips[at]

    def _match(self, phrase: Phrase, k: int, at: int, captures: Captures, begin: int) -> list[tuple[int, Captures]]:
        if k == len(phrase):
            return [(at, captures)]
        places = (at,) if at == begin else self._after_fillers(at)
        results: list[tuple[int, Captures]] = []
        element = phrase[k]
        for place in places:
            self._step(element, phrase, k, place, captures, begin, results)
        if isinstance(element, Choice) and (element.optional or () in element.options):
            results.extend(self._match(phrase, k + 1, at, captures, begin))
        return results

    def _step(
        self,
        element: Element,
        phrase: Phrase,
        k: int,
        at: int,
        captures: Captures,
        begin: int,
        results: list[tuple[int, Captures]],
    ) -> None:
        tokens = self._tokens
        if isinstance(element, Choice):
            for option in element.options:
                if option:
                    for end, inner in self._match(option, 0, at, captures, begin):
                        results.extend(self._match(phrase, k + 1, end, inner, begin))
            return
        if at >= len(tokens):
            return
        if isinstance(element, Word):
            if tokens[at].norm == element.text:
                results.extend(self._match(phrase, k + 1, at + 1, captures, begin))
        elif isinstance(element, Stem):
            if tokens[at].norm.startswith(element.text):
                results.extend(self._match(phrase, k + 1, at + 1, captures, begin))
        elif isinstance(element, Listed):
            for end in self.ends(element.name, at):
                results.extend(self._match(phrase, k + 1, end, captures, begin))
        elif isinstance(element, Slot):
            if element.name == "n":
                end = self._number_at(at)
                ends: Sequence[int] = (end,) if end > at else ()
            else:
                ends = self._people_at(at)
            for end in ends:
                results.extend(self._match(phrase, k + 1, end, (*captures, (element.name, at, end)), begin))
        else:
            for end in range(at, min(at + element.most, len(tokens)) + 1):
                passed = (*captures, ("...", at, end)) if end > at else captures
                results.extend(self._match(phrase, k + 1, end, passed, begin))
                if end < len(tokens) and (
                    tokens[end].norm in self._barrier or (not tokens[end].word and tokens[end].norm not in "-'/")
                ):
                    break


def normal(text: str) -> str:
    """A short text as its folded words, for looking up."""
    return " ".join(fold(token.norm) for token in tokenize(text) if token.word)
