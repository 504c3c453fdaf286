"""A new key for the tokens, put in place by a command; what it means is told to whoever gave it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from rsvpbot.config import Config
from rsvpbot.mail.tokens import rotate
from rsvpbot.model import LetterState
from rsvpbot.store.base import Commit, Store
from rsvpbot.store.lock import KEY_FILE


def rotate_key(store: Store, config: Config, now: datetime, *, forget_old: bool) -> tuple[str, ...]:
    """Put a new key above the old ones, and say what that means, line by line.

    Old keys are read until the event is over, and with `forget_old` no more: then whatever was believed because of a
    token of theirs, and still is, is believed no longer either. Raises KeyFileError and StoreError.
    """
    over = now >= config.event.ends
    with store.transaction():  # one at a time, and between two messages of the service
        read = rotate(config.state_folder, retire=forget_old or over)
        confirmed = store.mailbox().confirmed
        if forget_old and confirmed:
            store.commit(Commit(mailbox=replace(store.mailbox(), confirmed=())))
    waiting = len(store.letters(LetterState.QUEUED))
    return tuple(_told(config, read, waiting, bool(confirmed), forget_old=forget_old))


def _told(config: Config, read: int, waiting: int, confirmed: bool, *, forget_old: bool) -> Iterator[str]:
    yield f"A new key signs: {config.state_folder / KEY_FILE}. A running service takes it up by itself within a minute."
    if read:
        yield "The old key is still read: letters that are out keep their meaning until the event is over."
        return
    if not forget_old:
        yield "The event is over: old keys are read no more, and no token names anybody."
        return
    yield "Old tokens count no more. Who answers an old letter is known by the address on the list alone, and"
    yield "is asked before an answer is changed; an assistant or anybody else who holds an old letter goes to review."
    yield "Links in summaries and questions that are out do nothing; the next summary brings new ones."
    if waiting:
        yield f"{waiting:,} {'letter that waits carries' if waiting == 1 else 'letters that wait carry'} old tokens."
    if confirmed:
        yield "Organisers whose mail carries no DMARC pass are asked to confirm their next decision once more."
    yield "Calendar entries keep their UID, and answers by calendar their meaning."
