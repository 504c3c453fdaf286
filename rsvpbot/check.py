"""What `rsvpbot check` looks at: everything that could fail at night. It sends nothing, and writes nothing but the
folders that the mailbox lacks."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator, Sized
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rsvpbot.config import Config, ConfigError, Problem, load, salvage, warnings

if TYPE_CHECKING:
    from rich.console import Console

    from rsvpbot.mail.imap import Connection, Listed
    from rsvpbot.model import Invitee
    from rsvpbot.roster import Merge
    from rsvpbot.store import Store

NEWEST_YEARS: Final = range(2026, 2100)
"""A clock outside of these was never set."""

MOST_SKEW: Final = timedelta(minutes=5)
"""A message that arrived so much later than now shows a clock that is behind."""

LEAST_FREE: Final = 20_000_000
LITTLE_FREE: Final = 200_000_000
"""Bytes on the disk of the state folder: below, nothing can be recorded soon; below, somebody should look."""


class Mark(StrEnum):
    """How a thing stands."""

    GOOD = "good"
    DOUBT = "doubt"
    """It works, and may not be meant so."""
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the table."""

    about: str
    mark: Mark
    told: str
    remedy: str = ""
    """What to do; for a cross always."""
    written: bool = False
    """A person wrote it wrong (configuration, list, letters), as against something that is out of reach."""


def exit_status(findings: Iterable[Finding]) -> int:
    """2 where something is written wrong, 1 where something would fail, else 0."""
    bad = [finding for finding in findings if finding.mark is Mark.BAD]
    return 2 if any(finding.written for finding in bad) else 1 if bad else 0


def findings(path: Path, now: datetime | None) -> Iterator[Finding]:
    """Look at everything, in the order in which it is needed. `now` is a rehearsal's moment, None the present one."""
    try:
        config = load(path)
    except ConfigError as error:
        yield from (_found("configuration", problem) for problem in error.problems)
        guess = salvage(path)
        if guess is not None:
            yield from _letters(guess)
            yield from _list(guess)
        yield Finding("servers, store", Mark.DOUBT, "not looked at", "correct the configuration, then check again")
        return
    yield Finding("configuration", Mark.GOOD, f"{path}; mode is {config.replies.mode}: {_MODES[config.replies.mode]}")
    moment = now or datetime.now(UTC)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=config.event.zone)
    yield from (_found("configuration", problem) for problem in warnings(config, moment))
    yield from _letters(config)
    yield from _list(config)
    yield clock_finding(datetime.now(UTC))
    yield from _state_folder(config.state_folder)
    yield from _store(config)
    yield from _side_files(config)
    yield from _letters_out(config)
    yield from _news(config)
    yield from _uncategorised(config)
    yield from _mailbox(config)
    yield from _smtp(config)


_MODES: Final = {
    "draft": "letters to invitees are put into Drafts",
    "send": "letters to invitees are sent",
    "off": "no letters to invitees",
}


def _found(about: str, problem: Problem, file: str = "") -> Finding:
    mark = Mark.BAD if problem.fatal else Mark.DOUBT
    place = f"{file}, {problem.key}" if file else problem.key
    return Finding(about, mark, f"{place}: {problem.wrong}", problem.right, written=problem.fatal)


def _failed(about: str, error: Exception, otherwise: str) -> Finding:
    """A cross for an error that says "what is wrong; what would be right"; `otherwise` where it says only the first."""
    wrong, _, right = str(error).partition("; ")
    return Finding(about, Mark.BAD, wrong, right or otherwise)


# --------------------------------------------------------------------------- what was written


def _letters(config: Config) -> Iterator[Finding]:
    from rsvpbot.letters.templates import TemplateError, Templates
    from rsvpbot.organisers.door import check_badges

    try:
        problems = Templates(config).check()
    except TemplateError as error:
        problems = error.problems
    problems = (*problems, *check_badges(config))
    yield from (_found("letters", problem, _letter_file(Path(problem.file), config)) for problem in problems)
    if not any(problem.fatal for problem in problems):
        source = config.replies.templates or "built in"
        yield Finding("letters", Mark.GOOD, f"all can be written in {', '.join(config.replies.languages)} ({source})")


