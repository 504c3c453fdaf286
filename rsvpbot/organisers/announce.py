"""News of the event: its time, place or title are others now, or it will not take place; and who has to be told.

That somebody was told is known from the id of the letter, which holds the SEQUENCE of the change; what everybody has
been told is noted only when all letters are queued. So an end in the middle loses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from rsvpbot.config import Config
from rsvpbot.decide import COMING
from rsvpbot.letters.compose import compose
from rsvpbot.letters.facts import changed, facts_of, next_facts
from rsvpbot.letters.templates import Templates
from rsvpbot.letters.whom import language_of, own_address, welcomed_delegate
from rsvpbot.mail.tokens import Tokens
from rsvpbot.model import Facts, Invitee, Letter, LetterKind, LetterRequest, LetterState, PartStat
from rsvpbot.store.base import Commit, Store

_ARRIVED = frozenset({LetterState.SENT, LetterState.SENDING, LetterState.DRAFTED, LetterState.DOUBTFUL})


@dataclass(frozen=True, slots=True)
class News:
    """What is to be told, and to whom."""

    what: tuple[str, ...]
    """What has changed, see `facts.changed`; ("cancelled",) where it will not take place."""
    before: Facts
    after: Facts
    todo: tuple[Invitee, ...]
    """Who has not been told."""

    @property
    def kind(self) -> LetterKind:
        return LetterKind.CANCELLED if self.after.cancelled else LetterKind.CHANGED

    def letter_id(self, invitee: Invitee, number: int) -> str:
        return f"news{self.after.sequence}x{invitee.id}{number}"


def note_first(store: Store, config: Config) -> None:
    """Remember what people are told by the first letters, for a change to be measured against. Raises StoreError."""
    if store.mailbox().told is None:
        with store.transaction():
            mailbox = store.mailbox()
            if mailbox.told is None:
                store.commit(Commit(mailbox=replace(mailbox, told=facts_of(config))))


def news(store: Store, config: Config, *, cancel: bool = False) -> News | None:
    """What has to be told; None where everything is as people know it."""
    told = store.mailbox().told
    if told is None:
        told = facts_of(config)
    if told.cancelled:
        return None
    what = ("cancelled",) if cancel else changed(told, config)
    if not what:
        return None
    found = News(what, told, next_facts(told, config, cancelled=cancel), ())
    return replace(
        found, todo=tuple(one for one in store.invitees() if _concerned(one, store) and _left(found, one, store))
    )


def _concerned(invitee: Invitee, store: Store) -> bool:
    """Who comes, may come, waits for a seat, or has our invitation and has not answered; never who declined."""
    if not invitee.listed or invitee.bounced:
        return False
    if invitee.partstat in COMING or invitee.partstat is PartStat.TENTATIVE:
        return True
    return invitee.answer is None and any(letter.state in _ARRIVED for letter in store.letters_to(invitee.id))


def _left(found: News, invitee: Invitee, store: Store) -> bool:
    return store.letter(found.letter_id(invitee, 0)) is None


def recipients(invitee: Invitee, store: Store, config: Config) -> tuple[str, ...]:
    """The address on the list, and a delegate whom we have welcomed."""
    return tuple(filter(None, (own_address(invitee, config), welcomed_delegate(invitee, store, config))))


@dataclass(frozen=True, slots=True)
class Telling:
    """Writes the news."""

    store: Store
    config: Config
    templates: Templates
    tokens: Tokens
    found: News

    def written(self, invitee: Invitee, now: datetime) -> Letter | None:
        """The letter of one invitee; None where they have it, or cannot be written to."""
        to = recipients(invitee, self.store, self.config)
        if not to or not _left(self.found, invitee, self.store):
            return None
        request = LetterRequest(
            self.found.kind,
            invitee.id,
            to,
            language_of(invitee, self.config),
            answer=invitee.answer,
            first=False,
            sequence=self.found.after.sequence,
            was=self.found.before,
        )
        return compose(
            request,
            invitee=invitee,
            message=None,
            config=self.config,
            templates=self.templates,
            tokens=self.tokens,
            now=now,
            letter_id=self.found.letter_id(invitee, 0),
        )


def note_told(store: Store, found: News) -> bool:
    """Once all of its letters are queued: from now on this is what people know. Returns whether that is so.

    Raises StoreError.
    """
    with store.transaction():
        if any(_left(found, invitee, store) for invitee in found.todo if store.invitee(invitee.id) is not None):
            return False
        store.commit(Commit(mailbox=replace(store.mailbox(), told=found.after)))
    return True
