"""The phrases of a language pack, compiled into one tree, and finding them in a sentence.

A phrase is written as one would say it, with a few signs:

    be there            these words, in this order
    attend*             any word that begins so
    will|shall          one of these words
    [take|sit in]       one of these
    (kind)              may be missing
    {event}             any phrase of the class "event"
    {who}               a person or several: "I", "my colleague Jane Roe", "the Ambassador and his wife"
    #                   a number, in figures or words
    ...                 at most five other words, no stop and no "not" between them

Single words of the class "fill" (also, gladly, unfortunately …) may stand anywhere between the words of a phrase.
All phrases are looked for at once: the cost grows with the text and hardly with the size of the pack.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rsvpbot.reading.tokens import PLAIN, Spelling, Token, norms_of

GAP = 5
"""Most words that "..." stands for."""

MOST_FILLERS = 3
MOST_FORMS = 2_000
"""So many plain forms one phrase may stand for."""

MOST_REMEMBERED = 20_000
"""Words whose beginnings of phrases are kept in memory."""

LONGEST_PHRASE = 40
"""Elements. Nobody says more in one phrase."""


class PhraseError(ValueError):
    """A phrase that cannot be understood: which, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Rule:
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


@dataclass(frozen=True, slots=True)
class Mark:
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
    __slots__ = ("classes", "gap", "lengths", "number", "rules", "stems", "who", "words")

    def __init__(self) -> None:
        self.words: dict[str, _Node] = {}
        self.stems: dict[str, _Node] = {}
        self.lengths: tuple[int, ...] = ()
        self.classes: dict[str, _Node] = {}
        self.who: _Node | None = None
        self.number: _Node | None = None
        self.gap: _Node | None = None
        self.rules: tuple[Rule, ...] = ()

    def after(self, word: str) -> tuple[_Node, ...]:
        """The nodes to which a word leads."""
        found = [self.words[word]] if word in self.words else []
        for length in self.lengths:
            if word[:length] in self.stems and len(word) >= length:
                found.append(self.stems[word[:length]])
        return tuple(found)

    def leads(self, word: str) -> bool:
        """Whether a word leads on from here."""
        return bool(self.after(word))


# --------------------------------------------------------------------------- phrases as they are written


def forms_of(text: str, spelling: Spelling = PLAIN) -> list[tuple[str, ...]]:
    """Every plain form of a phrase, as elements: words, "stem*", "{class}", "#", "...". Raises PhraseError."""
    if not _SIGNS.intersection(text):
        return [tuple(element for word in text.split() for element in _elements(word, text, spelling))]
    forms, end = _choice(text, 0, "", spelling)
    if end != len(text):
        raise PhraseError(f"{text!r}: {text[end]} is out of place")
    for form in forms:
        if not any(e != "..." for e in form):
            raise PhraseError(f"{text!r}: every word of it may be missing")
        if form[0] == "..." or form[-1] == "...":
            raise PhraseError(f"{text!r}: '...' stands between words, not at an end")
        if len(form) > LONGEST_PHRASE:
            raise PhraseError(f"{text!r}: is too long")
    return forms


Form = tuple[str, ...]

_SIGNS = frozenset("()[]|{}#.*")


def _choice(text: str, at: int, closing: str, spelling: Spelling) -> tuple[list[Form], int]:
    """The forms of what stands between brackets, or of the whole text; and where it ends."""
    options: list[Form] = []
    forms: list[Form] = [()]
    while at < len(text) and text[at] not in ")]":
        char = text[at]
        if char == "|" and closing:
            options.extend(forms)
            forms, at = [()], at + 1
            continue
        if char.isspace():
            at += 1
            continue
        if char in "([":
            inner, at = _choice(text, at + 1, ")" if char == "(" else "]", spelling)
            if at >= len(text):
                raise PhraseError(f"{text!r}: {char} is not closed")
            if char == "(":
                inner = [(), *inner]
            at += 1
        else:
            end = at
            while end < len(text) and not text[end].isspace() and text[end] not in "()[]" + ("|" if closing else ""):
                end += 1
            inner = [form for word in text[at:end].split("|") for form in [_elements(word, text, spelling)]]
            if not all(inner):
                raise PhraseError(f"{text!r}: nothing stands beside |")
            at = end
        forms = [one + other for one in forms for other in inner]
        if len(forms) > MOST_FORMS:
            raise PhraseError(f"{text!r}: stands for more than {MOST_FORMS} forms; write it as several phrases")
    if at < len(text) and text[at] != closing:
        raise PhraseError(f"{text!r}: {text[at]} is out of place")
    return list(dict.fromkeys([*options, *forms])), at


def _elements(word: str, whole: str, spelling: Spelling) -> Form:
    if word in {"...", "#"} or (word.startswith("{") and word.endswith("}") and len(word) > 2):
        return (word,)
    if any(sign in word for sign in "{}"):
        raise PhraseError(f"{whole!r}: {word!r} is out of place")
    stem = len(word) > 1 and word.endswith("*")
    norms = norms_of(word[:-1] if stem else word, spelling)
    if stem and norms:
        norms[-1] += "*"
    return tuple(norms)


# --------------------------------------------------------------------------- the tree