def _letter_file(file: Path, config: Config) -> str:
    """With the folder of its language, which tells it from those of the same name."""
    folder = config.replies.templates
    return str(file.relative_to(folder)) if folder and file.is_relative_to(folder) else file.name


def _list(config: Config) -> Iterator[Finding]:
    from rsvpbot.roster import preview, read_list

    file = config.invitees.file
    if file is None or not file.is_file():
        return
    try:
        rows, problems = read_list(file)
    except OSError as error:
        yield Finding("invitees", Mark.BAD, f"{file}: {error.strerror}", "let this user read it", written=True)
        return
    merged = preview(rows, _known_invitees(config), config)
    yield from (_found("invitees", problem, file.name) for problem in (*problems, *merged.problems))
    taken = sum(not row.skipped for row in rows)
    if taken:
        yield Finding("invitees", Mark.GOOD, f"{taken:,} on the list: {_changes(merged)}")
    elif not problems and not config.invitees.open:
        yield Finding("invitees", Mark.DOUBT, f"{file.name} names nobody", "every reply would come from a stranger")


def _known_invitees(config: Config) -> tuple[Invitee, ...]:
    from rsvpbot.store import StoreError, open_store

    try:
        with open_store(config.store_url, config.path.parent, read_only=True) as store:
            return store.invitees()
    except StoreError:
        return ()  # a finding of its own


def _changes(merged: Merge) -> str:
    numbers = {"new": merged.added, "changed": merged.changed, "gone": merged.gone, "as before": merged.unchanged}
    return ", ".join(f"{number:,} {what}" for what, number in numbers.items() if number) or "none taken in"


# --------------------------------------------------------------------------- this machine


def clock_finding(now: datetime, newest: datetime | None = None) -> Finding:
    """Whether this machine's clock can be right: it was set, and no message came later than now."""
    remedy = "let the machine set its clock by NTP (timedatectl set-ntp true)"
    if now.year not in NEWEST_YEARS:
        return Finding("clock", Mark.BAD, f"it is not the year {now.year}", remedy)
    if newest is not None and newest - now > MOST_SKEW:
        behind = round((newest - now).total_seconds() / 60)
        told = f"at least {behind} minutes behind the mail server"
        return Finding("clock", Mark.BAD, told, remedy)
    return Finding("clock", Mark.GOOD, f"{now:%Y-%m-%d %H:%M} UTC")


def disk_finding(folder: Path, free: int) -> Finding:
    """Whether `free` bytes are room enough for the record."""
    told = f"{free / 1e6:,.0f} MB free at {folder}"
    if free < LEAST_FREE:
        return Finding("disk", Mark.BAD, told, "make room: nothing can be recorded on a full disk")
    if free < LITTLE_FREE:
        return Finding("disk", Mark.DOUBT, told, "make room before it is full")
    return Finding("disk", Mark.GOOD, told)


def _state_folder(folder: Path) -> Iterator[Finding]:
    if not folder.is_dir():
        yield Finding("state folder", Mark.BAD, f"{folder} does not exist", f"mkdir -m 700 {folder}")
        return
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"probe")
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        remedy = "let the service's user write there"
        yield Finding("state folder", Mark.BAD, f"{folder} cannot be written ({error.strerror})", remedy)
    else:
        yield Finding("state folder", Mark.GOOD, f"{folder} can be written")
    yield disk_finding(folder, shutil.disk_usage(folder).free)


def _store(config: Config) -> Iterator[Finding]:
    from rsvpbot.store import no_store

    other = no_store(config)
    if other:
        wrong, _, right = other.partition("; ")
        yield Finding("store", Mark.BAD, wrong, right, written=True)
        return
    file = config.store_file
    if not file.exists():
        if file.parent.is_dir():
            yield from _store_before_the_first_start(config)
        return
    status = file.stat()
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield Finding("store", Mark.BAD, f"{file.name} may be read by others", f"chmod 600 {file}")
    yield _store_opens(config)


