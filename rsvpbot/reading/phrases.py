"""The phrases of a language pack in one tree, and finding them in a sentence.

How a phrase is written, see `written`. Single words of the class "fill" (also, gladly, unfortunately …) may stand
anywhere between the words of a phrase. All phrases are looked for at once: the cost grows with the text and hardly
with the size of the pack. The tree grows where texts lead: what nobody says costs nothing.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from rsvpbot.reading.packed import Index, Texts
from rsvpbot.reading.tokens import Token
from rsvpbot.reading.written import GAP_SIGN, Cut, PhraseError, Step, compiled, elements_of, opening_words, openings

GAP = 5
"""Most words that "..." stands for."""

MOST_FILLERS = 3
WHO = "{who}"
NUMBER = "#"

MOST_GROWN = 90_000
"""Steps of its trees that a lexicon keeps in memory, at some 200 bytes each, before it begins anew. Fewer cost Chinese
dearly: thousands of its phrases begin with the same character, and each is taken apart again."""


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


class _Grown:
    """What has been worked out of the trees of a lexicon. "will" and "shall" of "will|shall come" lead to one node."""

    __slots__ = ("_nodes", "size")

    def __init__(self) -> None:
        self._nodes: dict[tuple[Step[Rule], ...], _Node] = {}
        self.size = 0
        """In steps."""

    def node(self, steps: Iterable[Step[Rule]]) -> _Node:
        """The node at which these steps stand."""
        several = tuple(dict.fromkeys(steps))
        found = self._nodes.get(several)
        if found is None:
            found = self._nodes[several] = _Node(several, self)
            self.size += 1 + len(found.following)
        return found

    def forget(self) -> None:
        self._nodes.clear()
        self.size = 0


class _Node:
    """Where some beginnings of phrases lead; what follows each is worked out when a text comes there first."""

    __slots__ = ("_grown", "classes", "following", "gap", "lengths", "number", "rules", "who")

    def __init__(self, steps: Sequence[Step[Rule]], grown: _Grown) -> None:
        following: dict[str, Step[Rule] | list[Step[Rule]] | _Node] = {}
        for step in steps:
            for element, after in step.edges:
                other = following.setdefault(element, after)
                if type(other) is list:
                    other.append(after)
                elif other is not after:
                    following[element] = [other, after]  # type: ignore[list-item]
        self.following = following
        self._grown = grown
        self.rules: tuple[Rule, ...] = tuple(dict.fromkeys(step.means for step in steps if step.means is not None))
        """What the phrases mean that may end here."""
        self.lengths = _lengths(following)
        """Of the stems that may follow."""
        self.classes = any(element[0] == "{" and element != WHO for element in following)
        """Whether the phrase of a class may follow."""
        self.who = WHO in following
        self.number = NUMBER in following
        self.gap = GAP_SIGN in following

    def then(self, element: str) -> _Node | None:
        """Where an element leads: a word, "stem*", "{class}", "#" or "..."."""
        found = self.following.get(element)
        if found is None or type(found) is _Node:
            return found
        node = self.following[element] = self._grown.node(found if type(found) is list else (found,))  # type: ignore[arg-type]
        return node

    def after(self, word: str) -> Iterator[_Node]:
        """The nodes to which a word leads."""
        node = self.then(word)
        if node is not None:
            yield node
        for length in self.lengths:
            node = self.then(word[:length] + "*") if len(word) >= length else None
            if node is not None:
                yield node


def _lengths(elements: Iterable[str]) -> tuple[int, ...]:
    """The lengths of the stems among elements, the longest first."""
    lengths = {len(element) - 1 for element in elements if element[-1] == "*" and len(element) > 1}
    return tuple(sorted(lengths, reverse=True)) if lengths else ()


class _Root:
    """Where phrases begin. Each is kept under every word that may open it, and looked at when a text has the word."""

    __slots__ = (
        "_begun",
        "_by_element",
        "_cut",
        "_grown",
        "_led",
        "_lengths",
        "_nodes",
        "_phrases",
        "_rule_of",
        "_rules",
        "classes",
    )

    def __init__(self, phrases: Iterable[tuple[str, Rule]], cut: Cut, grown: _Grown) -> None:
        self._cut = cut
        self._grown = grown
        self._nodes: dict[str, tuple[_Node, ...]] = {}
        """By element."""
        self._begun: dict[int, Sequence[tuple[str, Step[Rule]]]] = {}
        """The openings of the phrases that were looked at, by their place among the phrases."""
        self._led: dict[str, tuple[_Node, ...]] = {}
        """By word: most words of a text come again and again."""
        phrases = tuple(phrases)
        self._phrases = Texts(text for text, _ in phrases)
        numbers: dict[Rule, int] = {}
        self._rule_of = array("H", (numbers.setdefault(rule, len(numbers)) for _, rule in phrases))
        self._rules = tuple(numbers)
        by_word: dict[str, list[int]] = {}
        for place, (text, _) in enumerate(phrases):
            first = text.partition(" ")[0]
            for word in (first,) if first.isalpha() else opening_words(text):
                by_word.setdefault(word, []).append(place)
        by_element: dict[str, list[int]] = {}
        for word, found in by_word.items():
            elements = cut(word, word)
            if elements:
                by_element.setdefault(elements[0], []).extend(found)
        self._by_element = Index(by_element)
        self._lengths = _lengths(by_element)
        self.classes = frozenset(e[1:-1] for e in by_element if e.startswith("{") and e != WHO)
        """The classes with whose phrases others begin."""

    def forget(self) -> None:
        """Give back what texts have led to."""
        self._nodes.clear()
        self._begun.clear()
        self._led.clear()

    def then(self, element: str) -> tuple[_Node, ...]:
        """The node behind an element with which phrases begin."""
        found = self._nodes.get(element)
        if found is None:
            places = dict.fromkeys(self._by_element.get(element))
            after = [step for place in places for e, step in self._openings(place) if e == element]
            found = (self._grown.node(after),) if after else ()
            if found:
                self._nodes[element] = found
        return found

    def _openings(self, place: int) -> Sequence[tuple[str, Step[Rule]]]:
        found = self._begun.get(place)
        if found is None:
            rule = self._rules[self._rule_of[place]]
            found = self._begun[place] = openings(self._phrases[place], rule, self._cut)
        return found

    def after(self, word: str) -> tuple[_Node, ...]:
        """The nodes to which a word leads."""
        found = self._led.get(word)
        if found is None:
            stems = (word[:length] + "*" for length in self._lengths if length <= len(word))
            found = (*self.then(word), *(node for stem in stems for node in self.then(stem)))
            self._led[word] = found
            self._grown.size += 1
        return found

    def meanings(self, word: str) -> frozenset[str]:
        """What the phrases mean that begin with this word."""
        elements = (word, *(word[:length] + "*" for length in self._lengths if length <= len(word)))
        return frozenset(
            self._rules[self._rule_of[place]].meaning
            for element in elements
            for place in self._by_element.get(element)
            if any(opening == element for opening, _ in self._openings(place))
        )


class Lexicon:
    """All phrases of a pack."""

    def __init__(
        self,
        phrases: Iterable[tuple[str, Rule]],
        classes: Mapping[str, Sequence[str]],
        barrier: frozenset[str],
        cut: Cut | None = None,
    ) -> None:
        """The class "fill" may stand inside any phrase. `barrier`: words that "..." never stands for; `cut`: how words
        are cut, in phrases as in texts. The phrases must be well written (see `check`)."""
        self.barrier = barrier
        self._cut = cut = cut or Cut()
        self._leading: dict[str, bool] = {}
        self._grown = _Grown()
        of_class = ((text, rule) for name, texts in classes.items() for rule in [Rule(name)] for text in texts)
        self.class_root = _Root(of_class, cut, self._grown)
        """The phrases of all classes; each means its class."""
        self.root = _Root(phrases, cut, self._grown)
        self._forget()

    def _forget(self) -> None:
        """Give back what was worked out for the texts so far. What a search still holds stays as it is."""
        self.root.forget()
        self.class_root.forget()
        self._leading.clear()
        self._cut.forget()
        self._grown.forget()

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
        if self._grown.size > MOST_GROWN:
            self._forget()
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
            found = self._leading[word] = bool(self.root.after(word)) or any(
                name in begun for name in self.root.classes
            )
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
                for node in self._root.then(f"{{{name}}}"):
                    for end in ends:
                        self._enter(node, end, 0, None, None, 0)
        for node in self._root.then(WHO):
            for end in self._who_ends(start):
                self._enter(node, end, 0, (start, end), None, 0)
        for node in self._root.then(NUMBER):
            end, value = self._number_at(start)
            if end > start:
                self._enter(node, end, 0, None, value, 0)
        return self._best.values()

    def _enter(
        self, node: _Node, at: int, fillers: int, who: tuple[int, int] | None, number: int | None, passed: int
    ) -> None:
        """Keep what ends at a node, and go on."""
        for rule in node.rules:
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
        for following in node.after(word):
            self._enter(following, at + 1, fillers, who, number, passed)
        classes = self._classes_at(at)
        if classes and node.classes:
            for name, ends in classes.items():
                behind = node.then(f"{{{name}}}")
                if behind is not None:
                    for end in ends:
                        self._enter(behind, end, fillers, who, number, passed)
        if node.who and (behind := node.then(WHO)):
            for end in self._who_ends(at):
                self._enter(behind, end, fillers, (at, end), number, passed)
        if node.number and (behind := node.then(NUMBER)):
            end, value = self._number_at(at)
            if end > at:
                self._enter(behind, end, fillers, who, value, passed)
        if node.gap and (behind := node.then(GAP_SIGN)):
            self._over_gap(behind, at, who, number, passed)
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
            self._follow(node, at + length, MOST_FILLERS, who, number, passed + length)
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
        for rule in node.rules:
            ends.setdefault(rule.meaning, {})[at] = None
        if at < len(self._norms):
            for following in node.after(self._norms[at]):
                self._collect(following, at + 1, ends)


__all__ = ["Lexicon", "Mark", "Rule", "check"]
