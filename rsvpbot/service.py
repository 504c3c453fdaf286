"""The daemon: scheduler, doorbell, signals, readiness, watchdog; and a single round, for `rsvpbot poll`.

Correctness never depends on anything here being on time: every job may run late, twice or not at all, because the store
alone knows what was handled, sent and summarised.
"""

from __future__ import annotations

import logging
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from types import FrameType

from rsvpbot import roster
from rsvpbot.ahead import WORTH_IT, Reader
from rsvpbot.clock import ShiftedClock
from rsvpbot.config import Config, Problem
from rsvpbot.intake import Intake, Polled
from rsvpbot.letters import standby
from rsvpbot.letters.outbox import Flushed, Outbox
from rsvpbot.letters.schedule import Rest, Schedule
from rsvpbot.letters.templates import Templates
from rsvpbot.mail.imap import Connection, Doorbell, Listed, MailboxError
from rsvpbot.mail.tokens import KeyFile, KeyFileError, Tokens
from rsvpbot.metrics import MetricsFile
from rsvpbot.model import Clock, LetterState
from rsvpbot.organisers import announce, door, privacy, summary
from rsvpbot.organisers.rulings import NotPossible
from rsvpbot.organisers.steer import Steering
from rsvpbot.roster import new_id
from rsvpbot.store import open_store
from rsvpbot.store.base import Commit, Store, StoreError
from rsvpbot.timelimit import time_limit

log = logging.getLogger("rsvpbot.service")

GRACE = 20.0
"""Seconds that jobs in hand are given at shutdown; systemd's TimeoutStopSec in deploy/ is longer."""

LONGEST_PAUSE = 300.0
"""Seconds; the doorbell's back-off ends there."""

SEND_EVERY = 20
"""Seconds after which letters that an admin's command has queued are found; a look at an unchanged store is cheap."""

TIDY_EVERY = timedelta(hours=1)


class UsedMailbox(Exception):
    """A first start on a mailbox in which mail waits that may not be meant for us."""

    def __init__(self, waiting: int, oldest: datetime) -> None:
        super().__init__(
            f"{waiting} messages wait in INBOX, the oldest of {oldest:%d %B %Y}. Say --all to handle them all, or "
            f"--since YYYY-MM-DD to leave what arrived before that day where it is."
        )
        self.waiting = waiting
        self.oldest = oldest


def starting_point(
    listing: Sequence[Listed], configured: datetime | None, *, everything: bool, since: datetime | None, ask: bool
) -> datetime | None:
    """From when on mail is handled, at a first start.

    `configured` is [mailbox] since. Raises UsedMailbox where mail from before it waits (any mail, where it is not
    set) and nobody has said what to do with it, unless `ask` is false.
    """
    if everything:
        return None
    if since is not None:
        return since
    older = [item for item in listing if configured is None or item.arrived < configured]
    if older and ask:
        raise UsedMailbox(len(listing), min(item.arrived for item in older))
    return configured


def take_in(config: Config, store: Store, now: datetime) -> tuple[Problem, ...]:
    """Merge the list of invitees into the store, once. Returns what was wrong with it. Raises NotPossible where the
    file cannot be read."""
    file = config.invitees.file
    if file is None or privacy.is_expired(config, now):
        return ()
    try:
        rows, problems = roster.read_list(file)
    except OSError as error:
        raise NotPossible(f"{file} cannot be read: {error.strerror}") from error
    return (*problems, *roster.merge(rows, store, config, new_id).problems)


# ------------------------------------------------------------------ one round