def _side_files(config: Config) -> Iterator[Finding]:
    """Files that are not opened before they are needed: the service must be able to."""
    from rsvpbot.mail.tokens import KeyFileError, look_at_keys
    from rsvpbot.store.base import StoreError
    from rsvpbot.store.inhand import IN_HAND
    from rsvpbot.store.lock import DAEMON_LOCK, KEY_FILE, LOCK, unusable

    store = config.store_file
    beside = [store.with_name(store.name + suffix) for suffix in (LOCK, DAEMON_LOCK, IN_HAND)]
    key = store.parent / KEY_FILE
    for file in (store, *beside):
        try:
            os.close(os.open(file, os.O_RDWR | os.O_CLOEXEC))
        except FileNotFoundError:
            continue
        except OSError as error:
            yield _failed("state folder", StoreError(unusable(file, error)), "")
    if key.exists():
        try:
            look_at_keys(store.parent)
        except KeyFileError as error:
            yield _failed("token key", error, "put it back from a backup")
    yield from _foreign((store, *beside, key))


def _letters_out(config: Config) -> Iterator[Finding]:
    """Whether the tokens in letters that are out still count. An answer that an assistant writes, or that comes from
    another address, is known by nothing else."""
    from rsvpbot.mail.tokens import KeyFileError, Tokens, look_at_keys
    from rsvpbot.roster import event_uid
    from rsvpbot.store import StoreError, open_store
    from rsvpbot.store.lock import KEY_FILE

    if not config.store_file.exists():
        return
    try:
        with open_store(config.store_url, config.path.parent, read_only=True) as store:
            out = _message_ids_out(store)
            invitees = [one for one in store.invitees() if one.id in out]
    except StoreError:
        return  # said above
    if not invitees:
        return
    if not (config.state_folder / KEY_FILE).exists():
        told = f"{KEY_FILE} is missing, and the letters that {_invitees(invitees)} got count with no other"
        yield Finding("token key", Mark.BAD, told, f"{_OLD_KEY}, before the next start makes another")
        return
    try:
        keys = look_at_keys(config.state_folder)
    except KeyFileError:
        return  # said above

    def known_by(uid: str, one: Invitee) -> bool:
        return any(Tokens(keys, uid).find(message_id) == one.id for message_id in out[one.id])

    unknown = [one for one in invitees if not known_by(config.event.uid, one)]
    for uid in sorted({event_uid(one.calendar_uid, one.id) for one in unknown}):
        renamed = [one for one in unknown if event_uid(one.calendar_uid, one.id) == uid and known_by(uid, one)]
        if renamed:
            told = f"uid: the letters that {_invitees(renamed)} got are of another one, and their tokens count no more"
            yield Finding("event", Mark.BAD, told, f'write uid = "{uid}", as it was', written=True)
            unknown = [one for one in unknown if one not in renamed]
    if unknown:
        told = f"{KEY_FILE} is not the one of the letters that {_invitees(unknown)} got: their tokens count no more"
        yield Finding("token key", Mark.DOUBT, told, f"{_OLD_KEY}; where it is lost, such answers wait for a person")


_OLD_KEY: Final = "put the old one back, from a backup or from the machine that wrote them"


def _message_ids_out(store: Store) -> dict[str, list[str]]:
    """Of the letters that went out to invitees, by whom they are for."""
    from rsvpbot.model import TO_ORGANISERS, LetterState

    out: dict[str, list[str]] = {}
    for letter in store.each_letter(LetterState.SENT):
        if letter.invitee_id is not None and letter.kind not in TO_ORGANISERS:
            out.setdefault(letter.invitee_id, []).append(letter.message_id)
    return out


def _invitees(some: Sized) -> str:
    return f"{len(some):,} {'invitee' if len(some) == 1 else 'invitees'}"


def _foreign(files: Iterable[Path]) -> Iterator[Finding]:
    """Root opens all of them. The service, which is another user, does not."""
    if os.geteuid():
        return
    for file in filter(Path.exists, files):
        folder = file.parent
        if file.stat().st_uid != folder.stat().st_uid:
            told = f"{file} belongs to another user than its folder: the service could not use it"
            yield Finding("state folder", Mark.BAD, told, f"chown --reference={folder} {file}")


