"""What is scheduled and what waits, for an admin to see, to hold back, and to let go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from rsvpbot.config import Config
from rsvpbot.letters.schedule import Phase, letter_id, phase, recipients
from rsvpbot.letters.timetable import Item, items
from rsvpbot.model import LetterState, Mailbox
from rsvpbot.organisers.glance import cancelled_on
from rsvpbot.organisers.rulings import NotPossible
from rsvpbot.store.base import Commit, Store

_PHASES = {
    Phase.COMING: "",
    Phase.NOW: "goes out now",
    Phase.NIGHT: "waits for the morning",
    Phase.HELD: "HELD by a command",
    Phase.CANCELLED: "does not go out",
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


def report(store: Store, config: Config, now: datetime) -> str:
    """In words, for a terminal."""
    mailbox = store.mailbox()
    lines = [_line(item, store, config, now, mailbox) for item in items(config)] or ["Nothing is scheduled."]
    if mailbox.cancelled_at is not None:
        lines.insert(0, f"The event was {cancelled_on(mailbox.cancelled_at, config)}: none of this goes out any more.")
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


def _line(item: Item, store: Store, config: Config, now: datetime, mailbox: Mailbox) -> str:
    at = item.at.astimezone(config.event.zone)
    where = phase(item, config, now, mailbox)
    had = sum(store.letter(letter_id(item, invitee, store, config)) is not None for invitee in store.invitees())
    left = 0 if where in (Phase.OVER, Phase.CANCELLED) else sum(1 for _ in recipients(item, store, config, now))
    state = f"; {_PHASES[where]}" if _PHASES[where] else ""
    missing = "" if item.file is None or item.file.is_file() else f"; {item.file} IS MISSING"
    return f"{at:%a %d %b %Y %H:%M}  {item.name}: to {item.to}; {had:,} had it, {left:,} to come{state}{missing}"