class Round:
    """Everything that one poll needs, built once."""

    def __init__(
        self,
        store: Store,
        config: Config,
        clock: Clock,
        *,
        everything: bool,
        since: datetime | None,
        stays: bool = False,
    ) -> None:
        """`stays`: there will be more polls, and between them as little memory as may be is held."""
        self._store = store
        self._config = config
        self._clock = clock
        self._everything = everything
        self._since = since
        self._list_seen: float | None = None
        self.templates = Templates(config)
        self._keys = KeyFile(config.state_folder)
        tokens = Tokens(self._keys, config.event.uid)
        self.steering = Steering(store, config, self.templates, tokens, new_id)
        self._tokens = tokens
        self.intake = Intake(
            store,
            config,
            clock,
            self.templates,
            tokens,
            new_id,
            self.steering,
            time_limit,
            Reader(config, stays=stays),
        )
        self.outbox = Outbox(store, config, clock)
        self.schedule = Schedule(store, config, self.templates, tokens)
        self._rest = Rest(config, [item.at for item in self.schedule.items])

    def take_up_key(self) -> None:
        """From here on use the key that `rsvpbot rotate-key` has put in place, if it has."""
        try:
            if self._keys.renew():
                log.info("a new key for the tokens was taken up")
        except KeyFileError as error:
            log.error("%s; until then the key that was read before holds", error)

    def take_in_list(self) -> None:
        """Merge invitees.csv into the store, if it has changed since this process last looked."""
        file = self._config.invitees.file
        if file is None:
            return
        try:
            changed = file.stat().st_mtime
            if changed == self._list_seen:
                return
            rows, problems = roster.read_list(file)
        except OSError as error:
            log.error("the list of invitees cannot be read: %s", error.strerror)
            return
        self._list_seen = changed
        merged = roster.merge(rows, self._store, self._config, new_id)
        log.info("invitees added=%d changed=%d gone=%d", merged.added, merged.changed, merged.gone)
        found = dict.fromkeys((problem.key, problem.fatal) for problem in (*problems, *merged.problems))
        for row, wrong in found:
            told = "is skipped" if wrong else "may not be meant so"
            log.warning("invitees: %s %s; `rsvpbot check` says why", row, told)

    def poll(
        self, connection: Connection, stop: threading.Event, tell: Callable[[int, int], None] = lambda done, of: None
    ) -> Polled:
        """One poll over an open connection; `tell` as in Intake.poll. Raises MailboxError, StoreError, UsedMailbox."""
        self.take_up_key()
        if not self._is_over():
            self.take_in_list()
        self._start(connection)
        announce.note_first(self._store, self._config)
        return self.intake.poll(connection, stop, tell)

    def poll_and_send(
        self, connection: Connection, stop: threading.Event, tell: Callable[[int, int], None] = lambda done, of: None
    ) -> tuple[Polled, Flushed]:
        """The same; where many messages wait, what each batch has queued goes out over SMTP while the next is read."""
        rounds: list[Future[Flushed]] = []
        with ThreadPoolExecutor(1, "sending") as beside:

            def told(done: int, of: int) -> None:
                tell(done, of)
                if of >= WORTH_IT and (not rounds or rounds[-1].done()):
                    rounds.append(beside.submit(self.send, stop, None))

            polled = self.poll(connection, stop, told)
        return polled, sum((one.result() for one in rounds), Flushed())

    def _is_over(self) -> bool:
        """Whether personal data have gone, or go now: then no list brings them back."""
        return privacy.is_expired(self._config, self._clock.now())

    def _start(self, connection: Connection) -> None:
        mailbox = self._store.mailbox()
        told = self._everything or self._since is not None
        if mailbox.started and not told:
            return
        since = starting_point(
            connection.listing(),
            self._config.mailbox.since,
            everything=self._everything,
            since=self._since,
            # A rehearsal moves the clock, and the dates of what waits mean nothing.
            ask=not isinstance(self._clock, ShiftedClock),
        )
        self._everything, self._since = False, None
        with self._store.transaction():
            self._store.commit(Commit(mailbox=replace(self._store.mailbox(), since=since, started=True)))

    def send(self, stop: threading.Event, connection: Connection | None) -> Flushed:
        return self.outbox.flush(stop, connection)

    def needs_mailbox(self) -> bool:
        """Whether letters wait for Drafts, or copies of what was sent for Sent."""
        drafts = self._config.replies.mode == "draft" and self._store.letter_tally()[LetterState.QUEUED] > 0
        copies = self._config.smtp.copy_to_sent and bool(self._store.uncopied())
        return drafts or copies

    def queue_due(self) -> None:
        """Put reminders, papers and offers whose time has come into the outbox."""
        now, mark = self._clock.now(), self._store.mark()
        if self._rest.holds(mark, now):
            return
        try:
            queued = self.schedule.queue_due(now)
        except OSError as error:
            # A paper that cannot be read must not keep the letters from going out.
            log.error("a paper cannot be read: %s", error.strerror)
            queued = 0
        if queued:
            log.info("scheduled letters queued=%d", queued)
        offered = standby.work(self._store, self._config, self.templates, self._tokens, now)
        if offered:
            log.info("offers from the waiting list: %d", offered)
        if self._store.mark() == mark:
            self._rest.note(mark, now)

    def close_list_if_due(self) -> None:
        """Keep who is expected, once [event] freeze_at has come."""
        if door.freeze_if_due(self._store, self._config, self._clock.now()):
            log.info("the list of the desk was closed")

    def has_work(self) -> bool:
        waiting = self._store.letter_tally()
        return bool(waiting[LetterState.QUEUED] or waiting[LetterState.SENDING] or self._store.uncopied())