def _store_before_the_first_start(config: Config) -> Iterator[Finding]:
    """Where the record has gone, this looks like a first start to who does not look twice."""
    from rsvpbot.store.lock import KEY_FILE

    file = config.store_file
    opens = _store_opens(config)
    if opens.mark is Mark.BAD:
        yield opens
    elif (file.parent / KEY_FILE).exists():
        told = f"{file.name} is not there, but {KEY_FILE} beside it shows that rsvpbot was started before"
        remedy = "if the record was lost, rsvpbot repair --from BACKUP before the next start, which makes an empty one"
        yield Finding("store", Mark.DOUBT, told, remedy)
    else:
        yield Finding("store", Mark.GOOD, f"{file.name} will be made at the first start")


def _uncategorised(config: Config) -> Iterator[Finding]:
    """Who would have to wait because no seats are kept for their category."""
    from rsvpbot.decide import OTHERS, pool
    from rsvpbot.store import StoreError, open_store

    if not config.event.capacity_by_category or not config.store_file.exists():
        return
    try:
        with open_store(config.store_url, config.path.parent, read_only=True) as store:
            number = sum(one.listed and pool(one, config) == OTHERS for one in store.invitees())
    except StoreError:
        return  # said above
    if number:
        told = f"{number:,} on the list are of no category for which seats are kept: each of them would have to wait"
        yield Finding(
            "capacity", Mark.DOUBT, told, "give them a category of [event] capacity, or it a number for theirs"
        )


def _news(config: Config) -> Iterator[Finding]:
    """What is no longer as people were told, or that it will not take place."""
    from rsvpbot.organisers.announce import news
    from rsvpbot.organisers.glance import cancelled_on
    from rsvpbot.store import StoreError, open_store

    if not config.store_file.exists():
        return
    try:
        with open_store(config.store_url, config.path.parent, read_only=True) as store:
            found, cancelled_at = news(store, config, datetime.now(UTC)), store.mailbox().cancelled_at
    except StoreError:
        return  # said above
    if cancelled_at is not None:
        told = f"{cancelled_on(cancelled_at, config)}: no answer is recorded any more, and nothing scheduled goes out"
        left = f"; {len(found.todo):,} have not been told" if found else ""
        remedy = "rsvpbot announce tells them" if found else ""
        yield Finding("event", Mark.DOUBT, told + left, remedy)
        return
    if found is not None:
        told = f"{', '.join(found.what)} changed since people were told; {len(found.todo):,} would have to be"
        yield Finding("event", Mark.DOUBT, told, "rsvpbot announce tells them; --dry-run shows the letter")


def _store_opens(config: Config) -> Finding:
    from rsvpbot.store import StoreError, open_store

    try:
        # Files that another user makes would be in the service's way.
        with open_store(config.store_url, config.path.parent, read_only=True) as store:
            told = f"{len(store.invitees()):,} invitees, {len(store.replies()):,} replies"
            if store.daemon_runs():
                told += "; the service is running"
    except StoreError as error:
        return _failed("store", error, "the service will not start before that is done")
    return Finding("store", Mark.GOOD, told)


# --------------------------------------------------------------------------- the servers


def _mailbox(config: Config) -> Iterator[Finding]:
    from rsvpbot.mail.imap import Connection, MailboxError

    where = f"{config.mailbox.host}:{config.mailbox.port}"
    try:
        with Connection(config.mailbox) as connection:
            yield Finding("IMAP", Mark.GOOD, f"logged in at {where} ({config.mailbox.security})")
            yield from capability_findings(connection.capabilities, config.service.idle)
            yield from _folders(connection, config)
            listing = connection.listing()
    except MailboxError as error:
        yield _failed("IMAP", error, "correct [mailbox], or ask whoever keeps the server")
        return
    yield from _waiting(listing, config)


def capability_findings(capabilities: Iterable[str], idle: bool) -> Iterator[Finding]:
    """Whether the server can do what filing and the doorbell need (RFC 6851, RFC 4315, RFC 2177)."""
    known = frozenset(name.upper() for name in capabilities)
    if "MOVE" in known:
        yield Finding("filing", Mark.GOOD, "the server moves messages (MOVE)")
    elif "UIDPLUS" in known:
        yield Finding("filing", Mark.GOOD, "the server has no MOVE; messages are copied, then taken out (UIDPLUS)")
    else:
        told = "the server has neither MOVE nor UIDPLUS: handled mail is copied, marked as deleted, and stays in INBOX"
        yield Finding("filing", Mark.DOUBT, told, "let the mail program expunge INBOX now and then")
    if "IDLE" in known:
        yield Finding("doorbell", Mark.GOOD, "the server announces new mail (IDLE)")
    elif idle:
        remedy = "nothing to do: the mailbox is looked at every [service] poll_every"
        yield Finding("doorbell", Mark.DOUBT, "the server does not announce new mail", remedy)


