"""Whatever goes wrong in a job of the service is told, and the service is neither deaf nor dumb after it."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from rsvpbot import service
from rsvpbot.clock import ShiftedClock
from rsvpbot.config import Config, load
from rsvpbot.intake import Polled
from rsvpbot.mail.imap import Doorbell
from rsvpbot.store.base import Commit, Store, StoreError
from tests.corpus_mailbox import EXAMPLE, command, on_loopback, opened
from tests.servers import Dovecot, SmtpSink, until
from tests.test_intake import ADA, NOW

OFTEN = {'# poll_every = "1m"': 'poll_every = "1s"', "# idle = true": "idle = false"}


@pytest.fixture
def path(dovecot: Dovecot, smtp_sink: SmtpSink, tmp_path: Path) -> Path:
    return configured(dovecot, smtp_sink, tmp_path, OFTEN)


def configured(dovecot: Dovecot, sink: SmtpSink, folder: Path, changes: dict[str, str], imap_port: int = 0) -> Path:
    path = folder / "config.toml"
    text = on_loopback(dovecot.new_user(), imap_port or dovecot.imap_port, sink.port, changes)
    path.write_text(text, encoding="utf-8")
    (folder / "invitees.csv").write_text("email\nada@lovelace.example\n", encoding="utf-8")
    (folder / "discussion-paper.pdf").touch()
    return path


def raising(error: Exception) -> tuple[Callable[..., None], list[bool]]:
    raised: list[bool] = []

    def fail(*_: object) -> None:
        raised.append(True)
        raise error

    return fail, raised


class Running:
    """A daemon in a thread; `polls` counts the polls that came to their end."""

    def __init__(self, store: Store, config: Config) -> None:
        self.stop = threading.Event()
        self.daemon = service.Daemon(store, config, ShiftedClock(NOW), self.stop, everything=True, since=None)
        self.polls = 0
        self.status: int | None = None
        self._read = self.daemon._mailbox_read
        self.daemon._mailbox_read = self._count  # type: ignore[method-assign]
        self._thread = threading.Thread(target=self._run)

    def _count(self, polled: Polled) -> None:
        self._read(polled)
        self.polls += 1

    def _run(self) -> None:
        self.status = self.daemon.run()

    def __enter__(self) -> Running:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self._thread.join(60)


def test_an_error_in_a_job_is_told_and_the_service_goes_on(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fail, raised = raising(ValueError("ada@lovelace.example"))
    monkeypatch.setattr(service, "TIDY_EVERY", timedelta(seconds=1))
    monkeypatch.setattr("rsvpbot.organisers.privacy.expire", fail)
    config = load(path)
    with opened(config) as store, Running(store, config) as running:
        until(lambda: len(raised) > 1, 60)
        polls = running.polls
        until(lambda: running.polls > polls, 60)
        assert not running.stop.is_set()
    assert "tidying failed" in [record.getMessage() for record in caplog.records]
    assert not [record for record in caplog.records if "lovelace" in record.getMessage()]


def test_a_store_that_fails_where_nobody_looks_for_it_ends_the_service(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fail, _ = raising(StoreError("what was recorded is not there any more"))
    monkeypatch.setattr(service.Daemon, "_write_metrics", fail)
    config = load(path)
    with opened(config) as store, Running(store, config) as running:
        assert running.stop.wait(60)
    assert running.status == 1
    assert "rsvpbot ends: what was recorded is not there any more" in caplog.text


def test_an_error_at_the_doorbell_is_told_and_it_rings_again(
    dovecot: Dovecot,
    smtp_sink: SmtpSink,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    config = load(configured(dovecot, smtp_sink, tmp_path, {}))
    wait, waited = Doorbell.wait, 0

    def once(bell: Doorbell, stop: threading.Event) -> bool:
        nonlocal waited
        waited += 1
        if waited == 1:
            raise ValueError("ada@lovelace.example")
        return wait(bell, stop)

    monkeypatch.setattr(Doorbell, "wait", once)
    with opened(config) as store, Running(store, config):
        until(lambda: waited > 1, 60)
    assert caplog.text.count("the doorbell failed") == 1


def test_retention_does_not_wait_for_the_mailbox(dovecot: Dovecot, smtp_sink: SmtpSink, tmp_path: Path) -> None:
    changes = {"# days_after_event = 90": "days_after_event = 90"}
    path = configured(dovecot, smtp_sink, tmp_path, changes, imap_port=1)
    with opened(load(path)) as store:
        store.commit(Commit(invitees=(ADA,)))
    late = [*command(path, "poll"), "--now", "2018-01-01T09:00-04:00"]
    environment = {**os.environ, "PYTHONPATH": str(EXAMPLE.parent)}
    done = subprocess.run(late, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "nothing listens there" in done.stderr
    with opened(load(path)) as store:
        assert store.invitees() == ()
