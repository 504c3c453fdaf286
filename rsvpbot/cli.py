"""The commands. Each is a few lines over one call; what it needs is imported when it runs, so that help is quick.

Exit status: 0 done, failed messages included; 1 mailbox, SMTP or store out of reach; 2 wrong use or configuration.
As of any program: 130 after Ctrl-C, 141 where whoever read the output has gone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

if TYPE_CHECKING:
    from rich.console import Console

    from rsvpbot.config import Config, ConfigError
    from rsvpbot.model import Clock
    from rsvpbot.organisers.guests import Filter
    from rsvpbot.store.base import Store

_READER_GONE: Final = 141
"""The exit status after `rsvpbot guests | head`: that of a program which SIGPIPE ends, as good as any to a shell."""

_UNBOUNDED: Final = 160
"""Columns of a table that goes into a file or a pipe."""

F = TypeVar("F", bound=Callable[..., Any])

_STATUS: Final = {
    "rsvpbot.config.ConfigError": 2,
    "rsvpbot.letters.templates.TemplateError": 2,
    "rsvpbot.private.AlreadyThere": 2,
    "rsvpbot.private.CannotWrite": 1,
    "rsvpbot.organisers.history.Unclear": 2,
    "rsvpbot.organisers.rulings.NotPossible": 2,
    "rsvpbot.service.UsedMailbox": 2,
    "rsvpbot.mail.imap.MailboxError": 1,
    "rsvpbot.mail.secret_files.CredentialError": 1,
    "rsvpbot.mail.tokens.KeyFileError": 1,
    "rsvpbot.mail.smtp.Refused": 1,
    "rsvpbot.mail.smtp.Unreachable": 1,
    "rsvpbot.store.base.StoreError": 1,
}
"""The exit status of the errors that say what was wrong, where, and what would be right. By name: to compare with a
class, its module would have to be imported."""


# --------------------------------------------------------------------------- running a command


def main() -> None:
    """The program `rsvpbot`. Never returns; no traceback reaches the user."""
    _open_standard_streams()
    sys.exit(_flushed(invoke(sys.argv[1:])))


def _open_standard_streams() -> None:
    """Where whoever started us has closed one (`>&-`), what goes there is lost, and no file that is opened later gets
    its number: the next word for standard output would stand in the record."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free, which is this one
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))


def _flushed(status: int) -> int:
    """The exit status, once all that was printed has gone out; another one where it cannot."""
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what is left, which Python tries once more
        if isinstance(error, BrokenPipeError):
            return _READER_GONE
        click.echo(f"standard output cannot be written ({error.strerror}); what it should have said is lost", err=True)
        return status or 1
    return status