def _folders(connection: Connection, config: Config) -> Iterator[Finding]:
    from rsvpbot.mail.imap import MailboxError

    parent = config.mailbox.folders
    try:
        connection.prepare_folders()
    except MailboxError as error:
        yield _failed("folders", error, f"make the folders below {parent} by hand, or name another")
    else:
        yield Finding("folders", Mark.GOOD, f"{parent}: Recorded, Review, Ignored, Failed")


def _waiting(listing: list[Listed], config: Config) -> Iterator[Finding]:
    if not listing:
        yield Finding("INBOX", Mark.GOOD, "empty: everything was handled")
        return
    newest = max(item.arrived for item in listing)
    late = clock_finding(datetime.now(UTC), newest)
    if late.mark is Mark.BAD:
        yield late
    since = config.mailbox.since
    old = [item for item in listing if since is None or item.arrived < since]
    told = f"{len(listing):,} messages wait"
    if old and not _started(config):
        remedy = "start the first time with --all (handle them) or --since DATE (leave what is older)"
        oldest = min(item.arrived for item in old)
        yield Finding("INBOX", Mark.DOUBT, f"{told}, the oldest since {oldest:%Y-%m-%d}", remedy)
    else:
        yield Finding("INBOX", Mark.GOOD, told)


def _started(config: Config) -> bool:
    from rsvpbot.store import StoreError, open_store

    try:
        with open_store(config.store_url, config.path.parent, read_only=True) as store:
            return store.mailbox().started
    except StoreError:
        return False  # a finding of its own


def _smtp(config: Config) -> Iterator[Finding]:
    from rsvpbot.mail.smtp import Sender, Unreachable

    where = f"{config.smtp.host}:{config.smtp.port}"
    try:
        with Sender(config.smtp) as sender:
            sender.check()
    except Unreachable as error:
        yield _failed("SMTP", error, "correct [smtp], or ask whoever keeps the server")
        return
    how = f"logged in as {config.smtp.username}" if config.smtp.username else "reached, without a login,"
    yield Finding("SMTP", Mark.GOOD, f"{how} at {where} ({config.smtp.security})")


# --------------------------------------------------------------------------- the table


def check_and_show(path: Path, now: datetime | None, console: Console) -> int:
    """Look at everything, print the table, and return the exit status."""
    found = []
    with console.status("Looking …") as progress:
        for finding in findings(path, now):
            found.append(finding)
            progress.update(f"Looking at {finding.about} …")
    show(found, console)
    return exit_status(found)


def show(found: Iterable[Finding], console: Console) -> None:
    """Print ticks and crosses, each cross with what to do, and a line that sums up."""
    from rich.markup import escape
    from rich.table import Table

    unicode = console.encoding.startswith("utf")
    signs = {
        Mark.GOOD: "[green]✓[/]" if unicode else "ok",
        Mark.DOUBT: "[yellow]![/]",
        Mark.BAD: "[red]✗[/]" if unicode else "X",
    }
    table = Table(box=None, show_header=False, pad_edge=False)
    for column in ("mark", "about", "told"):
        table.add_column(column, overflow="fold", no_wrap=column == "mark")
    shown = tuple(found)
    for finding in shown:
        told = escape(finding.told)
        if finding.remedy:
            told += f"\n[bold]{'→' if unicode else '->'} {escape(finding.remedy)}[/]"
        table.add_row(signs[finding.mark], finding.about, told)
    console.print(table)
    bad = sum(finding.mark is Mark.BAD for finding in shown)
    doubts = sum(finding.mark is Mark.DOUBT for finding in shown)
    console.print(
        f"\n{bad or 'Nothing'} to put right" + (f", {doubts} to think about." if doubts else "."), style="bold"
    )
