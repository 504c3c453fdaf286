"""What a person's message says. Pure: no clock, no network, no file of the user's. A language is a file in languages/.

    read(message, event) -> Reading

Unsure is said, not guessed: whatever cannot be read with confidence gets a reason for review.
"""

from __future__ import annotations

from rsvpbot.model import MACHINE_KINDS, Event, Kind, Message, Reading
from rsvpbot.reading.calendar import find_reply
from rsvpbot.reading.comment import read_calendar
from rsvpbot.reading.language import language_of
from rsvpbot.reading.letter import read_letter
from rsvpbot.reading.newtext import NewText, new_text

__all__ = ["read"]


def read(message: Message, event: Event, kind: Kind | None = None, text: NewText | None = None) -> Reading:
    """What one message says.

    `kind`: what screening found; None: a calendar answer if there is one, else a person's message. Of machines' mail
    only kind and language are told. `text`: what is newly written in it, where that is known already. Never raises on
    any message.
    """
    text = text or new_text(message)
    if kind in MACHINE_KINDS:
        assert kind is not None  # noqa: S101 (one of MACHINE_KINDS)
        return Reading(kind, language=language_of(text.text or text.boilerplate), text=text.text)
    if kind is Kind.HUMAN:
        return read_letter(message, event, text)
    reply = find_reply(message, (event.title,))
    if reply is None and kind is None:
        return read_letter(message, event, text)
    return read_calendar(message, event, text, reply)