class Lexicon:
    """All phrases of a pack."""

    def __init__(
        self,
        classes: Mapping[str, Sequence[str]],
        barrier: frozenset[str],
        spelling: Spelling = PLAIN,
    ) -> None:
        """The class "fill" may stand inside any phrase. `barrier`: words that "..." never stands for; `spelling`: how
        words are cut, in phrases as in texts."""
        self._spelling = Spelling(elisions=spelling.elisions, accented=spelling.accented)
        self.root = _Node()
        self.class_roots: dict[str, _Node] = {}
        self.barrier = barrier
        self._openings: dict[str, tuple[tuple[_Node, ...], tuple[str, ...]]] = {}
        self.words: set[str] = set()
        """Every word written out in a phrase."""
        self.stems: set[str] = set()
        for name, texts in classes.items():
            root = self.class_roots[name] = _Node()
            for text in texts:
                for form in forms_of(text, self._spelling):
                    if any(e in {"...", "#"} or e.startswith("{") for e in form):
                        raise PhraseError(f"class {name}: {text!r}: only plain words may stand in a class")
                    self._insert(root, [form], Rule(name))

    def add(self, text: str, rule: Rule) -> None:
        """Raises PhraseError."""
        self._insert(self.root, forms_of(text, self._spelling), rule)

    def _insert(self, root: _Node, forms: Iterable[Form], rule: Rule) -> None:
        path: list[_Node] = [root]
        before: Form = ()
        for form in forms:
            shared = 0  # the forms of one phrase begin alike: go on from there
            while shared < len(before) and shared < len(form) and before[shared] == form[shared]:
                shared += 1
            del path[shared + 1 :]
            for element in form[shared:]:
                path.append(self._step(path[-1], element))
            if rule not in path[-1].rules:
                path[-1].rules = (*path[-1].rules, rule)
            before = form

    def _step(self, node: _Node, element: str) -> _Node:
        found = node.words.get(element)
        if found is not None:
            return found
        if element == "{who}":
            node.who = node.who or _Node()
            return node.who
        if element == "#":
            node.number = node.number or _Node()
            return node.number
        if element == "...":
            node.gap = node.gap or _Node()
            return node.gap
        if element.startswith("{"):
            name = element[1:-1]
            if name not in self.class_roots:
                raise PhraseError(f"there is no class {element}")
            return node.classes.setdefault(name, _Node())
        if element.endswith("*") and len(element) > 1:
            stem = element[:-1]
            self.stems.add(stem)
            if stem not in node.stems:
                node.stems[stem] = _Node()
                node.lengths = tuple(sorted({len(s) for s in node.stems}, reverse=True))
            return node.stems[stem]
        self.words.add(element)
        found = node.words[element] = _Node()
        return found

    def openings(self, word: str) -> tuple[tuple[_Node, ...], tuple[str, ...]]:
        """Where phrases that begin with this word go on, and the classes that may begin with it; remembered, since
        most words of a text come again and again."""
        found = self._openings.get(word)
        if found is None:
            classes = tuple(name for name in self.root.classes if self.class_roots[name].leads(word))
            found = (self.root.after(word), classes)
            if len(self._openings) < MOST_REMEMBERED:
                self._openings[word] = found
        return found

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
        """Whether some phrase begins with this word."""
        nodes, classes = self.openings(word)
        return bool(nodes or classes)


class _Search:
    """One search in one sentence."""

    __slots__ = (
        "_barrier",
        "_best",
        "_class_roots",
        "_fill",
        "_lexicon",
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
        self._lexicon = lexicon
        self._root = lexicon.root
        self._class_roots = lexicon.class_roots
        self._fill = lexicon.class_roots.get("fill", _Node())
        self._barrier = lexicon.barrier
        self._tokens = tokens
        self._norms = [token.norm for token in tokens]
        self._who_ends = who_ends
        self._number_at = number_at
        self._spans: dict[tuple[str, int], tuple[int, ...]] = {}
        self._best: dict[tuple[Rule, int], Mark] = {}
        self._start = 0

    def at(self, start: int) -> Iterable[Mark]:
        """The phrases that begin at a token."""
        self._best = {}
        self._start = start
        nodes, classes = self._lexicon.openings(self._norms[start])
        for node in nodes:
            self._enter(node, start + 1, 0, None, None, 0)
        for name in classes:
            for end in self._class_ends(name, start):
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
        following = node.words.get(word)
        if following is not None:
            self._enter(following, at + 1, fillers, who, number, passed)
        for length in node.lengths:
            following = node.stems.get(word[:length]) if len(word) >= length else None
            if following is not None:
                self._enter(following, at + 1, fillers, who, number, passed)
        for name, following in node.classes.items():
            if self._class_roots[name].leads(word):
                for end in self._class_ends(name, at):
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
        elif fillers < MOST_FILLERS and word in self._fill.words:
            for end in self._class_ends("fill", at):
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

    def _class_ends(self, name: str, at: int) -> tuple[int, ...]:
        """Where the phrases of a class that begin at a token end."""
        found = self._spans.get((name, at))
        if found is None:
            ends: set[int] = set()
            self._collect(self._class_roots[name], at, ends)
            found = self._spans[name, at] = tuple(ends)
        return found

    def _collect(self, node: _Node, at: int, ends: set[int]) -> None:
        if at >= len(self._norms):
            return
        for following in node.after(self._norms[at]):
            if following.rules:
                ends.add(at + 1)
            self._collect(following, at + 1, ends)


def written_words(texts: Iterable[str]) -> Iterable[str]:
    """Every word written out in some phrases. Raises PhraseError."""
    for text in texts:
        for form in forms_of(text):
            for element in form:
                if element not in {"...", "#"} and not element.startswith("{") and not element.endswith("*"):
                    yield element


__all__ = ["Lexicon", "Mark", "PhraseError", "Rule", "forms_of", "written_words"]
