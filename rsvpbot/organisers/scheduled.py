"""What is scheduled and what waits, for an admin to see, to hold back, and to let go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from rsvpbot.config import Config
from rsvpbot.letters.schedule import Item, Phase, items, letter_id, phase, recipients
from rsvpbot.model import LetterState
from rsvpbot.organisers.rulings import NotPossible
from rsvpbot.store.base import Commit, Store

_PHASES = {
    Phase.COMING: "",
    Phase.NOW: "goes out now",
    Phase.NIGHT: "waits for the morning",
    Phase.HELD: "HELD by a command",
    Phase.OVER: "over",
}


def hold(store: Store, config: Config, held: Sequence[str], released: Sequence[str]) -> None:
    """Hold items back, or let them go again. Raises NotPossible for a name that none has, StoreError."""
    names = [item.name for item in items(config)]
    for name in (*held, *released):
        if name not in names:
            there = ", ".join(map(repr, names)) or "nothing"
            raise NotPossible(f"nothing scheduled is called {name!r}; there is {there}")
    with store.transaction():
        mailbox = store.mailbox()
        after = tuple(name for name in dict.fromkeys((*mailbox.held, *held)) if name not in released)
        if after != mailbox.held:
            store.commit(Commit(mailbox=replace(mailbox, held=after)))


def send_held(store: Store) -> int:
    """Let the automatic answers go that a cap holds back; how many there are. Raises StoreError."""
    with store.transaction():
        letters = store.letters(LetterState.HELD)
        if letters:
            store.commit(Commit(letters=tuple(replace(letter, state=LetterState.QUEUED) for letter in letters)))
    return len(letters)


def report(store: Store, config: Config, now: datetime) -> str:
    """In words, for a terminal."""
    held = store.mailbox().held
    lines = [_line(item, store, config, now, held) for item in items(config)] or ["Nothing is scheduled."]
    states = (
        (LetterState.QUEUED, "wait to be sent"),
        (LetterState.HELD, "are held back by a limit on automatic answers; --send-held lets them go"),
        (LetterState.DOUBTFUL, "are in doubt; the summary names them"),
        (LetterState.FAILED, "could not be sent; the summary names them"),
    )
    counts = [(len(store.letters(state)), words) for state, words in states]
    lines += ["", *(f"{count:,} {words}" for count, words in counts if count or words == "wait to be sent")]
    if config.replies.mode != "send":
        lines.append(
            f'mode is "{config.replies.mode}": '
            + ("letters go into Drafts" if config.replies.mode == "draft" else "no reminder and no paper is written")
        )
    return "\n".join(lines)


def _line(item: Item, store: Store, config: Config, now: datetime, held: Sequence[str]) -> str:
    at = item.at.astimezone(config.event.zone)
    where = phase(item, config, now, held)
    had = sum(store.letter(letter_id(item, invitee)) is not None for invitee in store.invitees())
    left = 0 if where is Phase.OVER else sum(1 for _ in recipients(item, store, config, now))
    state = f"; {_PHASES[where]}" if _PHASES[where] else ""
    missing = "" if item.file is None or item.file.is_file() else f"; {item.file} IS MISSING"
    return f"{at:%a %d %b %Y %H:%M}  {item.name}: to {item.to}; {had:,} had it, {left:,} to come{state}{missing}"
