"""The command line: each command as a user types it, in a process of its own."""

from __future__ import annotations

import importlib
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from rsvpbot import cli, logs
from rsvpbot.config import Problem, load
from tests.servers import free_port

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs rsvpbot in the test's folder, without the configuration of whoever tests."""

    def command(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "rsvpbot", *words],
            cwd=tmp_path,
            env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path / "none"), "COLUMNS": "200", **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return command


@pytest.fixture
def house(tmp_path: Path, run: Run) -> Path:
    """A folder that init has filled, with a password."""
    assert run("init", "house").returncode == 0
    password = tmp_path / "house" / "imap-password"
    password.touch(mode=0o600)
    password.write_text("open sesame")
    return tmp_path / "house"


def test_help_names_every_command(run: Run) -> None:
    done = run("--help")
    assert done.returncode == 0
    for name in cli.rsvpbot.commands:
        assert f"\n  {name} " in done.stdout


def test_help_imports_nothing_heavy() -> None:
    heavy = {
        "apscheduler", "babel", "css_inline", "icalendar", "imapclient", "jinja2", "mailparser", "markdown_it", "rich",
        "tinydb",
    }  # fmt: skip
    script = "import sys; from rsvpbot.cli import invoke; invoke(['--help']); print('LOADED', *sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.rpartition("LOADED")[2].split()}
    assert "click" in loaded
    assert not heavy & loaded


def test_version(run: Run) -> None:
    assert run("--version").stdout.startswith("rsvpbot 0.")


@pytest.mark.parametrize("words", [("polll",), ("poll", "--fast"), ("read",), ("init",)])
def test_wrong_use_is_2(run: Run, words: tuple[str, ...]) -> None:
    done = run(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Error:" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [("init", ""), ("demo", ""), ("status", "--config", ""), ("backup", "")])
def test_an_empty_name_stands_for_no_folder(run: Run, tmp_path: Path, words: tuple[str, ...]) -> None:
    done = run(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "the name is empty" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_all_and_since_contradict_each_other(run: Run, house: Path) -> None:
    done = run("--config", str(house), "poll", "--all", "--since", "2016-09-01")
    assert done.returncode == 2
    assert "contradict" in done.stderr


# --------------------------------------------------------------------------- init


def test_init_writes_what_loads(house: Path) -> None:
    config = load(house / "config.toml")
    assert config.replies.mode == "draft"
    assert config.replies.templates == house / "templates"
    assert config.invitees.file == house / "invitees.csv"
    assert (house / "templates" / "en" / "accepted.md").is_file()
    assert not (house / "templates" / "config.example.toml").exists()


def test_init_says_what_comes_next(run: Run) -> None:
    done = run("init", "here")
    assert "rsvpbot check --config here/config.toml" in done.stdout


@pytest.mark.parametrize("there", ["config.toml", "invitees.csv", "templates/en/accepted.md"])
def test_init_overwrites_nothing(run: Run, tmp_path: Path, there: str) -> None:
    file = tmp_path / "house" / there
    file.parent.mkdir(parents=True)
    file.write_text("mine")
    done = run("init", "house")
    assert done.returncode == 2
    assert there.partition("/")[0] in done.stderr
    assert file.read_text() == "mine"
    assert [path for path in (tmp_path / "house").rglob("*") if path.is_file()] == [file]


def test_what_init_makes_only_its_owner_may_enter(run: Run, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir(mode=0o755)
    before = os.umask(0o022)
    try:
        for folder in ("new/one", "there"):
            assert run("init", folder).returncode == 0
    finally:
        os.umask(before)
    modes = {
        name: stat.S_IMODE((tmp_path / name).stat().st_mode)
        for name in ("new", "new/one", "new/one/invitees.csv", "there", "there/invitees.csv")
    }
    assert modes == {
        "new": 0o755, "new/one": 0o700, "new/one/invitees.csv": 0o600, "there": 0o755, "there/invitees.csv": 0o600,
    }  # fmt: skip


@pytest.mark.parametrize("folder", ["/proc/house", "/dev/null/house", "/proc/no/house"])
def test_init_says_where_it_cannot_write(run: Run, folder: str) -> None:
    done = run("init", folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"/\S+ cannot be written \([A-Z][a-z ]+\); [a-z ,]+\n", done.stderr), done.stderr


def test_init_on_a_full_disk_leaves_nothing(run: Run, small_disk: Path) -> None:
    (small_disk / "ballast").write_bytes(bytes(200_000))
    for folder in (small_disk / "house", small_disk):
        done = run("init", str(folder))
        assert done.returncode == 1
        assert "cannot be written (No space left on device); make room" in done.stderr
        assert [path.name for path in small_disk.iterdir()] == ["ballast"]


# --------------------------------------------------------------------------- where the configuration comes from


def test_no_configuration_is_2(run: Run) -> None:
    if Path("/etc/rsvpbot/config.toml").exists():
        pytest.skip("this machine has a configuration for the system")
    done = run("status")
    assert done.returncode == 2
    assert "rsvpbot init DIR" in done.stderr


@pytest.mark.parametrize("words", [("--config", "{}", "status"), ("status", "--config", "{}")])
def test_config_stands_before_or_after_the_command(run: Run, house: Path, words: tuple[str, ...]) -> None:
    (house / "config.toml").write_text("[evnt]\n")
    done = run(*(word.format(house / "config.toml") for word in words))
    assert done.returncode == 2
    assert "evnt: there is no such section\n      did you mean [event]?" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_later_config_counts(run: Run, house: Path) -> None:
    done = run("--config", "nowhere.toml", "status", "--config", "other.toml")
    assert "other.toml: 1 mistake\n  file: does not exist" in done.stderr


@pytest.mark.parametrize("words", [("--now", "{}", "status"), ("status", "--now", "{}")])
def test_now_must_be_a_moment(run: Run, words: tuple[str, ...]) -> None:
    done = run(*(word.format("yesterday") for word in words))
    assert done.returncode == 2
    assert "write it as 2016-09-12" in done.stderr


@pytest.mark.parametrize("moment", ["9999-12-31T23:59", "0001-01-01", "2201-01-01T00:00+00:00"])
def test_a_moment_far_from_any_event_is_2(run: Run, house: Path, moment: str) -> None:
    for words in (("status", "--now", moment), ("poll", "--since", moment)):
        done = run(*words, "--config", str(house))
        assert done.returncode == 2
        assert "is no possible year; write one between 1970 and 2200" in done.stderr


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59", "0001-01-01T00:00:00"])
def test_a_year_far_from_any_event_is_named_with_its_key(run: Run, house: Path, moment: str) -> None:
    path = house / "config.toml"
    text = re.sub(r"(?m)^(starts|ends|send_at) = .*$", rf"\1 = {moment}", path.read_text())
    path.write_text(f'{text}\n[[reminders]]\nto = "silent"\nat = {moment}\nletter = "reminder"\n')
    for command in ("check", "poll"):
        done = run(command, "--config", str(path))
        assert done.returncode == 2
        for key in ("event.starts", "event.ends", "documents[1].send_at", "reminders[1].at"):
            assert f"{key}: {moment[:4]} is no possible year" in done.stdout + done.stderr


# --------------------------------------------------------------------------- what goes wrong


@pytest.fixture
def unserved(house: Path) -> Path:
    """A house whose servers are on this machine, where nothing listens."""
    path = house / "config.toml"
    text = path.read_text()
    for name in ("imap", "smtp"):
        server = f'host = "127.0.0.1"\nport = {free_port()}\nsecurity = "none"'
        text = text.replace(f'host = "{name}.roundtable.example"', server)
    path.write_text(text)
    return house


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("poll", "--all"), "nothing listens there"),
        (("check", "--now", "2016-09-12T09:00"), "nothing listens there"),
        (("summary", "--send"), "nothing listens there"),
    ],
)
def test_servers_out_of_reach_are_1(run: Run, unserved: Path, words: tuple[str, ...], told: str) -> None:
    done = run(*words, "--config", str(unserved))
    assert done.returncode == 1
    assert told in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["check", "poll", "run", "status", "guests", "summary"])
