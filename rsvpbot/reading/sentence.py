"""The state of reading: one text, and one sentence of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rsvpbot.model import Event
from rsvpbot.reading.marks import Marks
from rsvpbot.reading.pack import Pack
from rsvpbot.reading.people import Mentions, Person
from rsvpbot.reading.phrases import Mark
from rsvpbot.reading.said import Clause, Left, Writer
from rsvpbot.reading.tokens import Token


@dataclass(slots=True)
class Reader:
    """The state of reading one text."""

    pack: Pack
    event: Event
    writer: Writer
    text: str
    not_names: frozenset[str]
    """Words that are never names: the event's own, the pack's."""
    event_words: frozenset[str]
    lower_case: bool
    known: frozenset[str]
    clauses: list[Clause] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    listed: list[Person] = field(default_factory=list)
    introduced: str = ""
    """The name by which the writer says who they are."""
    regrets: set[int] = field(default_factory=set)
    unheard: list[str] = field(default_factory=list)
    """Sentences of which nothing was made at all."""
    choices: list[str] = field(default_factory=list)
    """A yes and a no that are both offered, and neither is chosen."""
    other_list: int = -2
    """The sentence that last continued a list of something else than who comes; far before the first for none."""
    mentioned: list[tuple[int, Person]] = field(default_factory=list)
    """Everybody spoken of so far, with the place, for pronouns."""


@dataclass(slots=True)
class Here:
    """One sentence while it is read."""

    index: int
    tokens: Sequence[Token]
    begin: int
    mentions: Mentions
    marks: Marks
    question: bool
    bullet: bool
    covered: list[bool]
    """Which tokens are accounted for."""
    spoken: list[bool] = field(default_factory=list)
    """Which tokens are accounted for or mention people."""
    used: set[Mark] = field(default_factory=set)
    """The modifiers that belong to a head."""
    built: list[Clause] = field(default_factory=list)
    other_days: dict[tuple[int, int], str] = field(default_factory=dict)
    """Of pieces looked at: which other day they name."""
    refused_another_day: bool = False
    """Whether it was said that somebody does not come on another day."""

    def loose(self, start: int, end: int) -> int:
        """How many words with content stand between two tokens that nothing accounts for."""
        return self.marks.weight(start, end, self.spoken)

    def cover(self, start: int, end: int) -> None:
        for i in range(max(start, 0), end):
            self.covered[i] = self.spoken[i] = True

    def made(
        self, head: Mark, meaning: str, people: tuple[Person, ...], start: int, text: str, asked: bool = False
    ) -> Clause:
        """The clause that a head makes, with the words from token `start` on."""
        tokens = self.tokens
        self.cover(start, head.start)
        return Clause(
            meaning=meaning,
            start=tokens[start].start,
            end=tokens[head.end - 1].end,
            words=text[tokens[start].start : tokens[head.end - 1].end],
            sentence=self.index,
            people=people,
            number=head.number,
            asked=asked,
        )


__all__ = ["Here", "Reader"]
