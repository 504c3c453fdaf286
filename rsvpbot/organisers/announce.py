"""News of the event: its time, place or title are others now, or it will not take place; and who has to be told.

What is told is written down before the first letter is queued, with its moment: whoever has a letter of ours since then
knows it. So an end in the middle loses nothing, and neither does a second change before the first was told to all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rsvpbot.config import Config
from rsvpbot.decide import COMING
from rsvpbot.letters.compose import compose
from rsvpbot.letters.facts import changed, facts_of, next_facts
from rsvpbot.letters.templates import Templates
from rsvpbot.letters.values import Entry, entry_of
from rsvpbot.letters.whom import NEVER_CAME, former_delegates, language_of, own_address, welcomed_delegate
from rsvpbot.mail.tokens import Tokens
from rsvpbot.model import TO_ORGANISERS, Facts, Invitee, Letter, LetterKind, LetterRequest, LetterState, PartStat
from rsvpbot.store.base import Commit, Store

_INVITED = frozenset(LetterState) - {LetterState.FAILED}


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

    def letter_id(self, invitee: Invitee) -> str:
        return f"news{self.after.sequence}x{invitee.id}"


def note_first(store: Store, config: Config) -> None:
    """Remember what people are told by the first letters, for a change to be measured against. Raises StoreError."""
    if store.mailbox().told is None:
        with store.transaction():
            mailbox = store.mailbox()
            if mailbox.told is None:
                store.commit(Commit(mailbox=replace(mailbox, told=facts_of(config))))


def news(store: Store, config: Config, now: datetime, *, cancel: bool = False) -> News | None:
    """What has to be told; None where everybody knows how things are."""
    mailbox = store.mailbox()
    told = mailbox.told or facts_of(config)
    what = ("cancelled",) if cancel and not told.cancelled else () if told.cancelled else changed(told, config)
    if what:
        found = News(what, told, next_facts(told, config, _after_every_letter(store, now), cancelled=cancel), ())
        return replace(found, todo=tuple(one for one in store.invitees() if concerned(one, found, store, config)))
    if told.at is None:
        return None
    # The last change may not have reached everybody yet.
    before = mailbox.told_before or told
    what = ("cancelled",) if told.cancelled else changed(before, config)
    found = News(what or ("what was told last",), before, told, ())
    everybody = store.invitees()
    left = tuple(one for one in everybody if concerned(one, found, store, config) and _knows_not(one, found, store))
    return replace(found, todo=left) if left else None


def _after_every_letter(store: Store, now: datetime) -> datetime:
    """Since when the news is told: whoever has a letter of ours since then knows it. So it is later than every letter
    there is, also where the clock was set back since."""
    last = max((letter.queued_at for letter in store.letters()), default=now)
    return max(now, last + timedelta(microseconds=1))


def waiting(store: Store) -> tuple[str, ...]:
    """Ids of news that wait in the outbox since an earlier command was cut off; not of answers that tell the same."""
    told = {LetterKind.CHANGED, LetterKind.CANCELLED}
    queued = store.letters(LetterState.QUEUED)
    return tuple(letter.id for letter in queued if letter.kind in told and not letter.reply)


def begin(store: Store, found: News) -> None:
    """Write down what is told from now on, before the first letter. Raises StoreError."""
    with store.transaction():
        mailbox = store.mailbox()
        if mailbox.told is None or mailbox.told.sequence < found.after.sequence:
            store.commit(Commit(mailbox=replace(mailbox, told=found.after, told_before=found.before)))


def concerned(invitee: Invitee, found: News, store: Store, config: Config) -> bool:
    """Who comes, may come, waits for a seat, or has our invitation and has not answered; never who declined, nor whom
    mail does not reach, nor who would find nothing changed."""
    if _same_for(invitee, found, config):
        return False
    if not invitee.listed or invitee.bounced or not recipients(invitee, store, config):
        return False
    if invitee.partstat in COMING or invitee.partstat is PartStat.TENTATIVE:
        return True
    return invitee.answer is None and any(letter.state in _INVITED for letter in store.letters_to(invitee.id))


def _same_for(invitee: Invitee, found: News, config: Config) -> bool:
    """Holds the pass, where all that has changed is how those get in who do not."""
    if found.what != ("way in",) or found.before.venue.pass_name != config.event.venue.pass_name:
        return False
    return entry_of(found.kind, config, invitee, invitee.answer) is Entry.PASS


def _knows_not(invitee: Invitee, found: News, store: Store) -> bool:
    """No letter of ours was written since the change, nor one about it."""
    since = found.after.at
    letters = [
        letter
        for letter in store.letters_to(invitee.id)
        if letter.kind not in TO_ORGANISERS and letter.state not in NEVER_CAME
    ]
    known = any(since is not None and letter.queued_at >= since for letter in letters)
    return not known and store.letter(found.letter_id(invitee)) is None


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
        if self.found.after.cancelled:  # nobody shall come in vain
            to = tuple(dict.fromkeys((*to, *former_delegates(invitee, self.store.letters_to(invitee.id)))))
        if not concerned(invitee, self.found, self.store, self.config) or not _knows_not(
            invitee, self.found, self.store
        ):
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
            letter_id=self.found.letter_id(invitee),
        )
