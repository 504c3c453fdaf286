"""The systemd unit fits the code, is hardened, and the code runs within its walls."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import textwrap
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from rsvpbot import cli, service
from rsvpbot.config import CREDENTIAL_NAMES
from rsvpbot.floods import MOST_AN_HOUR
from rsvpbot.mail.tokens import Tokens, load_keys
from rsvpbot.store import open_store
from tests.steer_house import ADA, steered

ROOT = Path(__file__).parent.parent
UNIT = ROOT / "deploy" / "rsvpbot.service"
RUNNING = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")


def settings(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found[name].append(value)
    return found


KEYS = settings(UNIT.read_text(encoding="utf-8"))


def seconds(span: str) -> int:
    found = re.fullmatch(r"(\d+)(min)?", span)
    assert found
    return int(found[1]) * (60 if found[2] else 1)


def test_the_unit_fits_the_service() -> None:
    (start,) = KEYS["ExecStart"]
    program, command, *options = start.split()
    assert program.endswith("/bin/rsvpbot") and command in cli.rsvpbot.commands
    known = {flag for parameter in cli.rsvpbot.commands[command].params for flag in parameter.opts}
    assert {option for option in options if option.startswith("--")} <= known
    assert KEYS["Type"] == ["notify"] and KEYS["NotifyAccess"] == ["main"]
    assert seconds(KEYS["TimeoutStopSec"][0]) == 30 > service.GRACE
    assert seconds(KEYS["WatchdogSec"][0]) >= 600
    assert KEYS["Restart"] == ["on-failure"]
    assert KEYS["RestartPreventExitStatus"] == ["2"], "the exit status of a wrong configuration"
    assert (KEYS["StateDirectory"], KEYS["StateDirectoryMode"], KEYS["UMask"]) == (["rsvpbot"], ["0700"], ["0077"])


def test_passwords_come_as_credentials_by_the_names_that_the_code_knows() -> None:
    offered = re.findall(r"^(?:# )?LoadCredential=(\w+):", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(offered) == sorted(CREDENTIAL_NAMES.values())
    assert "Environment" not in KEYS and "password" not in KEYS["ExecStart"][0]


def test_the_instructions_name_the_paths_of_the_unit() -> None:
    for path in (
        "/opt/rsvpbot/bin/rsvpbot",
        "/etc/rsvpbot/config.toml",
        "/var/lib/rsvpbot",
        "/etc/rsvpbot/imap-password",
    ):
        assert path in UNIT.read_text(encoding="utf-8")
        assert path in RUNNING
    assert "deploy/rsvpbot.service" in RUNNING
    install = RUNNING[RUNNING.index("## Install, in five steps") :].split("\n## ")[0]
    assert len(re.findall(r"^\d\. ", install, re.MULTILINE)) == 5


def test_commands_in_the_service_s_place_keep_its_state_folder_closed() -> None:
    """systemd gives a state folder the mode of whatever last started with it: 0755, where none is said."""
    pages = "\n".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs").glob("*.md"))
    commands = re.findall(r"^ *sudo systemd-run (?:.*\\\n)*.*$", pages, re.MULTILINE)
    assert len(commands) >= 3
    for command in commands:
        said = dict(re.findall(r"-p (\w+)=(\S+)", command))
        for name in ("StateDirectory", "StateDirectoryMode", "UMask"):
            assert [said[name]] == KEYS[name], command


def test_a_state_folder_that_was_moved_goes_on(tmp_path: Path) -> None:
    """As docs/running.md says to move it: whole, with the key, while nothing runs."""
    with steered(tmp_path / "old") as house:
        done = house.comes("Yes, I will attend.")
        token = Tokens(load_keys(house.config.state_folder), house.config.event.uid).token(ADA.id)
    shutil.copytree(house.config.state_folder, tmp_path / "new")
    with open_store(f"tinydb:{tmp_path / 'new' / 'rsvp.json'}", tmp_path) as store:
        assert store.done_digest(done.digest) == done
        assert store.lock_daemon()
        ada = store.invitee(ADA.id)
        assert ada is not None and ada.answer is not None
    assert Tokens(load_keys(tmp_path / "new"), house.config.event.uid).invitee_id(token) == ADA.id


def test_the_instructions_explain_every_alarm_of_the_summary() -> None:
    words = tomllib.loads((ROOT / "rsvpbot" / "organisers" / "words" / "en.toml").read_text(encoding="utf-8"))
    source = (ROOT / "rsvpbot" / "organisers" / "wording.py").read_text(encoding="utf-8")
    keys = re.findall(r'yield say\("(\w+)"', source[source.index("def _alarms") : source.index("def _headline")])
    assert len(keys) >= 7
    for key in keys:
        told = words[key] if isinstance(words[key], str) else words[key]["other"]
        told = told.replace("{who}", "somebody").replace("{most}", str(MOST_AN_HOUR))
        # What stands between the figures, up to the first stop.
        named = re.split(r"[;.?(]|\{since\}| yet| and lie", told)[0].lower()
        assert re.sub(r"\{n\} ?", "", named).strip() in RUNNING.lower(), key


def test_the_instructions_explain_every_warning_and_error_of_the_log() -> None:
    """Whoever adds one says in docs/running.md what to do about it."""
    table = RUNNING[RUNNING.index("| the journal says |") :].split("\n\n")[0].lower()
    rows = [_words(row.split("|")[1]) for row in table.splitlines()]
    missing = [line for line in _told_loudly() if not any(_words(line) <= row for row in rows)]
    assert len(list(_told_loudly())) >= 20
    assert missing == [], "docs/running.md, the table of what the journal says, lacks these"


def _told_loudly() -> Iterator[str]:
    """The wording of each record above INFO, without its values."""
    for path in sorted((ROOT / "rsvpbot").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            loud = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            if loud and node.func.attr in ("warning", "error", "exception", "critical"):  # type: ignore[attr-defined]
                words = node.args[0] if node.args else None  # type: ignore[attr-defined]
                if isinstance(words, ast.Constant) and isinstance(words.value, str):
                    yield re.sub(r"\w*=?%[sd]|;.*", " ", words.value).lower()


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text)) - {"id", "uid", "attempt", "error"}


def analyze() -> str:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd is not installed: the unit's exposure is not measured")
    return program


def test_the_unit_is_hardened() -> None:
    """Exposed to at most 1.2 of 10."""
    command = [analyze(), "security", "--offline=true", "--no-pager", "--threshold=12", str(UNIT)]
    measured = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert measured.returncode == 0, measured.stdout[-2000:] + measured.stderr
    assert "Overall exposure level" in measured.stdout


def test_the_unit_has_no_mistakes(tmp_path: Path) -> None:
    """With a program that exists on this machine; systemd says nothing about a unit that is right."""
    unit = tmp_path / "rsvpbot.service"
    text = UNIT.read_text(encoding="utf-8").replace("/opt/rsvpbot/bin/rsvpbot", "/bin/sh")
    unit.write_text(text, encoding="utf-8")
    checked = subprocess.run([analyze(), "verify", str(unit)], capture_output=True, text=True, timeout=60, check=False)
    assert "rsvpbot.service" not in checked.stderr, checked.stderr
    unit.write_text(text.replace("ProtectClock=yes", "ProtectCluck=yes"), encoding="utf-8")
    wrong = subprocess.run([analyze(), "verify", str(unit)], capture_output=True, text=True, timeout=60, check=False)
    assert "ProtectCluck" in wrong.stderr, "it does look"


NO_NEW_CODE = textwrap.dedent(
    """
    import ctypes, sys
    PR_SET_MDWE, REFUSE_EXEC_GAIN = 65, 1
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_MDWE, REFUSE_EXEC_GAIN, 0, 0, 0):
        print("not offered by this kernel")
        sys.exit(0)
    import mmap
    try:
        mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC)
    except OSError:
        pass
    else:
        sys.exit("the wall does not hold")
    import ssl, threading
    from pathlib import Path
    import apscheduler.schedulers.background, icalendar, imapclient, mailparser, rich.console
    from datetime import datetime, UTC
    from rsvpbot.config import load
    from rsvpbot.organisers.summary import figures, render
    from rsvpbot.store.tinydb import TinyStore
    ssl.create_default_context()
    config = load(Path(sys.argv[1]), frozenset({"event"}))
    def work():
        with TinyStore(Path(sys.argv[2])) as store:
            print(len(render(figures(store, config, datetime.now(UTC)), config).html))
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    """
)


def test_it_runs_where_no_memory_can_become_code(tmp_path: Path) -> None:
    """MemoryDenyWriteExecute=, by the kernel's own PR_SET_MDWE (Linux 6.3)."""
    arguments = [str(ROOT / "config.example.toml"), str(tmp_path / "rsvp.json")]
    done = subprocess.run(
        [sys.executable, "-c", NO_NEW_CODE, *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    if "not offered" in done.stdout:
        pytest.skip("this kernel has no PR_SET_MDWE: MemoryDenyWriteExecute= is not tried")
    assert int(done.stdout) > 1000
