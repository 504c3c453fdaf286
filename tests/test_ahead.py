"""Reading in another process: the same readings, and whatever becomes of that process, nothing but time is lost."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

import rsvpbot.ahead
from rsvpbot.ahead import MOST_AHEAD, RESTS_AFTER, WORTH_IT, Ahead, Reader
from rsvpbot.config import Config, load
from rsvpbot.examine import examine
from rsvpbot.letters.sample import own_words
from rsvpbot.letters.templates import Templates
from tests.corpus_mailbox import EXAMPLE, TOTAL, corpus, fill, invitees, outcome, start_poll, two_hundred, write_config
from tests.kills import undisturbed
from tests.servers import Dovecot, Proxy, SmtpSink, until

OURS = ("We have the honour to invite you.",)
MAILS = [(number, mail.raw) for number, mail in enumerate(corpus())]


def mail(subject: str, text: str) -> bytes:
    return f"From: ada@lovelace.example\r\nSubject: {subject}\r\n\r\n{text}\r\n".encode()


def never(raw: bytes) -> bool:
    """Nothing is to be skipped."""
    return False


@pytest.fixture
def config(tmp_path: Path) -> Config:
    path = tmp_path / "config.toml"
    path.write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    return load(path, frozenset())


def child_of(pid: int) -> int | None:
    """The process that reads ahead for this one."""
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        with suppress(OSError):
            if b"rsvpbot.ahead" in Path(f"/proc/{child}/cmdline").read_bytes():
                return int(child)
    return None


def test_it_reads_what_would_be_read_here(config: Config) -> None:
    with Ahead(config, OURS, patient=True) as ahead:
        read = list(ahead.read(MAILS))
    assert [(uid, raw) for uid, raw, _ in read] == MAILS
    assert len(MAILS) > MOST_AHEAD
    for _, raw, seen in read:
        assert seen == examine(raw, config, OURS)


def test_what_is_to_be_skipped_is_not_read_anywhere(config: Config) -> None:
    asked = {raw for _, raw in MAILS[1:4]}
    with Ahead(config, OURS, patient=True) as ahead:
        read = list(ahead.read(MAILS[:6], asked.__contains__))
    assert sorted((uid, seen is None) for uid, _, seen in read) == [(uid, 1 <= uid < 4) for uid in range(6)]


def test_whoever_leaves_off_halfway_gets_no_answer_to_another_question(config: Config) -> None:
    with Ahead(config, OURS, patient=True) as ahead:
        first = ahead.read(MAILS[:40])
        assert next(first)[0] == 0
        del first
        again = list(ahead.read(MAILS[40:50]))
    assert [(uid, seen) for uid, _, seen in again] == [(uid, examine(raw, config, OURS)) for uid, raw in MAILS[40:50]]


def test_large_ones_are_not_kept_in_memory_together(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    large = [(number, mail("large", "x" * 9_000)) for number in range(8)]
    monkeypatch.setattr(rsvpbot.ahead, "MOST_BYTES_AHEAD", 20_000)
    under_way = 0

    def counted() -> Iterator[tuple[int, bytes]]:
        nonlocal under_way
        for one in (*MAILS[:3], *large, (99, b"x" * 50_000), *MAILS[3:5]):
            under_way += len(one[1])
            # What is asked for next is on its way already, and one that is larger by itself goes alone.
            assert under_way - len(one[1]) <= 20_000 or under_way == len(one[1]) + 50_000
            yield one

    with Ahead(config, OURS, patient=True) as ahead:
        for _, raw, seen in ahead.read(counted()):
            assert seen is not None
            under_way -= len(raw)
    assert under_way == 0


def test_when_it_dies_the_rest_comes_back_to_be_read(config: Config, caplog: pytest.LogCaptureFixture) -> None:
    with Ahead(config, OURS, patient=True) as ahead:
        read = ahead.read(MAILS)
        begun = [next(read) for _ in range(3)]
        child = child_of(os.getpid())
        assert child is not None
        os.kill(child, signal.SIGKILL)
        rest = list(read)
    assert all(seen is not None for _, _, seen in begun)
    assert [(uid, raw) for uid, raw, _ in (*begun, *rest)] == MAILS
    assert rest[-1][2] is None
    assert "reading ahead has ended" in caplog.text


def test_what_cannot_be_read_there_comes_back(config: Config) -> None:
    with Ahead(config, OURS, patient=True) as ahead:
        # What is no mail at all raises there, and the next is read all the same.
        read = list(ahead.read([(1, "no bytes"), *MAILS[:2]]))  # type: ignore[list-item]
    assert [seen is None for _, _, seen in read] == [True, False, False]


def test_what_is_asked_before_it_is_ready_is_read_here(config: Config) -> None:
    with Ahead(config, OURS) as ahead:
        assert [seen for _, _, seen in ahead.read(MAILS[:3])] == [None] * 3
        until(ahead._is_ready, 30)
        assert [seen is None for _, _, seen in ahead.read(MAILS[:3])] == [False] * 3


def test_a_process_that_stays_ends_when_no_mail_comes(config: Config) -> None:
    now = 1_000.0
    reader = Reader(config, stays=True, clock=lambda: now)
    assert child_of(os.getpid()) is None
    children = []
    for mails in (MAILS[:1], MAILS[1:3]):
        with reader.reading(len(mails), lambda: OURS) as read:
            assert all(seen == examine(raw, config, OURS) for _, raw, seen in read(mails, never))
        children.append(child_of(os.getpid()))
        now += RESTS_AFTER - 1
        reader.rest()
    assert children[0] is not None and children[0] == children[1] == child_of(os.getpid())
    now += 1
    reader.rest()
    assert child_of(os.getpid()) is None
    with reader.reading(1, lambda: OURS) as read:
        assert next(read(MAILS[:1], never))[2] is not None
    reader.close()
    assert child_of(os.getpid()) is None


def test_what_our_letters_say_is_worked_out_there_once(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    def here() -> tuple[str, ...]:
        raise AssertionError("not in this process")

    now = 1_000.0
    reader = Reader(config, stays=True, clock=lambda: now)
    with reader.reading(1, here) as read:
        first = next(read(MAILS[:1], never))
    assert reader.ours == own_words(config, Templates(config))
    now += RESTS_AFTER
    reader.rest()
    # The next process is told it.
    with reader.reading(1, here) as read:
        assert next(read(MAILS[:1], never)) == first
    reader.close()


def test_one_that_died_is_followed_by_another(config: Config) -> None:
    reader = Reader(config, stays=True)
    with reader.reading(3, lambda: OURS) as read:
        found = read(MAILS[:3], never)
        assert next(found)[2] is not None
        child = child_of(os.getpid())
        assert child is not None
        os.kill(child, signal.SIGKILL)
        list(found)
    with reader.reading(3, lambda: OURS) as read:
        list(read(MAILS[:3], never))
    with reader.reading(3, lambda: OURS) as read:
        assert all(seen is not None for _, _, seen in read(MAILS[:3], never))
    reader.close()


@pytest.mark.parametrize(("number", "there"), [(0, False), (WORTH_IT - 1, False), (WORTH_IT, True)])
def test_without_a_daemon_few_messages_are_read_here(config: Config, number: int, there: bool) -> None:
    with Reader(config, stays=False).reading(number, lambda: OURS):
        assert (child_of(os.getpid()) is not None) == there
    assert child_of(os.getpid()) is None


def test_where_no_process_can_be_started_all_is_read_here(
    config: Config, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with Reader(config, stays=True).reading(2, lambda: OURS) as read:
        assert [seen for _, _, seen in read(MAILS[:2], never)] == [None, None]
    assert "no process could be started" in caplog.text


def test_one_that_cannot_begin_is_told_of(
    config: Config, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with Reader(config, stays=True).reading(2, lambda: OURS) as read:
        assert [seen for _, _, seen in read(MAILS[:2], never)] == [None, None]
    assert caplog.text.count("reading ahead has ended") == 1


def test_a_template_that_was_spoilt_since_the_start_keeps_nobody_from_reading(
    config: Config, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    spoilt = tmp_path / "letters" / "en"
    spoilt.mkdir(parents=True)
    (spoilt / "accepted.md").write_text("Subject: {% if %}", encoding="utf-8")
    reader = Reader(replace(config, replies=replace(config.replies, templates=spoilt.parent)), stays=True)
    with reader.reading(2, lambda: OURS) as read:
        assert [seen for _, _, seen in read(MAILS[:2], never)] == [None, None]
    told = capfd.readouterr().err
    assert "what our own letters say cannot be worked out" in told and "Traceback" not in told
    with reader.reading(2, lambda: OURS) as read:
        assert all(seen is not None for _, _, seen in read(MAILS[:2], never))
    reader.close()


def test_it_ends_with_whoever_asks(config: Config) -> None:
    with Ahead(config, OURS, patient=True) as ahead:
        assert next(ahead.read(MAILS[:1]))[2] is not None
        assert child_of(os.getpid()) is not None
    assert child_of(os.getpid()) is None
    until(lambda: "rsvpbot-ahead" not in [thread.name for thread in threading.enumerate()], 60)


def test_control_c_does_not_reach_it(config: Config) -> None:
    with Ahead(config, OURS, patient=True) as ahead:
        # The terminal tells every process of the group in front of it: from the first moment on this is none of them.
        assert os.getpgid(ahead._process.pid) != os.getpgid(0)
        assert next(ahead.read(MAILS[:1]))[2] is not None


@pytest.mark.parametrize("asked", ["nothing", "half", "no reader", "half a message"])
def test_it_ends_quietly_where_whoever_asks_has_ended(config: Config, asked: str) -> None:
    begun = pickle.dumps((config, OURS))
    process = subprocess.Popen(
        [sys.executable, "-m", "rsvpbot.ahead"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(EXAMPLE.parent)},
    )
    assert process.stdin and process.stdout and process.stderr
    if asked == "no reader":
        process.stdout.close()
    said = {
        "nothing": b"",
        "half": begun[:-20],
        "no reader": begun,
        "half a message": begun + pickle.dumps(MAILS[0])[:-9],
    }
    with process.stdin, suppress(BrokenPipeError):
        process.stdin.write(said[asked])
    with process.stderr:
        assert process.stderr.read() == b""
    assert process.wait(60) == 0
    process.stdout.close()


def test_a_poll_whose_reader_is_killed_ends_as_any_other(dovecot: Dovecot, smtp_sink: SmtpSink, tmp_path: Path) -> None:
    assert TOTAL >= WORTH_IT
    (tmp_path / "calm").mkdir()
    calm = undisturbed(dovecot, smtp_sink, tmp_path / "calm")
    folder = tmp_path / "killed"
    folder.mkdir()
    user = dovecot.new_user()
    smtp_sink.reset()
    fill(dovecot, user, two_hundred())
    reached, go = threading.Event(), threading.Event()

    def held(data: bytes) -> bytes:
        """The first of what is recorded waits to be filed: the poll is in the middle for as long as that."""
        if b" MOVE " in data and not reached.is_set():
            reached.set()
            go.wait(50)
        return data

    with Proxy(dovecot.imap_port, from_client=held) as proxy:
        port = {f"port = {dovecot.imap_port}\n": f"port = {proxy.port}\n"}
        config = write_config(folder, dovecot, user, smtp_sink, invitees(), **port)
        process = start_poll(config)
        assert reached.wait(300)
        child = child_of(process.pid)
        assert child is not None
        os.kill(child, signal.SIGKILL)
        go.set()
        _, told = process.communicate(timeout=300)
    assert process.returncode == 0
    assert told.count("reading ahead has ended") == 1
    found = outcome(dovecot, user, smtp_sink, config)
    assert (found.inbox, found.folders, found.recorded) == (0, calm.outcome.folders, calm.outcome.recorded)
    assert found.sent_twice == [] and found.unsent == {}