def invoke(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit status."""
    try:
        status = rsvpbot.main(list(arguments), prog_name="rsvpbot", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return 130
    except SystemExit as error:
        if error.code != 1:
            raise
        return _READER_GONE  # so click and rich end where whoever read our output reads no more
    except Exception as error:
        return _tell(error)
    return status if isinstance(status, int) else 0


def _tell(error: Exception) -> int:
    """Say what went wrong, on standard error; the exit status."""
    from rsvpbot.logs import wants_details, where

    if wants_details():
        import traceback

        traceback.print_exception(error)
    for kind in type(error).__mro__:
        status = _STATUS.get(f"{kind.__module__}.{kind.__qualname__}")
        if status is not None:
            told = _problems(error) if hasattr(error, "problems") else str(error)
            click.echo(told, err=True)
            return status
    # Its words may hold what stands in a mail.
    place = where(error.__traceback__)
    told = f"rsvpbot failed: {type(error).__name__}" + (f" in {place}" if place else "")
    if isinstance(error, OSError) and error.strerror:
        told += f": {error.strerror}" + (f": {error.filename}" if error.filename else "")
    click.echo(f"{told}. RSVPBOT_DEBUG=1 shows more.", err=True)
    return 1


def _problems(error: ConfigError | Any) -> str:
    """Every mistake with what would be right, by file."""
    by_file: dict[str, list[str]] = {}
    for problem in error.problems:
        by_file.setdefault(problem.file, []).append(f"  {problem.key}: {problem.wrong}\n      {problem.right}")
    return "\n".join(
        f"{file}: {len(lines)} {'mistake' if len(lines) == 1 else 'mistakes'}\n" + "\n".join(lines)
        for file, lines in by_file.items()
    )


# --------------------------------------------------------------------------- options that every command takes


class _Named(click.Path):
    """A path that is not empty: an empty one would stand for the current folder, and is a variable that was not set."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not os.fspath(value):
            self.fail("the name is empty.", param, ctx)
        return super().convert(value, param, ctx)


def _moment(ctx: click.Context, param: click.Parameter, value: str | None) -> datetime | None:
    """A date, or a date with a time, in ISO 8601; with an offset, or local to the event."""
    if value is None:
        return None
    from rsvpbot.schema import Wrong, possible

    try:
        given = datetime.fromisoformat(value)
        possible(given)
    except ValueError:
        told = f"{value!r} is no date or time; write it as 2016-09-12 or 2016-09-12T09:00-04:00"
        raise click.BadParameter(told, ctx, param) from None
    except Wrong as error:
        raise click.BadParameter(str(error), ctx, param) from None
    return given


def _keep_moment(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    _keep(ctx, param, _moment(ctx, param, value))


def _keep(ctx: click.Context, param: click.Parameter, value: object) -> None:
    """Note a shared option; given after a command's name it counts more than before."""
    if value is not None:
        ctx.meta[f"rsvpbot.{param.name}"] = value


def _shared(command: F) -> F:
    """--config and --now, before or after a command's name."""
    config = click.option(
        "--config",
        type=_Named(path_type=Path),
        metavar="PATH",
        expose_value=False,
        callback=_keep,
        help="The configuration (else ./config.toml, then the user's and the system's configuration folder).",
    )
    now = click.option(
        "--now",
        metavar="ISO",
        expose_value=False,
        callback=_keep_moment,
        help="Set the clock to this moment and let it run, for rehearsals.",
    )
    return config(now(command))


def _config(uses: frozenset[str]) -> Config:
    from rsvpbot.config import find, load

    return load(find(click.get_current_context().meta.get("rsvpbot.config")), uses)


def _at_event(moment: datetime | None, config: Config) -> datetime | None:
    """The moment, in the event's time zone where it names none."""
    return moment.replace(tzinfo=config.event.zone) if moment is not None and moment.tzinfo is None else moment


def _clock(config: Config) -> Clock:
    from rsvpbot.clock import ShiftedClock, SystemClock

    start = _at_event(click.get_current_context().meta.get("rsvpbot.now"), config)
    return ShiftedClock(start) if start is not None else SystemClock()


def _open(config: Config, *, read_only: bool) -> Store:
    from rsvpbot.store import open_store

    if read_only:
        import gc

        gc.set_threshold(100_000, 50, 100)  # what a command has read is no garbage, and it ends in a second
    return open_store(config.store_url, config.path.parent, read_only=read_only)


class _InOrder(click.Group):
    """Lists its commands in the order in which they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(cls=_InOrder, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="rsvpbot", message="%(prog)s %(version)s")
@_shared
def rsvpbot() -> None:
    """Reads the replies to an invitation, records them, and answers with the logistics each person needs."""


# --------------------------------------------------------------------------- setting up


@rsvpbot.command(short_help="Write a configuration, a list and the letters to begin with.")
@click.argument("folder", metavar="DIR", type=_Named(path_type=Path, file_okay=False))
@_shared
def init(folder: Path) -> int:
    """Write config.toml, invitees.csv and an editable copy of the letters into DIR.

    Nothing that is there is overwritten. A folder that it makes is yours alone, and so is the list.
    """
    from rsvpbot.scaffold import next_steps, write

    write(folder)
    click.echo(next_steps(folder))
    return 0


@rsvpbot.command(short_help="Check all that could fail at night, and say what to do.")
@_shared
def check() -> int:
    """Check everything that could fail at night, and say what to do.

    Validates the configuration, the list of invitees and every letter; logs in to IMAP and SMTP (nothing is sent);
    looks at folders, capabilities, clock, disk and store. Ends with 1 where something would fail, with 2 where the
    configuration is wrong.
    """
    from rsvpbot.check import check_and_show
    from rsvpbot.config import find

    meta = click.get_current_context().meta
    return check_and_show(find(meta.get("rsvpbot.config")), meta.get("rsvpbot.now"), _console())


@rsvpbot.command(short_help="Log in where a person must, for Microsoft 365 and Google.")
@click.option("--mailbox", "only_mailbox", is_flag=True, help="Only for [mailbox].")
@click.option("--smtp", "only_smtp", is_flag=True, help="Only for [smtp].")
@click.option("--paste", is_flag=True, help="The browser is on another machine: paste the address at which it ends.")
@_shared
def login(only_mailbox: bool, only_smtp: bool, paste: bool) -> int:
    """Log in to the mailbox and the SMTP server where [mailbox.oauth2] or [smtp.oauth2] wants a person for it.

    Shows an address to open, waits until you have logged in there, keeps what lets the service in from then on (in the
    state folder, for its user alone), and tries it at the mail servers. One login does for both where both say the
    same. A service that is running goes on by itself.
    """
    from rsvpbot.config import LOGIN

    config = _config(LOGIN)
    from rsvpbot.mail import login as logging_in

    wanted = logging_in.Wanted(mailbox=only_mailbox or not only_smtp, smtp=only_smtp or not only_mailbox, paste=paste)
    logging_in.log_in(config, wanted, click.echo, lambda: str(click.prompt("Its address", err=True)))
    return 0


# --------------------------------------------------------------------------- the work


def _which_mail(command: F) -> F:
    everything = click.option(
        "--all", "everything", is_flag=True, help="At a first start: handle all mail that waits in INBOX."
    )
    since = click.option(
        "--since", callback=_moment, metavar="DATE", help="At a first start: leave what arrived before in INBOX."
    )
    return everything(since(command))


def _one_of_them(everything: bool, since: datetime | None) -> None:
    if everything and since is not None:
        raise click.UsageError("--all and --since contradict each other; say one of them.")


@rsvpbot.command(short_help="Watch the mailbox until told to stop.")
@_which_mail
@_shared
def run(everything: bool, since: datetime | None) -> int:
    """Watch the mailbox until told to stop (SIGTERM, SIGINT). What the systemd unit starts."""
    from rsvpbot import logs
    from rsvpbot.config import ALL

    _one_of_them(everything, since)
    config = _config(ALL)
    logs.start()
    from rsvpbot import service

    return service.run(config, _clock(config), everything=everything, since=_at_event(since, config))


@rsvpbot.command(short_help="Do one round.")
@_which_mail
@_shared
def poll(everything: bool, since: datetime | None) -> int:
    """Do one round: take in the list, handle what is in INBOX, send the letters."""
    from rsvpbot import logs
    from rsvpbot.config import ALL

    _one_of_them(everything, since)
    config = _config(ALL)
    logs.start()
    from rsvpbot import service

    return service.poll_once(config, _clock(config), everything=everything, since=_at_event(since, config))


@rsvpbot.command(short_help="Put back into INBOX what could not be handled.")
@click.option("--dry-run", is_flag=True, help="Say how many messages there are, and stop there.")
@_shared
def retry(dry_run: bool) -> int:
    """Put back into INBOX what three attempts could not handle, so that the next poll tries it again.

    For after an upgrade, or whatever else has mended the cause. Works beside the running service.
    """
    from rsvpbot.config import MAILBOX

    config = _config(MAILBOX)
    from rsvpbot import retry as retrying

    return retrying.retry(config, dry_run=dry_run)


@rsvpbot.command(short_help="Send the invitation to everybody who has not had it.")
@click.option("--only", multiple=True, metavar="ADDRESS", help="Only to this invitee (may be repeated).")
@click.option("--category", multiple=True, metavar="NAME", help="Only to this category (may be repeated).")
@click.option("--attach", type=_Named(path_type=Path, dir_okay=False), metavar="FILE", help="A file to go with it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show the letter and say to whom it would go, and stop there.")
@_shared
def invite(only: tuple[str, ...], category: tuple[str, ...], attach: Path | None, yes: bool, dry_run: bool) -> int:
    """Send the invitation to everybody on the list who has not had it, in whatever mode.

    Each gets their own, with a calendar request and two links; answers come back by any of them. It is shown before,
    and you are asked. Whoever has had it, has answered already, or is not reached by mail is passed over; --only names
    somebody who gets it all the same. An end in the middle loses nothing: the same command goes on.
    """
    from rsvpbot.config import LETTERS, SEND

    config = _config(LETTERS | frozenset({"invitees"}) | (frozenset() if dry_run else SEND))
    from rsvpbot import inviting

    wanted = inviting.Wanted(only, category, attach, yes=yes, dry_run=dry_run)
    return inviting.invite(config, _clock(config), wanted, _confirmed)


@rsvpbot.command(short_help="Tell everybody what has changed, or that it is cancelled.")
@click.option("--cancel", is_flag=True, help="The event will not take place.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show the letter and say to how many it would go, and stop there.")
@_shared
def announce(cancel: bool, yes: bool, dry_run: bool) -> int:
    """Tell everybody concerned that time, place or title of the event have changed in the configuration, with an
    updated calendar entry; or, with --cancel, that it will not take place.

    Concerned is who comes, may come or waits for a seat, and who has our invitation and has not answered. It is shown
    before, and you are asked. An end in the middle loses nothing: the same command goes on.
    """
    from rsvpbot.config import LETTERS, SEND

    config = _config(LETTERS | frozenset({"invitees"}) | (frozenset() if dry_run else SEND))
    from rsvpbot import inviting

    return inviting.announce(config, _clock(config), _confirmed, cancel=cancel, yes=yes, dry_run=dry_run)


def _confirmed(question: str) -> bool:
    if not sys.stdin.isatty():
        raise click.UsageError("nobody is there to be asked; say --yes, or --dry-run to look first.")
    return click.confirm(question, default=False)


@rsvpbot.command(short_help="Show how mails would be read; act on nothing.")
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=_Named(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@_shared
def read(files: tuple[Path, ...], as_json: bool) -> int:
    """Show how mails would be read: what each says, with the words that say so. Acts on nothing.

    Ends with 2 where a file cannot be read; the others are read all the same.
    """
    from rsvpbot import show
    from rsvpbot.config import READ

    return show.main(files, _config(READ), as_json)


# --------------------------------------------------------------------------- looking


@rsvpbot.command(short_help="Say at a glance how things stand.")
@_shared
def status() -> int:
    """Say at a glance how things stand."""
    from rsvpbot.config import RECORD

    config = _config(RECORD)
    from rsvpbot.organisers import status as organisers_status

    with _open(config, read_only=True) as store:
        click.echo(organisers_status.report(store, config, _clock(config).now()))
    return 0


_PARTSTATS: Final = ("needs-action", "accepted", "declined", "tentative", "delegated")


_FORMS: Final = {
    "": ("table", "csv", "json", "xlsx"),
    "--reception": ("html", "csv", "xlsx"),
    "--badges": ("html",),
}
"""The forms of each list; the first is the default."""


@rsvpbot.command(short_help="List the guests, filtered; the list of the desk; badges.")
@click.option("--partstat", multiple=True, type=click.Choice(_PARTSTATS), help="With this answer (may be repeated).")
@click.option("--category", multiple=True, metavar="NAME", help="Of this category (may be repeated).")
@click.option("--needs", is_flag=True, help="With a diet or an access need.")
@click.option("--pass", "grounds_pass", type=click.Choice(("yes", "no", "unknown")), help="By what is known of a pass.")
@click.option("--no-pass", is_flag=True, help="Without a pass: the same as --pass no.")
@click.option("--waiting", is_flag=True, help="Who waits for a decision, or has a change to confirm.")
@click.option("--bounced", is_flag=True, help="Whom mail does not reach.")
@click.option("--unlisted", is_flag=True, help="Who left the list as well.")
@click.option("--search", default="", metavar="WORDS", help="With all of these words in name, organisation or address.")
@click.option("--reception", is_flag=True, help="The list of the desk: everybody who is expected, one row a person.")
@click.option("--badges", is_flag=True, help="Badges to print, ten a page, for whom the filters leave.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("table", "csv", "json", "xlsx", "html")),
    help="Default: table; html with --reception and --badges.",
)
@click.option(
    "--output",
    type=_Named(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write it into a file, for you alone.",
)
@_shared
def guests(
    partstat: tuple[str, ...],
    category: tuple[str, ...],
    needs: bool,
    grounds_pass: str | None,
    no_pass: bool,
    waiting: bool,
    bounced: bool,
    unlisted: bool,
    search: str,
    reception: bool,
    badges: bool,
    form: str | None,
    output: Path | None,
) -> int:
    """List the invitees with the answer that stands, filtered; or who is expected at the door.

    CSV and XLSX are safe to open in a spreadsheet: no name becomes a formula. JSON is one object a line. HTML prints on
    A4 and on Letter. From [event] freeze_at on, --reception is the list as it stood then, with later changes below it.
    """
    from rsvpbot.config import RECORD
    from rsvpbot.model import PartStat

    if no_pass and grounds_pass not in {None, "no"}:
        raise click.UsageError("--no-pass and --pass contradict each other; say one of them.")
    if reception and badges:
        raise click.UsageError("--reception and --badges are two lists; say one of them.")
    form = _form("--reception" if reception else "--badges" if badges else "", form, output)
    config = _config(RECORD | frozenset({"replies"} if badges else ()))
    from rsvpbot.organisers import guests as lists

    chosen = lists.Filter(
        partstats=frozenset(map(PartStat, partstat)),
        categories=frozenset(category),
        grounds_pass="no" if no_pass else grounds_pass or "",
        needs=needs,
        waiting=waiting,
        bounced=bounced,
        unlisted=unlisted,
        words=search,
    )
    if reception:
        if chosen != lists.Filter():
            raise click.UsageError("--reception is the whole list of the desk; leave the filters out.")
        return _reception(config, form, output)
    if badges:
        return _badges(config, chosen, output)
    if form == "xlsx":
        from rsvpbot.organisers import workbook

        with _open(config, read_only=True) as store:
            book = workbook.guest_book(store, config, _clock(config).now(), chosen)
            return _written(book, len(lists.guests(store, config, chosen)), "row", output)
    with _open(config, read_only=True) as store:
        rows = lists.guests(store, config, chosen)
        if form == "table" and not rows:
            click.echo(lists.nobody(store, chosen))
            return 0
    if form == "table":
        _console().print(lists.table(rows))
        return 0
    text, encoding = (lists.csv_text(rows), lists.CSV_ENCODING) if form == "csv" else (lists.json_lines(rows), "utf-8")
    return _printed(text, encoding, len(rows), "row", output)


def _form(of: str, form: str | None, output: Path | None) -> str:
    """The form of a list, where it has that. Raises UsageError."""
    forms = _FORMS[of]
    if form is not None and form not in forms:
        said = f"{of} comes" if of else "the list of guests comes"
        raise click.UsageError(f"{said} as {' or '.join(forms)}, not as {form}.")
    form = form or forms[0]
    if form == "table" and output is not None:
        raise click.UsageError("--output goes with --format csv, json or xlsx.")
    if form == "xlsx" and output is None:
        raise click.UsageError("a workbook is for a program and not for a terminal; say --output FILE.")
    return form


def _reception(config: Config, form: str, output: Path | None) -> int:
    from rsvpbot.clock import ShiftedClock
    from rsvpbot.organisers import door, guests, workbook

    clock = _clock(config)
    now = clock.now()
    with _open(config, read_only=True) as store:
        due = door.is_due(store, config, now)
    # A rehearsal must not close the list of the day itself.
    if due and not isinstance(clock, ShiftedClock):
        with _open(config, read_only=False) as store:
            if door.freeze_if_due(store, config, now):
                click.echo("The list is closed now; nothing had closed it at [event] freeze_at.", err=True)
    with _open(config, read_only=True) as store:
        found = door.desk(store, config, now)
    people = len(found.lines)
    if form == "xlsx":
        return _written(workbook.reception_book(found, config), people, "person", output)
    if form == "csv":
        return _printed(door.csv_text(found), guests.CSV_ENCODING, people, "person", output)
    return _printed(door.html(found, config), "utf-8", people, "person", output)


def _badges(config: Config, chosen: Filter, output: Path | None) -> int:
    from rsvpbot.organisers import door, guests

    with _open(config, read_only=True) as store:
        ids = {row.id for row in guests.guests(store, config, chosen)}
        people = door.wanted(store, config, ids)
    return _printed(door.badges(people, config), "utf-8", len(people), "badge", output)


def _printed(text: str, encoding: str, number: int, what: str, output: Path | None) -> int:
    """Print a list, or write it into a file."""
    if output is not None:
        return _written(text.encode(encoding), number, what, output)
    click.echo(text, nl=False)
    return 0


def _written(data: bytes, number: int, what: str, output: Path | None) -> int:
    """Write a list into a file, and say how long it is."""
    from rsvpbot import private

    assert output is not None  # noqa: S101 (the caller has asked for a file)
    private.write(output, data)
    many = {"person": "people"}.get(what, f"{what}s")
    click.echo(f"Wrote {output}: {number:,} {what if number == 1 else many}.")
    return 0


@rsvpbot.command(short_help="Tell one invitee's whole story.")
@click.argument("words", metavar="ADDRESS", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@_shared
def show(words: tuple[str, ...], as_json: bool) -> int:
    """Tell one invitee's whole story: what came, in its own words, what it was taken for, and which letters went out.

    ADDRESS is an e-mail address; words of a name do as well where they fit one person only.
    """
    from rsvpbot.config import RECORD

    config = _config(RECORD)
    from rsvpbot.organisers import history

    with _open(config, read_only=True) as store:
        found = history.history(store, " ".join(words))
    click.echo(history.as_json(found, config) if as_json else history.report(found, config))
    return 0


_RECORDABLE: Final = ("accepted", "declined", "tentative", "delegated", "undo")


@rsvpbot.command(short_help="Record an answer that came by telephone, or correct one.")
@click.argument("who", metavar="ADDRESS")
@click.argument("answer", type=click.Choice(_RECORDABLE))
@click.option("--party", type=click.IntRange(1, 500), metavar="N", help="How many come.")
@click.option("--delegate", metavar="NAME <ADDRESS>", help="With delegated: who comes instead.")
@click.option("--no-letter", is_flag=True, help="Write to nobody.")
@click.option("--dry-run", is_flag=True, help="Say what would be recorded and who would be written to, and stop there.")
@_shared
def record(who: str, answer: str, party: int | None, delegate: str | None, no_letter: bool, dry_run: bool) -> int:
    """Record the ANSWER of an invitee that came by telephone or was read wrongly; `undo` takes the last one back.

    ADDRESS is an e-mail address; words of a name do as well where they fit one person only. The invitee gets the
    letter of that answer at the next round, as if they had replied. `rsvpbot show` tells who recorded it.
    """
    from rsvpbot.config import LETTERS

    if delegate is not None and answer != "delegated":
        raise click.UsageError("--delegate goes with delegated.")
    if answer == "delegated" and not delegate:
        raise click.UsageError("it is not said who comes instead; write --delegate 'Jane Doe <jane@example.org>'.")
    if party is not None and answer not in {"accepted", "tentative", "delegated"}:
        raise click.UsageError("--party goes with accepted, tentative or delegated.")
    config = _config(LETTERS)
    from rsvpbot.organisers import by_hand

    with _open(config, read_only=dry_run) as store:
        told = by_hand.record(
            store,
            config,
            _clock(config).now(),
            by_hand.Wanted(who, answer, party, delegate or "", letters=not no_letter, dry_run=dry_run),
        )
    click.echo("\n".join(told))
    return 0


def _console() -> Console:
    """Where tables go; wide where no terminal bounds them."""
    from rich.console import Console

    bounded = sys.stdout.isatty() or "COLUMNS" in os.environ
    return Console(highlight=False, width=None if bounded else _UNBOUNDED)


@rsvpbot.command(short_help="Print, send or write the daily summary.")
@click.option("--send", is_flag=True, help="Send it to the organisers now, beside the daily one.")
@click.option(
    "--html", type=_Named(path_type=Path, dir_okay=False), metavar="FILE", help="Write it as HTML, for you alone."
)
@click.option("--dry-run", is_flag=True, help="With --send: say to whom it would go, and stop there.")
@_shared
def summary(send: bool, html: Path | None, dry_run: bool) -> int:
    """Print the summary that the organisers get every morning, as it would be now."""
    from rsvpbot.config import RECORD, SEND

    if dry_run and not send:
        raise click.UsageError("--dry-run goes with --send.")
    config = _config(SEND if send and not dry_run else RECORD)
    clock = _clock(config)
    from rsvpbot import private
    from rsvpbot.organisers import summary as daily

    with _open(config, read_only=dry_run or not send) as store:
        rendered = daily.render(daily.figures(store, config, clock.now()), config)
        if html is not None:
            private.write(html, rendered.html.encode())
            click.echo(f"Wrote {html}.")
        if send:
            return _send_summary(store, config, clock, dry_run=dry_run)
    if html is None:
        click.echo(rendered.text, nl=False)
    return 0


def _send_summary(store: Store, config: Config, clock: Clock, *, dry_run: bool) -> int:
    from rsvpbot.model import LetterState
    from rsvpbot.organisers import summary as daily

    click.echo(f"1 letter, to {', '.join(address.email for address in config.organisers.addresses)}.")
    waiting = len(store.letters(LetterState.QUEUED)) if config.replies.mode == "send" else 0
    if waiting:
        click.echo(f"{waiting} {'letter that waits goes' if waiting == 1 else 'letters that wait go'} with it.")
    if dry_run:
        return 0
    import threading

    from rsvpbot.letters.outbox import Outbox
    from rsvpbot.mail.tokens import Tokens, load_keys
    from rsvpbot.organisers.decisions import Decisions
    from rsvpbot.roster import new_id

    decisions = Decisions(Tokens(load_keys(config.state_folder), config.event.uid), config)
    letter = daily.queue_now(store, config, clock.now(), new_id, decisions)
    if not store.lock_daemon():
        click.echo("The service is running; it sends the summary within a minute.")
        return 0
    flushed = Outbox(store, config, clock).flush(threading.Event())
    after = store.letter(letter.id)
    if after is not None and after.state is LetterState.SENT:
        click.echo("Sent.")
        return 0
    reason = (after.error if after is not None else "") or flushed.trouble
    click.echo("Not sent" + (f": {reason}" if reason else "") + ". It stays in the outbox.", err=True)
    return 1


@rsvpbot.command(short_help="Show what is scheduled and what waits; hold it, or let it go.")
@click.option("--hold", multiple=True, metavar="NAME", help="Hold this reminder or paper back (may be repeated).")
@click.option("--release", multiple=True, metavar="NAME", help="Let it go again (may be repeated).")
@click.option("--send-held", is_flag=True, help="Let the answers go out that a limit holds back.")
@_shared
def outbox(hold: tuple[str, ...], release: tuple[str, ...], send_held: bool) -> int:
    """Show which reminders and papers are scheduled, when and to how many, and which letters wait.

    NAME is what the list calls it.
    """
    from rsvpbot.config import LETTERS, RECORD

    config = _config((LETTERS if send_held else RECORD) | frozenset({"replies", "reminders"}))
    from rsvpbot.organisers import scheduled

    with _open(config, read_only=not (hold or release or send_held)) as store:
        if hold or release:
            scheduled.hold(store, config, hold, release)
        if send_held:
            from rsvpbot.organisers import by_hand
            from rsvpbot.organisers.rulings import NotPossible

            try:
                click.echo("\n".join(by_hand.send_held(store, config, _clock(config).now())))
            except NotPossible as error:
                click.echo(str(error).capitalize() + ".")
        click.echo(scheduled.report(store, config, _clock(config).now()))
    return 0


# --------------------------------------------------------------------------- personal data


@rsvpbot.command(short_help="Write down what is stored of a person.")
@click.argument("address", metavar="ADDRESS")
@click.option(
    "--output",
    type=_Named(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write it into a file, for you alone.",
)
@_shared
def export(address: str, output: Path | None) -> int:
    """Write down everything that is stored of the person with this address, as JSON, to be given to them."""
    from rsvpbot.config import RECORD

    config = _config(RECORD)
    from rsvpbot import private
    from rsvpbot.organisers import privacy

    with _open(config, read_only=True) as store:
        text = privacy.exported(privacy.found(store, address))
    if output is None:
        click.echo(text)
    else:
        private.write(output, f"{text}\n".encode())
        click.echo(f"Wrote {output}.")
    return 0


@rsvpbot.command(short_help="Take a person out of the record, for good.")
@click.argument("address", metavar="ADDRESS")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--no-mailbox", is_flag=True, help="Do not look into the mailbox for what remains there.")
@_shared
def forget(address: str, yes: bool, no_mailbox: bool) -> int:
    """Take the person with this address out of the record, its history and its file, for good.

    No list takes them in again. What remains outside (a line of the list, mails in the mailbox) is named; rsvpbot
    deletes no mail. Where there is no password for the mailbox, it is not looked at, and you are told.
    """
    from rsvpbot.config import RECORD

    config = _config(RECORD | frozenset({"invitees"}))
    looks = not no_mailbox and _mailbox_can_be_looked_at()
    from rsvpbot.mail.tokens import load_keys
    from rsvpbot.organisers import privacy

    with _open(config, read_only=False) as store:
        of = privacy.found(store, address)
        click.echo(
            f"{', '.join(of.addresses)}: {len(of.replies)} messages, {len(of.letters)} letters, "
            f"{'on the list' if of.invitee else 'not on the list'}."
        )
        if not yes and not _confirmed("Forget this person for good?"):
            click.echo("Nothing was changed.")
            return 0
        done = privacy.forget(store, config, address, load_keys(config.state_folder))
        left = _mail_of(config, of.addresses) if looks else None
    for line in privacy.report(done, address, config, left):
        click.echo(line)
    return 0


def _mailbox_can_be_looked_at() -> bool:
    """Whether the configuration lets this user in, as that of the service does not where systemd hands it the password;
    says what is missing. What must be forgotten does not wait for that."""
    from rsvpbot.config import MAILBOX, ConfigError

    try:
        _config(MAILBOX)
    except ConfigError as error:
        click.echo(f"The mailbox cannot be looked at from here.\n{_problems(error)}", err=True)
        return False
    return True


def _mail_of(config: Config, addresses: tuple[str, ...]) -> dict[str, int] | None:
    """What remains in the mailbox, by folder; None where it is out of reach."""
    from rsvpbot.mail.imap import Connection, MailboxError

    try:
        with Connection(config.mailbox) as connection:
            return connection.mail_of(addresses)
    except MailboxError as error:
        click.echo(str(error), err=True)
        return None


@rsvpbot.command("rotate-key", short_help="Replace the key of the tokens.")
@click.option("--forget-old", is_flag=True, help="For a key that leaked: tokens of old keys count no more.")
@click.option("--yes", is_flag=True, help="Do not ask, with --forget-old.")
@_shared
def rotate_key(forget_old: bool, yes: bool) -> int:
    """Replace the key of the tokens by which a letter's answer is known.

    Old keys are still read until the event is over, so that letters which are out keep their meaning; the first
    rotation after it drops them. A running service takes the new key up by itself. Calendar entries keep their UID.
    """
    from rsvpbot.config import RECORD

    config = _config(RECORD)
    from rsvpbot.organisers import keys

    if forget_old and not yes and not _confirmed("Make the tokens in all letters that are out worthless?"):
        click.echo("Nothing was changed.")
        return 0
    with _open(config, read_only=False) as store:
        told = keys.rotate_key(store, config, _clock(config).now(), forget_old=forget_old)
    click.echo("\n".join(told))
    return 0


# --------------------------------------------------------------------------- the record as a file


@rsvpbot.command(short_help="Write the whole record into one file, beside the running service.")
@click.argument("file", metavar="FILE", type=_Named(path_type=Path))
@_shared
def backup(file: Path) -> int:
    """Write the whole record into FILE, as it stands at one moment; the service may run on.

    FILE must not be there yet, and only you may read it. `rsvpbot repair --from FILE` puts it back.
    """
    from rsvpbot import safekeeping
    from rsvpbot.config import RECORD

    click.echo(safekeeping.backup(_config(RECORD), file))
    return 0


@rsvpbot.command(short_help="Put a damaged record back to its last good state, or to a backup.")
@click.option("--from", "source", type=_Named(path_type=Path), metavar="BACKUP", help="Put this backup in place.")
@click.option("--dry-run", is_flag=True, help="Say what would be kept and what it means, and stop there.")
@_shared
def repair(source: Path | None, dry_run: bool) -> int:
    """Put a record that does not open because a line of it is damaged back to the last commit before the damage.

    The rest is kept in a file beside it, and you are told what that means. Nothing is done where nothing is damaged,
    unless --from names a backup to be put in its place. The service must not run.
    """
    from rsvpbot import safekeeping
    from rsvpbot.config import RECORD

    config = _config(RECORD)
    for line in safekeeping.repair(config, _clock(config).now(), source, dry_run=dry_run):
        click.echo(line)
    return 0


# --------------------------------------------------------------------------- the demo


@rsvpbot.command(short_help="Play a day at the roundtable on real servers.")
@click.argument("folder", metavar="[DIR]", required=False, type=_Named(path_type=Path, file_okay=False))
@_shared
def demo(folder: Path | None) -> int:
    """Play a day at the roundtable on real servers in this process, and show each step.

    Needs rsvpbot[demo] and no network. What it wrote stays in DIR (else in a temporary folder), where nothing is
    overwritten.
    """
    try:
        from rsvpbot.demo import play
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"aiosmtpd", "pymap"}:
            raise
        raise click.UsageError(f"{error.name} is missing; install it with: pip install 'rsvpbot[demo]'") from None
    return play(folder)
