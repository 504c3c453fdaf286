"""The phrases of a language pack in one tree, and finding them in a sentence.

How a phrase is written, see `written`. Single words of the class "fill" (also, gladly, unfortunately …) may stand
anywhere between the words of a phrase. All phrases are looked for at once: the cost grows with the text and hardly
with the size of the pack. The tree grows where texts lead: what nobody says costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from types import MappingProxyType
from typing import ClassVar, NamedTuple

from rsvpbot.reading.tokens import PLAIN, Spelling, Token
from rsvpbot.reading.written import GAP_SIGN, Cut, PhraseError, Step, compiled, elements_of, opening_words, openings

GAP = 5
"""Most words that "..." stands for."""

MOST_FILLERS = 3
MOST_REMEMBERED = 20_000
"""Words whose beginnings of phrases are kept in memory."""


class Rule(NamedTuple):
    """What a phrase means."""

    meaning: str
    person: str = ""
    """Who does it by the form of the word: "i", "we", "they"; "" where it does not tell."""
    value: str = ""
    """Of a fact: the short English word."""
    alone: bool = False
    """Means this only where it stands alone between two stops or commas."""
    whole: bool = False
    """Means this only as the whole sentence."""
    first: bool = False
    """Means this only where it opens its piece between two stops or commas."""


class Mark(NamedTuple):
    """A phrase found: tokens `start` to `end`, and what its slots hold."""

    rule: Rule
    start: int
    end: int
    who: tuple[int, int] | None = None
    """The tokens of the person that the phrase names."""
    number: int | None = None
    passed: int = 0
    """Words that "..." stood for."""

    @property
    def meaning(self) -> str:
        return self.rule.meaning


class _Node:
    """Where some beginnings of phrases lead; what follows is worked out when a text comes here first."""

    # Most are never looked at: what they hold is empty until then.
    _NOTHING: ClassVar[Mapping[str, _Node]] = MappingProxyType({})
    rules: tuple[Rule, ...] = ()
    words: Mapping[str, _Node] = _NOTHING
    stems: Mapping[str, _Node] = _NOTHING
    lengths: tuple[int, ...] = ()
    classes: Mapping[str, _Node] = _NOTHING
    who: _Node | None = None
    number: _Node | None = None
    gap: _Node | None = None

    def __init__(self, steps: Sequence[Step[Rule]]) -> None:
        self._steps: Sequence[Step[Rule]] | None = steps

    def opened(self) -> _Node:
        """The same, with all that follows. Two threads at once would do the same twice."""
        if self._steps is None:
            return self
        steps = self._steps if len(self._steps) == 1 else tuple(dict.fromkeys(self._steps))
        rules = [step.means for step in steps if step.means is not None]
        if rules:
            self.rules = tuple(dict.fromkeys(rules))
        following: dict[str, list[Step[Rule]]] = {}
        for step in steps:
            for element, after in step.edges:
                following.setdefault(element, []).append(after)
        words: dict[str, _Node] = {}
        stems: dict[str, _Node] = {}
        classes: dict[str, _Node] = {}
        for element, afters in following.items():
            node = _Node(afters)
            if element[-1] == "*" and len(element) > 1:
                stems[element[:-1]] = node
            elif element[0] == "{":
                if element == "{who}":
                    self.who = node
                else:
                    classes[element[1:-1]] = node
            elif element == "#":
                self.number = node
            elif element == GAP_SIGN:
                self.gap = node
            else:
                words[element] = node
        self.words, self.stems, self.classes = words, stems, classes
        if stems:
            self.lengths = tuple(sorted({len(stem) for stem in stems}, reverse=True))
        self._steps = None
        return self

    def after(self, word: str) -> tuple[_Node, ...]:
        """The nodes to which a word leads."""
        self.opened()
        found = [self.words[word]] if word in self.words else []
        for length in self.lengths:
            if word[:length] in self.stems and len(word) >= length:
                found.append(self.stems[word[:length]])
        return tuple(found)


class _Root:
    """Where phrases begin. Each is kept under every word that may open it, and looked at when a text has the word."""

    __slots__ = ("_begun", "_by_element", "_cut", "_lengths", "_nodes", "_phrases", "classes", "number", "who")

    def __init__(self, phrases: Iterable[tuple[str, Rule]], cut: Cut) -> None:
        self._cut = cut
        self._nodes: dict[str, tuple[_Node, ...]] = {}
        self._phrases = tuple(phrases)
        self._begun: dict[int, Sequence[tuple[str, Step[Rule]]]] = {}
        """The openings of the phrases that were looked at, by their place among the phrases."""
        by_word: dict[str, list[int]] = {}
        for place, (text, _) in enumerate(self._phrases):
            first = text.partition(" ")[0]
            for word in (first,) if first.isalpha() else opening_words(text):
                by_word.setdefault(word, []).append(place)
        self._by_element: dict[str, list[int]] = {}
        for word, found in by_word.items():
            elements = cut(word, word)
            if elements:
                self._by_element.setdefault(elements[0], []).extend(found)
        stems = {element[:-1] for element in self._by_element if element.endswith("*") and len(element) > 1}
        self._lengths = tuple(sorted(set(map(len, stems)), reverse=True))
        self.classes = {e[1:-1]: n for e in self._by_element if e.startswith("{") and e != "{who}" for n in self._at(e)}
        self.who = next(iter(self._at("{who}")), None)
        self.number = next(iter(self._at("#")), None)

    def _at(self, element: str) -> tuple[_Node, ...]:
        """The node behind an element with which phrases begin."""
        places = self._by_element.get(element)
        if places is None:
            return ()
        after = [step for place in dict.fromkeys(places) for e, step in self._openings(place) if e == element]
        return (_Node(after),) if after else ()

    def _openings(self, place: int) -> Sequence[tuple[str, Step[Rule]]]:
        found = self._begun.get(place)
        if found is None:
            found = self._begun[place] = openings(*self._phrases[place], self._cut)
        return found

    def after(self, word: str) -> tuple[_Node, ...]:
        """The nodes to which a word leads; remembered, since most words of a text come again and again."""
        found = self._nodes.get(word)
        if found is None:
            stems = (word[:length] + "*" for length in self._lengths if length <= len(word))
            found = (*self._at(word), *(node for stem in stems for node in self._at(stem)))
            if len(self._nodes) < MOST_REMEMBERED:
                self._nodes[word] = found
        return found

    def meanings(self, word: str) -> frozenset[str]:
        """What the phrases mean that begin with this word."""
        elements = (word, *(word[:length] + "*" for length in self._lengths if length <= len(word)))
        return frozenset(
            self._phrases[place][1].meaning
            for element in elements
            for place in self._by_element.get(element, ())
            if any(opening == element for opening, _ in self._openings(place))
        )


class Lexicon:
    """All phrases of a pack."""

    def __init__(
        self,
        phrases: Iterable[tuple[str, Rule]],
        classes: Mapping[str, Sequence[str]],
        barrier: frozenset[str],
        spelling: Spelling = PLAIN,
    ) -> None:
        """The class "fill" may stand inside any phrase. `barrier`: words that "..." never stands for; `spelling`: how
        words are cut, in phrases as in texts. The phrases must be well written (see `check`)."""
        self.barrier = barrier
        cut = Cut(Spelling(elisions=spelling.elisions, accented=spelling.accented))
        self._leading: dict[str, bool] = {}
        phrases = tuple(phrases)
        elements = cut.elements_in(chain((text for text, _ in phrases), *classes.values()))
        self.stems = frozenset(element[:-1] for element in elements if element.endswith("*") and len(element) > 1)
        self.words = frozenset(element for element in elements if not (element.endswith("*") and len(element) > 1))
        """Every word written out in a phrase."""
        of_class = ((text, rule) for name, texts in classes.items() for rule in [Rule(name)] for text in texts)
        self.class_root = _Root(of_class, cut)
        """The phrases of all classes; each means its class."""
        self.root = _Root(phrases, cut)

    def in_phrases(self, tokens: Sequence[Token]) -> frozenset[int]:
        """The tokens that phrases of several words hold, whomever they speak of."""
        search = _Search(self, tokens, lambda _: (), lambda at: (at, 0))
        found: set[int] = set()
        at = 0
        while at < len(tokens):
            end = max((mark.end for mark in search.at(at)), default=at)
            if end - at > 1:
                found.update(range(at, end))
                at = end
            else:
                at += 1
        return frozenset(found)

    def find(
        self,
        tokens: Sequence[Token],
        begin: int,
        who_ends: Callable[[int], Sequence[int]],
        number_at: Callable[[int], tuple[int, int]],
    ) -> list[Mark]:
        """Every phrase in the tokens from `begin` on: of each rule every length at each token.

        `who_ends(i)`: the ends of the mentions of people that begin at token i; `number_at(i)`: the end and the value
        of the number there, or i and 0.
        """
        search = _Search(self, tokens, who_ends, number_at)
        found: list[Mark] = []
        for at in range(begin, len(tokens)):
            if tokens[at].word or self.leads_in(tokens[at].norm):
                found.extend(search.at(at))
        return found

    def leads_in(self, word: str) -> bool:
        """Whether some phrase begins with this word; remembered, since most words of a text come again and again."""
        found = self._leading.get(word)
        if found is None:
            begun = self.class_root.meanings(word)
            found = bool(self.root.after(word)) or any(name in begun for name in self.root.classes)
            if len(self._leading) < MOST_REMEMBERED:
                self._leading[word] = found
        return found


def check(phrases: Iterable[tuple[str, Rule]], classes: Mapping[str, Sequence[str]]) -> None:
    """Whether all phrases are well written. Raises PhraseError with the first that is not."""
    cut = Cut()
    names = frozenset({*classes, "who"})
    for text, rule in phrases:
        try:
            first = compiled(text, rule, cut)
            for element in elements_of(first) if "{" in text else ():
                if element.startswith("{") and element[1:-1] not in names:
                    raise PhraseError(f"{text!r}: there is no class {element}")
        except PhraseError as error:
            raise PhraseError(f"[{rule.meaning}] {error}") from error
    for name, texts in classes.items():
        for text in texts:
            if "{" in text or "#" in text or GAP_SIGN in text:
                raise PhraseError(f"class {name}: {text!r}: only plain words may stand in a class")
            compiled(text, name, cut)


class _Search:
    """One search in one sentence."""

    __slots__ = (
        "_barrier",
        "_best",
        "_class_root",
        "_norms",
        "_number_at",
        "_root",
        "_spans",
        "_start",
        "_tokens",
        "_who_ends",
    )

    def __init__(
        self,
        lexicon: Lexicon,
        tokens: Sequence[Token],
        who_ends: Callable[[int], Sequence[int]],
        number_at: Callable[[int], tuple[int, int]],
    ) -> None:
        self._root = lexicon.root
        self._class_root = lexicon.class_root
        self._barrier = lexicon.barrier
        self._tokens = tokens
        self._norms = [token.norm for token in tokens]
        self._who_ends = who_ends
        self._number_at = number_at
        self._spans: list[Mapping[str, Iterable[int]] | None] = [None] * len(tokens)
        self._best: dict[tuple[Rule, int], Mark] = {}
        self._start = 0

    def at(self, start: int) -> Iterable[Mark]:
        """The phrases that begin at a token."""
        self._best = {}
        self._start = start
        for node in self._root.after(self._norms[start]):
            self._enter(node, start + 1, 0, None, None, 0)
        for name, ends in self._classes_at(start).items():
            if name in self._root.classes:
                for end in ends:
                    self._enter(self._root.classes[name], end, 0, None, None, 0)
        if self._root.who is not None:
            for end in self._who_ends(start):
                self._enter(self._root.who, end, 0, (start, end), None, 0)
        if self._root.number is not None:
            end, value = self._number_at(start)
            if end > start:
                self._enter(self._root.number, end, 0, None, value, 0)
        return self._best.values()

    def _enter(
        self, node: _Node, at: int, fillers: int, who: tuple[int, int] | None, number: int | None, passed: int
    ) -> None:
        """Keep what ends at a node, and go on."""
        for rule in node.opened().rules:
            old = self._best.get((rule, at))
            if old is None or passed < old.passed:
                self._best[rule, at] = Mark(rule, self._start, at, who, number, passed)
        if at < len(self._norms):
            self._follow(node, at, fillers, who, number, passed)

    def _follow(
        self, node: _Node, at: int, fillers: int, who: tuple[int, int] | None, number: int | None, passed: int
    ) -> None:
        """Take every step from a node that the token allows."""
        word = self._norms[at]
        following = node.words.get(word)
        if following is not None:
            self._enter(following, at + 1, fillers, who, number, passed)
        for length in node.lengths:
            following = node.stems.get(word[:length]) if len(word) >= length else None
            if following is not None:
                self._enter(following, at + 1, fillers, who, number, passed)
        classes = self._classes_at(at)
        if classes and node.classes:
            for name, ends in classes.items():
                following = node.classes.get(name)
                if following is not None:
                    for end in ends:
                        self._enter(following, end, fillers, who, number, passed)
        if node.who is not None:
            for end in self._who_ends(at):
                self._enter(node.who, end, fillers, (at, end), number, passed)
        if node.number is not None:
            end, value = self._number_at(at)
            if end > at:
                self._enter(node.number, end, fillers, who, value, passed)
        if node.gap is not None:
            self._over_gap(node.gap, at, who, number, passed)
        if word in "()" and fillers < MOST_FILLERS and at + 1 < len(self._norms):
            self._follow(node, at + 1, fillers + 1, who, number, passed)  # "a UN (NY) grounds pass"
        elif fillers < MOST_FILLERS and "fill" in classes:
            for end in classes["fill"]:
                if end < len(self._norms):
                    self._follow(node, end, fillers + 1, who, number, passed)

    def _over_gap(self, node: _Node, at: int, who: tuple[int, int] | None, number: int | None, passed: int) -> None:
        for length in range(GAP + 1):
            if at + length >= len(self._tokens):
                return
            self._follow(node.opened(), at + length, MOST_FILLERS, who, number, passed + length)
            token = self._tokens[at + length]
            if not token.word or token.norm in self._barrier:
                return

    def _classes_at(self, at: int) -> Mapping[str, Iterable[int]]:
        """The classes of which a phrase begins at a token, and where those phrases end."""
        found = self._spans[at]
        if found is None:
            ends: dict[str, dict[int, None]] = {}
            for node in self._class_root.after(self._norms[at]):
                self._collect(node, at + 1, ends)
            found = self._spans[at] = ends
        return found

    def _collect(self, node: _Node, at: int, ends: dict[str, dict[int, None]]) -> None:
        for rule in node.opened().rules:
            ends.setdefault(rule.meaning, {})[at] = None
        if at < len(self._norms):
            for following in node.after(self._norms[at]):
                self._collect(following, at + 1, ends)


__all__ = ["Lexicon", "Mark", "Rule", "check"]
