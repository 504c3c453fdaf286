"""Letters that a limit held back, at the moment at which an organiser lets them go.

Days may have passed since they were written, so each goes out only as far as it still says what is so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from rsvpbot.config import Config
from rsvpbot.letters.facts import changed
from rsvpbot.letters.whom import NEVER_CAME
from rsvpbot.model import Invitee, Letter, LetterKind, LetterRequest, LetterState, PartStat
from rsvpbot.store.base import Store

_OF_THE_RECORD = frozenset(
    {LetterKind.ACCEPTED, LetterKind.DECLINED, LetterKind.TENTATIVE, LetterKind.DELEGATED, LetterKind.STANDBY}
)
"""They say which answer stands."""

_ASKING = frozenset({LetterKind.UNCLEAR, LetterKind.CONFIRM_CHANGE})
"""They ask for an answer."""

_WITH_ARRANGEMENTS = frozenset(
    {LetterKind.ACCEPTED, LetterKind.TENTATIVE, LetterKind.DELEGATED, LetterKind.WELCOME, LetterKind.INFORMATION}
)
"""They tell when and where, and can be written anew from the record."""

_NEVER_COMES = NEVER_CAME - {LetterState.HELD}
"""What is held back as well may go out by the same command."""


@dataclass(frozen=True, slots=True)
class Released:
    """What becomes of the letters that were held back."""

    queued: tuple[Letter, ...] = ()
    """As they were written."""
    anew: tuple[LetterRequest, ...] = ()
    """To be written again, as the arrangements are others now."""
    withdrawn: tuple[Letter, ...] = ()
    """All others, those that are written anew among them."""


def release(store: Store, config: Config, now: datetime) -> Released:
    """What is to become of every letter that a limit holds back. Reads the store and writes nothing."""
    queued, anew, withdrawn = [], [], []
    for letter in store.letters(LetterState.HELD):
        invitee = store.invitee(letter.invitee_id) if letter.invitee_id else None
        if not _still_so(letter, invitee, store, config, now):
            withdrawn.append(_withdrawn(letter))
        elif invitee is not None and letter.kind in _WITH_ARRANGEMENTS and _is_outdated(letter, store, config):
            withdrawn.append(_withdrawn(letter))
            anew.append(_again(letter, invitee, store))
        else:
            queued.append(replace(letter, state=LetterState.QUEUED, error=""))
    return Released(tuple(queued), tuple(anew), tuple(withdrawn))


def _withdrawn(letter: Letter) -> Letter:
    return replace(letter, state=LetterState.WITHDRAWN, raw=None)


def _still_so(letter: Letter, invitee: Invitee | None, store: Store, config: Config, now: datetime) -> bool:
    """Whether it is still to be said at all."""
    if now >= config.event.ends or store.mailbox().cancelled_at is not None:
        return False
    if invitee is None:
        return True
    if any(_supersedes(later, letter) for later in _after(letter, store)):
        return False
    answer = invitee.answer
    if letter.kind is LetterKind.WELCOME:
        delegate = answer.delegate if answer is not None and answer.partstat is PartStat.DELEGATED else None
        return delegate is not None and delegate.email in letter.recipients
    if letter.kind is LetterKind.STANDBY:
        return answer is not None and answer.standby is not None
    if letter.kind in _OF_THE_RECORD:
        return invitee.partstat.value == letter.kind.value and (answer is None or answer.standby is None)
    if letter.kind in _ASKING:
        return answer is None or answer.recorded_at <= letter.queued_at
    return True


def _after(letter: Letter, store: Store) -> Iterator[Letter]:
    """Letters about the same invitee that were written later, in order."""
    letters = iter(store.letters_to(letter.invitee_id or ""))
    for one in letters:
        if one.id == letter.id:
            break
    return letters


def _supersedes(later: Letter, letter: Letter) -> bool:
    """Whether it went to the same people, and makes what was held back needless."""
    settles = later.kind in _OF_THE_RECORD and letter.kind in _OF_THE_RECORD | _ASKING
    return (
        (later.kind is letter.kind or settles)
        and later.state not in _NEVER_COMES
        and not set(later.recipients).isdisjoint(letter.recipients)
    )


def _is_outdated(letter: Letter, store: Store, config: Config) -> bool:
    """Whether the arrangements are others than when it was written, be it told already or not."""
    told = store.mailbox().told
    since = told.at if told is not None else None
    return (since is not None and since > letter.queued_at) or bool(changed(told, config))


def _again(letter: Letter, invitee: Invitee, store: Store) -> LetterRequest:
    delegate = invitee.answer.delegate if invitee.answer is not None else None
    welcomed = delegate is not None and any(
        one.kind is LetterKind.WELCOME and delegate.email in one.recipients and one.state not in _NEVER_COMES
        for one in store.letters_to(invitee.id)
    )
    return LetterRequest(
        letter.kind,
        invitee.id,
        letter.recipients,
        letter.language,
        answer=invitee.answer,
        delegate_written=welcomed,
    )