def poll_once(config: Config, clock: Clock, *, everything: bool, since: datetime | None) -> int:
    """Do one round: list, poll, send, summary if due. Returns the exit status.

    Raises MailboxError, StoreError, ConfigError, TemplateError, UsedMailbox for the command line to tell.
    """
    stop = threading.Event()
    stop_on_signals(stop)
    leave_no_core()
    if sys.stderr.isatty():
        # Whoever watches sees a bar, and what went wrong.
        logging.getLogger("rsvpbot").setLevel(logging.WARNING)
    with open_store(config.store_url, config.path.parent) as store:
        if not store.lock_daemon():
            print("rsvpbot runs on this store already; it polls by itself.", file=sys.stderr)
            return 1
        work = Round(store, config, clock, everything=everything, since=since)
        work.outbox.recover()
        try:
            with Connection(config.mailbox) as connection:
                with bar("Reading the mailbox") as tell:
                    polled, sent = work.poll_and_send(connection, stop, tell)
                work.close_list_if_due()
                summary.queue_if_due(store, config, clock.now(), new_id, work.steering.decisions)
                work.queue_due()
                with bar(_sending(store, config)):
                    sent += work.send(stop, connection)
                privacy.expire(store, config, clock.now())
        except MailboxError as error:
            # The organisers hear of it, and whoever waits for a letter gets it, whatever becomes of the mailbox.
            work.intake.note_failure(str(error))
            work.close_list_if_due()
            summary.queue_if_due(store, config, clock.now(), new_id, work.steering.decisions)
            work.send(stop, None)
            privacy.expire(store, config, clock.now())
            raise
        print(_told(polled, sent))
    if sent.trouble:
        print(f"Letters could not go out: {sent.trouble}", file=sys.stderr)
    if sent.uncopied:
        print(f"Copies for the Sent folder have to wait: {sent.uncopied}", file=sys.stderr)
    return 1 if sent.trouble or sent.uncopied else 0


def _sending(store: Store, config: Config) -> str:
    waiting = store.letter_tally()[LetterState.QUEUED]
    if config.replies.mode == "draft":
        return f"Putting {waiting} letters into Drafts"
    return f"Sending {waiting} letters, at most {config.smtp.max_per_minute} a minute"


