"""The file for Prometheus: its format, its figures, and that it is in place after each round and never in the way."""

from __future__ import annotations

import logging
import os
import re
import stat
import subprocess
import threading
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from rsvpbot.config import Config, load
from rsvpbot.metrics import Family, Gauges, MetricsFile, _written, count, render
from rsvpbot.model import Folder, LetterState, PartStat
from tests.corpus_mailbox import EXAMPLE, command, write_config
from tests.servers import Dovecot, Proxy, SmtpSink, until
from tests.steer_house import House, steered

NOW = datetime(2016, 9, 12, 13, 0, tzinfo=UTC)

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(,|$)')


def parsed(text: str) -> Samples:
    """A strict reader of the text format 0.0.4: HELP and TYPE before the samples of a metric, all of it together, no
    sample twice, every escape known."""
    assert text.endswith("\n") and "\r" not in text
    found: Samples = {}
    current, seen = "", set()
    lines = iter(text.removesuffix("\n").split("\n"))
    for line in lines:
        if line.startswith("#"):
            told = re.fullmatch(rf"# HELP ({NAME}) ((?:[^\\]|\\\\|\\n)+)", line)
            assert told, line
            current = told[1]
            assert current not in seen, "a metric's lines stand together"
            seen.add(current)
            kind = re.fullmatch(rf"# TYPE {re.escape(current)} (counter|gauge)", next(lines))
            assert kind, line
            assert (kind[1] == "counter") == current.endswith("_total")
            continue
        sample = re.fullmatch(rf"({NAME})(?:\{{(.*)\}})? (\S+)", line)
        assert sample and sample[1] == current, line
        labels, rest = [], sample[2] or ""
        while rest:
            label = LABEL.match(rest)
            assert label, line
            value = re.sub(r"\\(.)", lambda escape: {"n": "\n"}.get(escape[1], escape[1]), label[2])
            labels.append((label[1], value))
            rest = rest[label.end() :]
        key = (current, tuple(sorted(labels)))
        assert key not in found, line
        found[key] = float(sample[3])
    assert seen == {name for name, _ in found}
    return found


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[f"rsvpbot_{name}", tuple(sorted(labels.items()))]


GAUGES = Gauges(
    version="0.1.0",
    messages=dict.fromkeys(Folder, 3),
    retried=1,
    left_alone=0,
    letters=dict.fromkeys(LetterState, 2),
    put_off=1,
    reviews=4,
    invitees=dict.fromkeys(PartStat, 5),
    expected=9,
    capacity=None,
)


def test_the_format_is_prometheus_own() -> None:
    samples = parsed(render(GAUGES))
    assert value(samples, "build_info", version="0.1.0") == 1
    assert (
        value(samples, "messages_seen")
        == 13
        == sum(value(samples, "messages_total", folder=f.lower()) for f in Folder) + 1
    )
    assert value(samples, "letters", state="doubtful") == 2
    assert value(samples, "invitees", partstat="needs-action") == 5
    assert value(samples, "mailbox_last_good_poll_timestamp_seconds") == 0
    assert ("rsvpbot_people_capacity", ()) not in samples
    full = replace(GAUGES, capacity=120, last_good_poll=NOW.replace(microsecond=500_000), mailbox_up=True)
    samples = parsed(render(full))
    assert value(samples, "people_capacity") == 120
    assert value(samples, "mailbox_last_good_poll_timestamp_seconds") == NOW.timestamp() + 0.5
    assert (value(samples, "mailbox_up"), value(samples, "smtp_up")) == (1, 1)


def test_the_instructions_name_every_metric_and_no_other() -> None:
    running = (EXAMPLE.parent / "docs" / "running.md").read_text(encoding="utf-8")
    known = {name for name, _ in parsed(render(replace(GAUGES, capacity=1)))}
    assert set(re.findall(r"\brsvpbot_\w+", running)) == known


@pytest.mark.parametrize("text", ['a"b', "a\\b", "a\nb", 'a",c="d', "a\\n", "三}{"])
def test_a_value_never_becomes_syntax(text: str) -> None:
    samples = parsed(_written(Family("rsvpbot_x", "gauge", f"What {text} is.", (({"of": text}, 1.5),))))
    assert samples == {("rsvpbot_x", (("of", text),)): 1.5}


@pytest.fixture
def house(tmp_path: Path):  # type: ignore[no-untyped-def]
    with steered(tmp_path) as opened:
        yield opened


def with_file(house: House, path: Path) -> Config:
    return replace(house.config, service=replace(house.config.service, metrics_file=path))


def written(house: House, path: Path) -> MetricsFile:
    made = MetricsFile(house.store, with_file(house, path))
    made.write(NOW, mailbox_up=True, smtp_up=True)
    return made


def test_it_counts_what_the_store_holds(house: House) -> None:
    house.comes("I will come with Eve Adams.")
    house.comes("I cannot come. Who will speak?", "Bob Babbage <bob@babbage.example>")
    gauges = count(house.store, house.config)
    assert (gauges.invitees[PartStat.ACCEPTED], gauges.invitees[PartStat.DECLINED], gauges.expected) == (1, 1, 2)
    assert (gauges.messages[Folder.RECORDED], gauges.messages[Folder.REVIEW], gauges.reviews) == (1, 1, 1)
    assert gauges.letters[LetterState.QUEUED] >= 2 and set(gauges.letters) == set(LetterState)
    text = render(gauges)
    assert not re.search("lovelace|babbage|adams|speak", text, re.IGNORECASE)


