"""What a text was found to say: its clauses, what was left over, and whose words they are."""

from __future__ import annotations

from dataclasses import dataclass

from rsvpbot.reading.names import acronym
from rsvpbot.reading.people import Person, Who

DAY_BEFORE = "it names a day before"
"""How the doubt begins that a clause speaks of the days before the event: one travels then."""

SOMETHING_ELSE = "it may be about something else"
"""How the doubt begins that a clause speaks of another thing than coming."""

STANCES = frozenset({"yes", "no", "maybe", "promise", "wish", "missed", "away", "substitute", "withdraw"})
"""The meanings of clauses that answer."""

WORDS_SHOWN = 120
"""Characters of the mail's words that a reason quotes at most."""

NEEDS = frozenset({"diet", "access", "pass"})

WHO_IS_MEANT = "it is not clear who is meant"


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


def stays_away(clause: Clause) -> bool:
    """Whether a clause says plainly of one person, not the writer, that they do not come."""
    people = clause.people
    plain = clause.meaning in {"no", "away"} and not (clause.doubt or clause.asked)
    return plain and len(people) == 1 and people[0].count == 1 and people[0].who in {Who.NAMED, Who.ROLE}


@dataclass(frozen=True, slots=True)
class Left:
    """A sentence, or the part of it, that nothing accounts for."""

    words: str
    start: int
    sentence: int
    signs: frozenset[str]
    """What gives it weight: the meanings of the phrases in it that no clause took ("if", "regret", "come" …), and
    "question", "foreign", "person", "self" (see `leftover`)."""
    length: int
    """Words left over."""
    content: int
    """Words left over that are not ordinary little ones."""
    names: tuple[str, ...] = ()
    """The people named in it."""


@dataclass(frozen=True, slots=True)
class Writer:
    """What is known of the writer before the text is read."""

    name: str = ""
    organisation: bool = False
    """The mail comes from an office's mailbox."""
    office: str = ""
    """That office's name."""
    known_words: frozenset[str] = frozenset()

    def is_office(self, name: str) -> bool:
        """Whether a name is that of the office that writes: the one with which its own begins, or an acronym."""
        return (
            self.organisation and bool(name) and (self.office.casefold().startswith(name.casefold()) or acronym(name))
        )


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
    regrets: frozenset[int] = frozenset()
    """The sentences with a word of regret."""
    introduced: str = ""
    """The name by which the writer says who they are ("my name is …")."""
    cut: bool = False
    """Not read to its end."""
    unheard: tuple[str, ...] = ()
    """Sentences of ordinary little words alone, of which nothing was made."""
    choices: tuple[str, ...] = ()
    """A yes and a no that are both offered, and neither is chosen."""


def short(words: str) -> str:
    """Words of the mail as a reason quotes them: on one line, and not too long."""
    flat = " ".join(words.split())
    return flat if len(flat) <= WORDS_SHOWN else flat[: WORDS_SHOWN - 1] + "…"


__all__ = [
    "DAY_BEFORE",
    "NEEDS",
    "SOMETHING_ELSE",
    "STANCES",
    "WHO_IS_MEANT",
    "Clause",
    "Left",
    "Parsed",
    "Writer",
    "short",
]
