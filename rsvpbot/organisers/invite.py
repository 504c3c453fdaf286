"""The invitation goes out: to everybody on the list who has not had it, once each, however often it is interrupted.

That somebody was invited is known from the letters in the store, and from nothing else: a letter is queued in one
commit, and whoever has one in any state but "failed" is not invited again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from rsvpbot.config import Config
from rsvpbot.letters.compose import compose
from rsvpbot.letters.facts import sequence_of
from rsvpbot.letters.templates import Templates
from rsvpbot.letters.whom import language_of
from rsvpbot.mail.tokens import Tokens
from rsvpbot.model import (
    Enclosure,
    Invitee,
    Letter,
    LetterKind,
    LetterRequest,
    LetterState,
    PartStat,
)
from rsvpbot.organisers.history import find
from rsvpbot.organisers.rulings import NotPossible
from rsvpbot.organisers.shown import one_line
from rsvpbot.store.base import Store


@dataclass(frozen=True, slots=True)
class Plan:
    """Who is to be invited, and who is passed over."""

    todo: tuple[Invitee, ...]
    queued: tuple[str, ...] = ()
    """Ids of invitations that wait in the outbox since an earlier command was cut off."""
    had: int = 0
    """Have had it, or it waits in the outbox."""
    answered: int = 0
    """Have answered already, without it."""
    bounced: int = 0
    """Mail does not reach them."""
    elsewhere: int = 0
    """On the list, and not among those asked for."""


def plan(store: Store, *, only: Sequence[str] = (), categories: Collection[str] = ()) -> Plan:
    """Who is to be invited now.

    `only`: addresses, or words of a name; whoever is named so gets it even after an answer, a bounce or a letter that
    failed, but never a second time. `categories`: of these alone, whatever their case. Raises NotPossible where nobody
    is meant by words, Unclear where several are.
    """
    named = {invitee.id for invitee in (_named(store, words) for words in only)}
    wanted = {category.casefold() for category in categories}
    known = {invitee.category.casefold() for invitee in store.invitees() if invitee.listed}
    unknown = sorted(category for category in categories if category.casefold() not in known)
    if unknown:
        raise NotPossible(f"nobody on the list is of the category {unknown[0]!r}")
    letters = _invitations(store)
    queued = tuple(letter.id for letter in store.letters(LetterState.QUEUED) if letter.kind is LetterKind.INVITATION)
    had = answered = bounced = elsewhere = 0
    todo: list[Invitee] = []
    for invitee in store.invitees():
        if not invitee.listed:
            continue
        if (named and invitee.id not in named) or (wanted and invitee.category.casefold() not in wanted):
            elsewhere += 1
            continue
        states = letters.get(invitee.id, set())
        if states - {LetterState.FAILED}:
            had += 1
        elif invitee.id in named:
            todo.append(invitee)
        elif invitee.bounced or states:
            bounced += 1
        elif invitee.answer is not None:
            answered += 1
        else:
            todo.append(invitee)
    return Plan(tuple(todo), queued, had, answered, bounced, elsewhere)


def _named(store: Store, words: str) -> Invitee:
    invitee = find(store, words.strip().lower(), whole=True)
    if invitee is None or not invitee.listed:
        raise NotPossible(f"nobody on the list is meant by {one_line(words)!r}")
    return invitee


def _invitations(store: Store) -> dict[str, set[LetterState]]:
    """The states of the invitations of each invitee."""
    found: dict[str, set[LetterState]] = {}
    for letter in store.letters():
        if letter.kind is LetterKind.INVITATION and letter.invitee_id:
            found.setdefault(letter.invitee_id, set()).add(letter.state)
    return found


@dataclass(frozen=True, slots=True)
class Inviting:
    """Writes invitations."""

    store: Store
    config: Config
    templates: Templates
    tokens: Tokens
    new_id: Callable[[], str]
    enclosed: tuple[Enclosure, ...] = ()

    def written(self, invitee: Invitee, now: datetime) -> Letter:
        """The invitation of one invitee."""
        request = LetterRequest(
            LetterKind.INVITATION,
            invitee.id,
            invitee.addresses[:1],
            language_of(invitee, self.config),
            enclosed=self.enclosed,
            sequence=sequence_of(self.store.mailbox(), self.config),
        )
        return compose(
            request,
            invitee=invitee,
            message=None,
            config=self.config,
            templates=self.templates,
            tokens=self.tokens,
            now=now,
            letter_id=self.new_id(),
        )

    def unless_had(self, invitee: Invitee, now: datetime) -> Letter | None:
        """The same, or None where there is one already, they have left the list, or have declined meanwhile."""
        had = any(
            letter.kind is LetterKind.INVITATION and letter.state is not LetterState.FAILED
            for letter in self.store.letters_to(invitee.id)
        )
        declined = invitee.partstat is PartStat.DECLINED
        return None if had or declined or not invitee.listed else self.written(invitee, now)
