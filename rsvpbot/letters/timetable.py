"""What the configuration wants sent at its time: reminders and papers. Loads nothing that it takes to write them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from rsvpbot.config import Config
from rsvpbot.model import LetterKind

STALE = timedelta(days=2)
"""A reminder that could not go out for so long after its time is not sent any more: what it says may not hold."""


class To(StrEnum):
    SILENT = "silent"
    TENTATIVE = "tentative"
    PARTICIPANTS = "participants"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that the configuration wants sent."""

    name: str
    """What it is called in commands: the letter's name, or the paper's title."""
    key: str
    """What letters of it have in their ids."""
    to: To
    at: datetime
    until: datetime
    template: str
    """The letter's name."""
    title: str = ""
    """Of a paper."""
    file: Path | None = None

    @property
    def kind(self) -> LetterKind:
        return LetterKind.PAPER if self.file else LetterKind.REMINDER


def items(config: Config) -> tuple[Item, ...]:
    """Everything that is scheduled, by time."""
    return tuple(sorted((*_reminders(config), *_papers(config)), key=lambda item: item.at))


def _reminders(config: Config) -> Iterator[Item]:
    seen: dict[str, int] = {}
    for reminder in config.reminders:
        number = seen[reminder.letter] = seen.get(reminder.letter, 0) + 1
        name = reminder.letter if number == 1 else f"{reminder.letter} {number}"
        until = min(reminder.at + STALE, config.event.starts)
        yield Item(
            name, key_of(f"reminder\0{name}\0{reminder.to}"), To(reminder.to), reminder.at, until, reminder.letter
        )


def _papers(config: Config) -> Iterator[Item]:
    for document in config.event.documents:
        if document.send_at is not None and document.file:
            file = Path(document.file)
            path = file if file.is_absolute() else config.path.parent / file
            name, key = document.title, key_of(f"paper\0{document.title}")
            until = config.event.ends
            yield Item(name, key, To.PARTICIPANTS, document.send_at, until, "paper", document.title, path)


def key_of(words: str) -> str:
    """What stands for these words in the id of a letter, which the log names."""
    return hashlib.sha256(words.encode()).hexdigest()[:8]
