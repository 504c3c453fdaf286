"""What an admin records by a command on the server: the same decisions as organisers take by mail."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from datetime import datetime

from rsvpbot.config import Config
from rsvpbot.letters.templates import Templates
from rsvpbot.mail.tokens import Tokens, load_keys
from rsvpbot.model import ADMIN, Act, Address
from rsvpbot.organisers.commands import person
from rsvpbot.organisers.history import Unclear, find
from rsvpbot.organisers.rulings import Case, Command, NotPossible, rule
from rsvpbot.organisers.steer import Steering
from rsvpbot.roster import new_id
from rsvpbot.store.base import Store

_ACTS = {
    "accepted": Act.ACCEPT,
    "declined": Act.DECLINE,
    "tentative": Act.TENTATIVE,
    "delegated": Act.DELEGATE,
    "undo": Act.UNDO,
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line says."""

    who: str
    answer: str
    party: int | None = None
    delegate: str = ""
    letters: bool = True
    dry_run: bool = False


def record(store: Store, config: Config, now: datetime, wanted: Wanted) -> tuple[str, ...]:
    """Record an answer by hand, or take one back, and say what was done, line by line.

    The letters wait in the outbox; the service, or the next poll, sends them. Raises Unclear, NotPossible, StoreError
    and TemplateError.
    """
    command = Command(_ACTS[wanted.answer], party=wanted.party, person=_delegate(wanted.delegate))
    steering = _steering(store, config)
    with contextlib.nullcontext() if wanted.dry_run else store.transaction():
        invitee = find(store, wanted.who.strip().lower(), whole=True)
        if invitee is None:
            raise Unclear(f"nobody on record is meant by {wanted.who!r}; rsvpbot guests lists who there is")
        case = Case(invitee, None, ADMIN, now, new_id())
        ruled = rule(command, case, store, config)
        if not wanted.letters:
            ruled = replace(ruled, letters=())
        batch, letters = steering.batch_of(ruled, case)
        told = tuple(steering.told(ruled, case, letters))
        if not wanted.dry_run:
            store.commit(batch)
    return ("Nothing is recorded yet; without --dry-run:", *told) if wanted.dry_run else told


def send_held(store: Store, config: Config, now: datetime) -> tuple[str, ...]:
    """Let the automatic answers go that a limit holds back, as far as they still say what is so; and say what becomes
    of them, line by line. Raises NotPossible where none is held back, StoreError and TemplateError."""
    steering = _steering(store, config)
    with store.transaction():
        case = Case(None, None, ADMIN, now, new_id())
        ruled = rule(Command(Act.SEND), case, store, config)
        batch, letters = steering.batch_of(ruled, case)
        told = tuple(steering.told(ruled, case, letters))
        store.commit(batch)
    return told


def _steering(store: Store, config: Config) -> Steering:
    tokens = Tokens(load_keys(config.state_folder), config.event.uid)
    return Steering(store, config, Templates(config), tokens, new_id)


def _delegate(written: str) -> Address | None:
    if not written:
        return None
    named = person(written)
    if named is None:
        raise NotPossible(f"{written!r} names nobody; write --delegate 'Jane Doe <jane@example.org>'")
    return named