@contextmanager
def bar(words: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on the terminal of whoever waits; in a pipe or a journal, nothing."""
    if not sys.stderr.isatty():
        yield lambda done, of: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(words, total=None)
        yield lambda done, of: progress.update(task, completed=done, total=of)


def _told(polled: Polled, sent: Flushed) -> str:
    folders = ", ".join(f"{folder.value.lower()} {count}" for folder, count in sorted(polled.folders.items()))
    lines = [f"{polled.seen} messages handled" + (f": {folders}" if folders else "")]
    if polled.repeats:
        lines.append(f"{polled.repeats} of them had been here before")
    if polled.failures:
        lines.append(f"{polled.failures} failed; each is tried three times, then it goes to Failed")
    if polled.left_alone:
        lines.append(f"{polled.left_alone} older messages were left in INBOX")
    if polled.unmoved:
        lines.append(f"{polled.unmoved} cannot be moved and stay in INBOX, on record: the server refuses it")
    if polled.left_over:
        lines.append(f"{polled.left_over} more, of senders who write without end, wait for the next poll")
    lines.append(
        f"letters: {sent.sent} sent, {sent.drafted} put in Drafts, {sent.failed} failed, {sent.waiting} waiting"
    )
    return "\n".join(lines)


# ------------------------------------------------------------------ the daemon


def notify(state: str) -> None:
    """Tell systemd (sd_notify(3)); nothing where nobody listens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(address)
            sock.sendall(state.encode())
        except OSError as error:
            log.warning("systemd could not be told: %s", error.strerror)


def run(config: Config, clock: Clock, *, everything: bool, since: datetime | None) -> int:
    """Run until SIGTERM or SIGINT. Returns the exit status."""
    stop = threading.Event()
    stop_on_signals(stop)
    leave_no_core()
    store = open_store(config.store_url, config.path.parent)
    if not store.lock_daemon():
        store.close()
        print("rsvpbot runs on this store already.", file=sys.stderr)
        return 1
    daemon = Daemon(store, config, clock, stop, everything=everything, since=since)
    status = daemon.run()
    store.close()
    return status


class Daemon:
    """The jobs and the threads. `run` returns the exit status."""

    def __init__(
        self,
        store: Store,
        config: Config,
        clock: Clock,
        stop: threading.Event,
        *,
        everything: bool,
        since: datetime | None,
    ) -> None:
        self._store = store
        self._config = config
        self._clock = clock
        self._stop = stop
        self._status = 0
        self._error = ""
        self._read_at: datetime | None = None
        self._metrics = MetricsFile(store, config)
        self._work = Round(store, config, clock, everything=everything, since=since, stays=True)
        self._polling = threading.Lock()
        self._sending = threading.Lock()
        self._looked = threading.Event()
        """The mailbox was looked at since the start: only then can a summary say how it stands."""

    def run(self) -> int:
        from apscheduler.executors.pool import ThreadPoolExecutor as JobThreads
        from apscheduler.schedulers.background import BackgroundScheduler

        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
        doubtful = self._work.outbox.recover()
        if doubtful:
            log.warning("letters in doubt since the last run: %d", doubtful)
        # Two instances of a job: one that works, one that waits at its lock, so that a bell during a poll is heard.
        self._scheduler = BackgroundScheduler(
            executors={"default": JobThreads(6)},
            job_defaults={"coalesce": True, "max_instances": 2, "misfire_grace_time": None},
            timezone=self._config.event.zone,
        )
        now = datetime.now(self._config.event.zone)
        every = self._config.service.poll_every
        hour, minute = map(int, self._config.organisers.summary_at.split(":"))
        zone = self._config.organisers.timezone or self._config.event.timezone
        add = self._scheduler.add_job
        poll, send = self._job("the poll", self._poll), self._job("sending", self._send)
        summary_, tidy = self._job("the summary", self._summary), self._job("tidying", self._tidy)
        add(poll, "interval", seconds=every.total_seconds(), id="poll", next_run_time=now)
        add(send, "interval", seconds=SEND_EVERY, id="send", next_run_time=now)
        add(summary_, "cron", hour=hour, minute=minute, timezone=zone, id="summary")
        add(tidy, "interval", seconds=TIDY_EVERY.total_seconds(), id="tidy")
        # First, as the jobs begin at once, and what they tell must not be overwritten.
        notify("READY=1\nSTATUS=Started")
        self._scheduler.start()
        log.info("started mode=%s poll_every=%ds", self._config.replies.mode, every.total_seconds())
        bell = threading.Thread(target=self._listen, name="doorbell", daemon=True)
        if self._config.service.idle:
            bell.start()
        while not self._stop.wait(SEND_EVERY):
            self._run_what_was_put_off(poll=every, send=timedelta(seconds=SEND_EVERY), tidy=TIDY_EVERY)
            if self._polling.acquire(blocking=False):
                self._work.intake.reader.rest()
                self._polling.release()
        self._shut_down()
        return self._status

    def _shut_down(self) -> None:
        notify("STOPPING=1\nSTATUS=Finishing the message in hand")
        log.info("stopping")
        self._scheduler.pause()
        deadline = threading.Timer(GRACE, self._give_up)
        deadline.daemon = True
        deadline.start()
        with self._polling, self._sending:
            self._scheduler.shutdown(wait=False)
            self._work.intake.reader.close()
        deadline.cancel()
        log.info("stopped")

    def _give_up(self) -> None:
        # A hung call would keep the interpreter waiting for its thread; what is committed is on disk.
        log.error("a job did not end within %d s", GRACE)
        os._exit(self._status or 1)

    # -------------------------------------------------------------- jobs

    def _job(self, name: str, work: Callable[[], None]) -> Callable[[], None]:
        """The work, so that whatever goes wrong in it is told; the scheduler would say nothing."""

        def job() -> None:
            try:
                work()
            except StoreError as error:
                # Nothing can be recorded any more; the supervisor starts us anew, and the file decides.
                self._end(1, str(error))
            except Exception:
                log.exception("%s failed", name)

        return job

    def _poll(self) -> None:
        with self._polling:
            if self._stop.is_set():
                return
            try:
                self._look()
            except UsedMailbox as error:
                self._end(2, str(error))
                return
            self._looked.set()
            self._write_metrics()
            notify("WATCHDOG=1")
        self._kick("send")

    def _look(self) -> None:
        """One poll. Whatever goes wrong with the mailbox is written down; raises StoreError and UsedMailbox only."""
        try:
            with Connection(self._config.mailbox) as connection:
                polled = self._work.poll(connection, self._stop, lambda done, of: self._kick("send"))
        except (UsedMailbox, StoreError):
            raise
        except MailboxError as error:
            self._mailbox_failed(error)
        except Exception as error:
            log.exception("the poll failed")
            self._error = f"an error in rsvpbot: {type(error).__name__}"
            self._work.intake.note_failure(self._error)
        else:
            self._mailbox_read(polled)

    def _write_metrics(self) -> None:
        smtp_up = not self._store.mailbox().sending_error
        self._metrics.write(self._read_at, mailbox_up=not self._error, smtp_up=smtp_up)

    def _mailbox_read(self, polled: Polled) -> None:
        if self._error:
            log.info("the mailbox can be read again")
            self._error = ""
        self._read_at = self._clock.now()
        if polled.seen:
            log.info("poll seen=%d letters=%d repeats=%d", polled.seen, polled.letters, polled.repeats)
        self._tell_systemd()

    def _mailbox_failed(self, error: MailboxError) -> None:
        self._error = str(error)
        log.error("the mailbox cannot be read: %s", error)
        self._work.intake.note_failure(str(error))
        self._tell_systemd()

    def _tell_systemd(self) -> None:
        """One line for `systemctl status`: what fails, else when all was well."""
        mailbox = self._store.mailbox()
        troubles = []
        if self._error:
            troubles.append(f"The mailbox cannot be read: {self._error}")
        if mailbox.sending_error:
            troubles.append(f"Letters cannot go out: {mailbox.sending_error}")
        read = f"Mailbox read at {self._clock.now():%Y-%m-%d %H:%M%z}"
        notify("STATUS=" + (". ".join(troubles) or read))

    def _end(self, status: int, reason: str) -> None:
        log.error("rsvpbot ends: %s", reason)
        self._status = status
        self._stop.set()

    def _send(self) -> None:
        with self._sending:
            try:
                self._work_on_letters()
            except MailboxError as error:
                log.error("drafts and copies cannot be stored: %s", error)
            except StoreError:
                raise
            except Exception:
                log.exception("sending failed")
            if self._looked.is_set():
                self._write_metrics()

    def _work_on_letters(self) -> None:
        if self._stop.is_set():
            return
        # An admin's command may have put a letter there.
        self._store.refresh()
        self._work.take_up_key()
        self._queue_summary()
        self._work.queue_due()
        if not self._work.has_work():
            return
        # Drafts and copies can wait for the mailbox; the letters need not.
        self._log_sent(self._work.send(self._stop, None))
        if self._work.needs_mailbox() and not self._stop.is_set():
            with Connection(self._config.mailbox) as connection:
                self._log_sent(self._work.send(self._stop, connection))

    def _log_sent(self, flushed: Flushed) -> None:
        if flushed.trouble:
            log.error("letters could not go out: %s", flushed.trouble)
            self._tell_systemd()
        if flushed.uncopied:
            log.error("copies for the Sent folder have to wait: %s", flushed.uncopied)
        if flushed.sent or flushed.drafted or flushed.failed:
            log.info("letters sent=%d drafted=%d failed=%d", flushed.sent, flushed.drafted, flushed.failed)

    def _summary(self) -> None:
        self._kick("send")

    def _queue_summary(self) -> None:
        if not self._looked.is_set():
            return
        try:
            # What had come by then has been read, and the summary brings the list that was closed.
            self._work.close_list_if_due()
            if summary.queue_if_due(
                self._store, self._config, self._clock.now(), new_id, self._work.steering.decisions
            ):
                log.info("summary queued")
        except StoreError:
            raise
        except Exception:
            # Whatever ails the summary must not keep the letters from going out.
            log.exception("the summary could not be written")

    def _tidy(self) -> None:
        if privacy.expire(self._store, self._config, self._clock.now()):
            log.info("retention: what was personal is gone")
        self._store.tidy()

    def _run_what_was_put_off(self, **jobs: timedelta) -> None:
        """The scheduler waits for a moment of the clock: set back by an hour, it would rest for an hour. So a job that
        is further off than its interval runs now."""
        for job, every in jobs.items():
            if self._scheduler.get_job(job).next_run_time - datetime.now(self._config.event.zone) > every:
                log.warning("the clock was set back: %s runs now", job)
                self._kick(job)

    # -------------------------------------------------------------- the doorbell

    def _kick(self, job: str) -> None:
        """Run a job now. Too many kicks are one."""
        if not self._stop.is_set():
            self._scheduler.modify_job(job, next_run_time=datetime.now(self._config.event.zone))

    def _listen(self) -> None:
        """Poll when the server says that something came. A broken line rings too, and then rests longer each time."""
        bell, pause = Doorbell(self._config.mailbox), 1.0
        while not self._stop.is_set():
            try:
                rang = bell.wait(self._stop)
            except Exception as error:
                if isinstance(error, MailboxError):
                    log.warning("the doorbell is silent: %s", error)
                else:
                    log.exception("the doorbell failed")
                    bell.close()
                self._stop.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
                continue
            pause = 1.0
            if rang and not self._stop.is_set():
                self._kick("poll")
        bell.close()


def leave_no_core() -> None:
    """However this process ends, no file with its memory is left: passwords and mail stand in it."""
    # Within the unit the call is refused, and LimitCORE=0 has done it already.
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def stop_on_signals(stop: threading.Event) -> None:
    """SIGTERM and SIGINT finish the message in hand; a second one is the operating system's usual end."""

    def handle(number: int, frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handle)
