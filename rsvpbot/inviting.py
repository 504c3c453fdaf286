"""`rsvpbot invite` and `rsvpbot announce`: show a letter to many, say to whom it goes, ask, and send it."""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from tempfile import TemporaryDirectory

from rsvpbot.config import Config
from rsvpbot.letters.templates import Templates
from rsvpbot.mail.tokens import Tokens, load_keys
from rsvpbot.model import Clock, Invitee, Letter
from rsvpbot.organisers import announce as events
from rsvpbot.organisers.invite import Inviting, Plan, plan
from rsvpbot.organisers.mailing import Mailing, Sent, checked_enclosure
from rsvpbot.organisers.rulings import NotPossible
from rsvpbot.organisers.shown import one_line
from rsvpbot.roster import new_id
from rsvpbot.service import bar, stop_on_signals, take_in
from rsvpbot.store import open_store
from rsvpbot.store.base import Store
from rsvpbot.store.lock import KEY_FILE

MOST_NAMED = 8

_WAIT = "wait in the outbox since an earlier command was cut off, and go first"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line says."""

    only: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    attach: Path | None = None
    yes: bool = False
    dry_run: bool = False


def invite(config: Config, clock: Clock, wanted: Wanted, confirmed: Callable[[str], bool]) -> int:
    """Invite, and return the exit status: 1 where some could not be sent.

    Raises NotPossible, Unclear, StoreError and TemplateError.
    """
    if clock.now() >= config.event.ends:
        raise NotPossible("the event is over, by the clock and [event] ends")
    files = (checked_enclosure(wanted.attach),) if wanted.attach else ()
    with _record(config, clock, dry_run=wanted.dry_run) as (store, tokens):
        if store.mailbox().cancelled_at is not None:
            raise NotPossible("the event was cancelled, and everybody told so")
        found = plan(store, only=wanted.only, categories=wanted.categories)
        print("\n".join(_told(found)))
        if not found.todo and not found.queued:
            if not wanted.dry_run:
                _settle(store, config, clock)
            return 0
        inviting = Inviting(store, config, Templates(config), tokens, new_id, files)
        if found.todo:
            print(_shown(inviting.written(found.todo[0], clock.now())))
        if wanted.dry_run:
            return 0
        number = len(found.todo) + len(found.queued)
        if not wanted.yes and not confirmed(f"Send {_many(number)}?"):
            print("Nothing was sent.")
            return 0
        events.note_first(store, config)
        size = sum(len(file.data) for file in files)
        mailing = Mailing(store, config, clock, inviting.unless_had, size)
        return _sent(mailing, found.todo, found.queued, config)


def announce(
    config: Config, clock: Clock, confirmed: Callable[[str], bool], *, cancel: bool, yes: bool, dry_run: bool
) -> int:
    """Tell what has changed, or that the event will not take place; the exit status. Raises as `invite`."""
    with _record(config, clock, dry_run=dry_run) as (store, tokens):
        found = events.news(store, config, clock.now(), cancel=cancel)
        queued = events.waiting(store)
        if found is None:
            print("Nothing has changed since people were told.")
        if found is None and not queued:
            if not dry_run:
                _settle(store, config, clock)
            return 0
        todo = found.todo if found else ()
        if found is not None:
            print(f"Changed: {', '.join(found.what)}. {len(todo):,} to be told.")
        if queued:
            print(f"{len(queued):,} {_WAIT}")
        telling = events.Telling(store, config, Templates(config), tokens, found) if found else None
        first = next(filter(None, (telling.written(one, clock.now()) for one in todo)), None) if telling else None
        if first is not None:
            print(_shown(first))
        if dry_run:
            return 0
        number = len(todo) + len(queued)
        if not yes and not confirmed(f"Send {_many(number)}?"):
            print("Nothing was sent.")
            return 0
        if found is not None:
            events.begin(store, found)
        write = telling.written if telling else _nothing
        return _sent(Mailing(store, config, clock, write), todo, queued, config)


@contextmanager
def _record(config: Config, clock: Clock, *, dry_run: bool) -> Iterator[tuple[Store, Tokens]]:
    """The record, with the list taken in, and what signs its letters. For a dry run all of it is a copy, which goes
    with it: it writes nothing, not even a first record and its key."""
    with ExitStack() as stack:
        if dry_run:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="rsvpbot-")))
            if config.store_file.is_file():
                with open_store(config.store_url, config.path.parent, read_only=True) as there:
                    there.backup(folder / "rsvp.json")
            if (config.state_folder / KEY_FILE).is_file():
                shutil.copy2(config.state_folder / KEY_FILE, folder)
            config = replace(config, store_url="tinydb:rsvp.json", store_file=folder / "rsvp.json")
            store = stack.enter_context(open_store(config.store_url, folder))
        else:
            store = stack.enter_context(open_store(config.store_url, config.path.parent))
        for problem in take_in(config, store, clock.now()):
            print(f"{problem.file}, {problem.key}: {problem.wrong}; {problem.right}", file=sys.stderr)
        yield store, Tokens(load_keys(config.state_folder), config.event.uid)


def _nothing(invitee: Invitee, now: datetime) -> None:
    """Nobody is left to be written to."""


def _many(number: int) -> str:
    return f"{number:,} {'letter' if number == 1 else 'letters'}"


def _sent(mailing: Mailing, todo: Sequence[Invitee], queued: Sequence[str], config: Config) -> int:
    stop = threading.Event()
    stop_on_signals(stop)
    number = len(todo) + len(queued)
    with bar(f"Sending {_many(number)}, at most {config.smtp.max_per_minute} a minute") as tell:
        sent = mailing.send(todo, queued, stop, tell)
    return _outcome(sent, number)


def _settle(store: Store, config: Config, clock: Clock) -> None:
    """Nobody is left, but an earlier command may have been cut off at the very last letter: nothing else would say so
    before the service starts."""
    sent = Mailing(store, config, clock, _nothing).send((), (), threading.Event())
    if sent.cut_off:
        print(f"{_cut_off(sent)}.")


def _cut_off(sent: Sent) -> str:
    return f"{sent.cut_off:,} may not have gone out: an earlier command was cut off there; the summary names them"


def _told(found: Plan) -> list[str]:
    """To whom, and who is passed over and why."""
    todo = found.todo
    named = ", ".join(f"{one_line(i.name)} <{i.addresses[0]}>".strip() for i in todo[:MOST_NAMED])
    more = f" and {len(todo) - MOST_NAMED:,} more" if len(todo) > MOST_NAMED else ""
    lines = [f"{len(todo):,} to invite" + (f": {named}{more}" if todo else ".")]
    passed = (
        (len(found.queued), _WAIT),
        (found.had - len(found.queued), "have had it"),
        (found.answered, "answered already"),
        (found.bounced, "are not reached by mail"),
        (found.elsewhere, "are not asked for"),
    )
    lines += [f"{count:,} {why}" for count, why in passed if count]
    return lines


def _shown(letter: Letter) -> str:
    """The letter of the first, as its text part says it."""
    mail = message_from_bytes(letter.raw or b"", policy=policy.default)
    assert isinstance(mail, EmailMessage)  # noqa: S101 (what this policy makes)
    body = mail.get_body(("plain",))
    text = str(body.get_content()).replace("\r\n", "\n").rstrip() if body else ""
    files = [part.get_filename() for part in mail.iter_attachments()]
    quoted = "\n".join(
        f"  | {line}".rstrip() for line in (f"To: {mail['To']}", f"Subject: {mail['Subject']}", "", *text.split("\n"))
    )
    return f"\n{quoted}\n" + (f"  enclosed: {', '.join(map(str, files))}\n" if files else "")


def _outcome(sent: Sent, wanted: int) -> int:
    left = wanted - sent.sent - sent.waiting - sent.failed
    parts = [f"{sent.sent:,} sent"]
    parts += [f"{sent.waiting:,} wait in the outbox"] if sent.waiting else []
    parts += [f"{sent.failed:,} failed or in doubt; rsvpbot show ADDRESS says why"] if sent.failed else []
    parts += [_cut_off(sent)] if sent.cut_off else []
    parts += [f"{left:,} not begun; the same command goes on"] if left else []
    print("; ".join(parts) + ".")
    if sent.trouble:
        print(f"It ended early: {sent.trouble}.", file=sys.stderr)
    return 1 if sent.trouble or sent.failed or sent.stopped else 0
