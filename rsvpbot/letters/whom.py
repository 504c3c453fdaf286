"""To whom, and in which language, we write when nobody has just written to us; and the files that go along."""

from __future__ import annotations

import mimetypes
from collections.abc import Collection, Iterable
from pathlib import Path

from rsvpbot.config import Config
from rsvpbot.decide import writable
from rsvpbot.model import Enclosure, Invitee, Letter, LetterKind, LetterState, PartStat
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
    known = any(delegate.email in one.recipients and one.state not in NEVER_CAME for one in welcomes)
    return delegate.email if known else ""


NEVER_CAME = frozenset({LetterState.FAILED, LetterState.HELD, LetterState.WITHDRAWN})
"""What is in such a letter, its recipients have not been told, and may never be."""

GONE = frozenset({LetterState.SENT, LetterState.DRAFTED, LetterState.DOUBTFUL})


def former_delegates(invitee: Invitee, letters: Iterable[Letter]) -> tuple[str, ...]:
    """Addresses of those who were welcomed in the invitee's place and come no more. `letters`: to this invitee."""
    present = invitee.answer.delegate if invitee.answer and invitee.partstat is PartStat.DELEGATED else None
    welcomed = (one for one in letters if one.kind is LetterKind.WELCOME and one.state in GONE)
    found = dict.fromkeys(address for one in welcomed for address in one.recipients)
    return tuple(address for address in found if present is None or address != present.email)


def has_had(invitee: Invitee, to: Collection[str], store: Store) -> tuple[str, ...]:
    """Titles of the papers that have gone to one of these addresses, as far as we know."""
    papers = (letter for letter in store.letters_to(invitee.id) if letter.kind is LetterKind.PAPER)
    return tuple(one.topic for one in papers if one.state in GONE and not set(to).isdisjoint(one.recipients))


def enclosure(path: Path) -> Enclosure:
    """A file as it goes with a letter. Raises OSError.

    What would be text to a mail program is enclosed as bytes: its encoding is not known.
    """
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if kind.startswith(("text/", "message/", "multipart/")):
        kind = "application/octet-stream"
    return Enclosure(path.name, kind, path.read_bytes())
