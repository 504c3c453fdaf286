"""To whom, and in which language, we write when nobody has just written to us; and the files that go along."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from rsvpbot.config import Config
from rsvpbot.decide import writable
from rsvpbot.model import Enclosure, Invitee, LetterKind, PartStat
from rsvpbot.store.base import Store


def language_of(invitee: Invitee, config: Config) -> str:
    """That of their answer, else the one on the list, where we write it; else the first that is configured."""
    offered = config.replies.languages
    known = (invitee.answer.language if invitee.answer else "", invitee.language)
    return next((tag for tag in known if tag in offered), offered[0])


def own_address(invitee: Invitee, config: Config) -> str:
    """The address on the list; "" where nobody reads it."""
    return invitee.addresses[0] if writable(invitee.addresses[0], config) else ""


def welcomed_delegate(invitee: Invitee, store: Store, config: Config) -> str:
    """The address of whoever comes in the invitee's place, where we have written there before; else ""."""
    delegate = invitee.answer.delegate if invitee.answer and invitee.partstat is PartStat.DELEGATED else None
    if delegate is None or not delegate.email or not writable(delegate.email, config):
        return ""
    welcomes = (letter for letter in store.letters_to(invitee.id) if letter.kind is LetterKind.WELCOME)
    return delegate.email if any(delegate.email in letter.recipients for letter in welcomes) else ""


def enclosure(path: Path) -> Enclosure:
    """A file as it goes with a letter. Raises OSError.

    What would be text to a mail program is enclosed as bytes: its encoding is not known.
    """
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if kind.startswith(("text/", "message/", "multipart/")):
        kind = "application/octet-stream"
    return Enclosure(path.name, kind, path.read_bytes())