def test_a_wrong_configuration_is_2(run: Run, unserved: Path, command: str) -> None:
    path = unserved / "config.toml"
    path.write_text(path.read_text().replace("ends = 2016-09-20", "ends = 2016-09-19"))
    done = run(command, "--config", str(path))
    assert done.returncode == 2
    assert "event.ends" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", sorted(cli._STATUS))
def test_every_error_that_is_told_exists(name: str) -> None:
    module, _, error = name.rpartition(".")
    assert issubclass(getattr(importlib.import_module(module), error), Exception)


def raising(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make `rsvpbot status` fail so."""

    def fail() -> None:
        raise error

    monkeypatch.setitem(cli.rsvpbot.commands, "status", click.Command("status", callback=fail))


def test_an_unknown_error_is_told_in_one_line_without_its_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("RSVPBOT_DEBUG", raising=False)
    raising(ValueError("amb.keller@mission-aa.example"), monkeypatch)
    assert cli.invoke(["status"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("rsvpbot failed: ValueError in cli.py:")
    assert told.count("\n") == 1
    assert "keller" not in told


def test_the_traceback_is_there_for_who_asks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RSVPBOT_DEBUG", "1")
    raising(ValueError("secret"), monkeypatch)
    assert cli.invoke(["status"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_an_error_of_the_system_names_the_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raising(PermissionError(13, "Permission denied", "out.html"), monkeypatch)
    assert cli.invoke(["status"]) == 1
    assert "Permission denied: out.html" in capsys.readouterr().err


def test_an_interrupt_is_no_crash(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(cli.rsvpbot.commands, "status", click.Command("status", callback=interrupted))
    assert cli.invoke(["status"]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_mistakes_are_told_by_file(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from rsvpbot.config import ConfigError

    problems = (Problem("a.toml", "event.uid", "is missing", "write it"), Problem("b.csv", "line 2", "bad", "good"))
    raising(ConfigError(problems), monkeypatch)
    assert cli.invoke(["status"]) == 2
    assert capsys.readouterr().err == (
        "a.toml: 1 mistake\n  event.uid: is missing\n      write it\nb.csv: 1 mistake\n  line 2: bad\n      good\n"
    )


# --------------------------------------------------------------------------- the log


@pytest.mark.parametrize(
    ("journal", "line"), [(True, "<3>uid=1 failed ValueError in"), (False, "ERROR   uid=1 failed ValueError in")]
)
def test_the_log_is_one_line_an_event(journal: bool, line: str) -> None:
    import logging

    try:
        load(Path("amb.keller@mission-aa.example"))
    except Exception:
        error = sys.exc_info()
    record = logging.LogRecord("rsvpbot", logging.ERROR, "x.py", 1, "uid=%d\nfailed", (1,), error)
    told = logs.OneLine(journal).format(record)
    assert "\n" not in told
    assert "keller" not in told
    assert line.replace("ValueError", "ConfigError") in told