def test_whoever_collects_may_read_it_whatever_the_umask(house: House, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        written(house, tmp_path / "rsvpbot.prom")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "rsvpbot.prom").stat().st_mode) == 0o644
    assert [path.name for path in tmp_path.glob("*rsvpbot.prom*")] == ["rsvpbot.prom"], "no half-written one is left"


def test_it_is_whole_at_every_moment(house: House, tmp_path: Path) -> None:
    path, stop, broken = tmp_path / "rsvpbot.prom", threading.Event(), []
    made = written(house, path)

    def read() -> None:
        while not stop.is_set():
            try:
                parsed(path.read_text(encoding="utf-8"))
            except (AssertionError, OSError) as error:
                broken.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for second in range(500):
        made.write(NOW.replace(microsecond=second), mailbox_up=bool(second % 2), smtp_up=True)
    stop.set()
    reader.join()
    assert broken == []


def test_nothing_new_is_neither_counted_nor_written(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rsvpbot.prom"
    made = written(house, path)
    first = path.stat().st_ino
    monkeypatch.setattr(house.store, "invitees", lambda: pytest.fail("counted without need"))
    made.write(NOW, mailbox_up=True, smtp_up=True)
    assert path.stat().st_ino == first
    made.write(NOW, mailbox_up=False, smtp_up=True)
    assert path.stat().st_ino != first
    assert value(parsed(path.read_text(encoding="utf-8")), "mailbox_up") == 0


def test_a_file_that_cannot_be_written_is_told_once(
    house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "gone"
    made = written(house, folder / "rsvpbot.prom")
    made.write(NOW, mailbox_up=False, smtp_up=True)
    assert [(r.levelno, r.getMessage()) for r in caplog.records] == [
        (logging.WARNING, "the metrics file cannot be written: No such file or directory")
    ]
    folder.mkdir()
    made.write(NOW, mailbox_up=False, smtp_up=True)
    assert (folder / "rsvpbot.prom").is_file()
    (folder / "rsvpbot.prom").unlink()
    folder.rmdir()
    made.write(NOW, mailbox_up=True, smtp_up=True)
    assert len(caplog.records) == 2, "it had been written meanwhile"


def test_a_link_in_the_way_is_not_followed(house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    victim = tmp_path / "victim"
    victim.write_text("untouched", encoding="utf-8")
    (tmp_path / ".rsvpbot.prom.new").symlink_to(victim)
    written(house, tmp_path / "rsvpbot.prom")
    assert victim.read_text(encoding="utf-8") == "untouched"
    assert "cannot be written" in caplog.text


def test_without_a_file_nothing_is_done(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house.store, "mark", lambda: pytest.fail("looked without need"))
    MetricsFile(house.store, house.config).write(NOW, mailbox_up=True, smtp_up=True)


# ------------------------------------------------------------------ the service


def test_the_service_writes_it_after_each_poll_and_each_sending(
    tmp_path: Path, dovecot: Dovecot, smtp_sink: SmtpSink
) -> None:
    user = dovecot.new_user("metrics")
    changes = {
        '# metrics_file = "rsvpbot.prom"\n': 'metrics_file = "rsvpbot.prom"\n',
        '# poll_every = "1m"': 'poll_every = "1s"',
    }
    config = write_config(
        tmp_path, dovecot, user, smtp_sink, "email,name\nada@lovelace.example,Ada Lovelace\n", **changes
    )
    with Proxy(dovecot.imap_port) as proxy:
        text = config.read_text(encoding="utf-8").replace(f"port = {dovecot.imap_port}", f"port = {proxy.port}")
        config.write_text(text, encoding="utf-8")
        environment = {**os.environ, "PYTHONPATH": str(EXAMPLE.parent)}
        process = subprocess.Popen(
            command(config, "run"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment
        )
        try:
            path = load(config).service.metrics_file
            assert path is not None

            def now() -> Samples:
                assert path is not None
                return parsed(path.read_text(encoding="utf-8"))

            until(lambda: path.is_file() and value(now(), "mailbox_up"), 30)
            first = now()
            assert (
                value(first, "mailbox_last_good_poll_timestamp_seconds") > datetime(2016, 9, 12, tzinfo=UTC).timestamp()
            )
            assert value(first, "invitees", partstat="needs-action") == 1
            assert value(first, "people_capacity") == 120
            raw = EmailMessage()
            raw["From"], raw["To"], raw["Subject"] = "ada@lovelace.example", user.address, "Re: Invitation"
            raw.set_content("Yes, I will attend.")
            dovecot.deliver(user, raw.as_bytes())
            until(lambda: value(now(), "messages_total", folder="recorded") == 1, 30)
            until(lambda: value(now(), "letters", state="queued") == 0 < value(now(), "letters", state="sent"), 30)
            told = now()
            assert value(told, "invitees", partstat="accepted") == 1 == value(told, "people_expected")
            assert value(told, "reviews_open") == 0
            good = value(told, "mailbox_last_good_poll_timestamp_seconds")
            assert good > value(first, "mailbox_last_good_poll_timestamp_seconds")

            proxy.hold()
            proxy.cut()
            proxy.from_server = lambda data: None
            proxy.release()
            until(lambda: value(now(), "mailbox_up") == 0, 30)
            failing = now()
            assert value(failing, "mailbox_last_good_poll_timestamp_seconds") >= good
            proxy.from_server = lambda data: data
            until(lambda: value(now(), "mailbox_up") == 1, 30)
            assert "lovelace" not in path.read_text(encoding="utf-8")
        finally:
            process.terminate()
            _, error = process.communicate(timeout=40)
    assert process.returncode == 0, error
