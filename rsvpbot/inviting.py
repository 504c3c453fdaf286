"""`rsvpbot invite` and `rsvpbot announce`: show a letter to many, say to whom it goes, ask, and send it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

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

MOST_NAMED = 8


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
    with open_store(config.store_url, config.path.parent) as store:
        for problem in take_in(config, store, clock.now()):
            print(f"{problem.file}, {problem.key}: {problem.wrong}; {problem.right}", file=sys.stderr)
        told = store.mailbox().told
        if told is not None and told.cancelled:
            raise NotPossible("the event was cancelled, and everybody told so")
        found = plan(store, only=wanted.only, categories=wanted.categories)
        print("\n".join(_told(found)))
        if not found.todo and not found.queued:
            return 0
        tokens = Tokens(load_keys(config.state_folder), config.event.uid)
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
    with open_store(config.store_url, config.path.parent) as store:
        for problem in take_in(config, store, clock.now()):
            print(f"{problem.file}, {problem.key}: {problem.wrong}; {problem.right}", file=sys.stderr)
        found = events.news(store, config, clock.now(), cancel=cancel)
        if found is None:
            print("Nothing has changed since people were told.")
            return 0
        print(f"Changed: {', '.join(found.what)}. {len(found.todo):,} to be told.")
        tokens = Tokens(load_keys(config.state_folder), config.event.uid)
        telling = events.Telling(store, config, Templates(config), tokens, found)
        first = next(filter(None, (telling.written(one, clock.now()) for one in found.todo)), None)
        if first is not None:
            print(_shown(first))
        if dry_run:
            return 0
        if not yes and not confirmed(f"Send {_many(len(found.todo))}?"):
            print("Nothing was sent.")
            return 0
        events.begin(store, found)
        return _sent(Mailing(store, config, clock, telling.written), found.todo, (), config)


def _many(number: int) -> str:
    return f"{number:,} {'letter' if number == 1 else 'letters'}"


def _sent(mailing: Mailing, todo: Sequence[Invitee], queued: Sequence[str], config: Config) -> int:
    stop = threading.Event()
    stop_on_signals(stop)
    number = len(todo) + len(queued)
    with bar(f"Sending {_many(number)}, at most {config.smtp.max_per_minute} a minute") as tell:
        sent = mailing.send(todo, queued, stop, tell)
    return _outcome(sent, number)


def _told(found: Plan) -> list[str]:
    """To whom, and who is passed over and why."""
    todo = found.todo
    named = ", ".join(f"{one_line(i.name)} <{i.addresses[0]}>".strip() for i in todo[:MOST_NAMED])
    more = f" and {len(todo) - MOST_NAMED:,} more" if len(todo) > MOST_NAMED else ""
    lines = [f"{len(todo):,} to invite" + (f": {named}{more}" if todo else ".")]
    passed = (
        (len(found.queued), "wait in the outbox since an earlier command was cut off, and go first"),
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
    assert isinstance(mail, EmailMessage)
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
    parts += [f"{left:,} not begun; the same command goes on"] if left else []
    print("; ".join(parts) + ".")
    if sent.trouble:
        print(f"It ended early: {sent.trouble}.", file=sys.stderr)
    return 1 if sent.trouble or sent.failed else 0
