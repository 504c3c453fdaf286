"""Real servers for every test that wants one (tests/servers.py); where a program is absent, tests skip and say so."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import Authority, Dovecot, Postfix, Pymap, SmtpSink


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs the real mail servers, for `-m "not servers"`."""
    for item in items:
        if not {"dovecot", "postfix"}.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker("servers")


@pytest.fixture(scope="session")
def authority() -> Iterator[Authority]:
    with Authority() as authority:
        yield authority


@pytest.fixture(scope="session")
def dovecot(authority: Authority) -> Iterator[Dovecot]:
    """One Dovecot for the whole session; take a mailbox of your own with `dovecot.new_user()`."""
    if reason := Dovecot.missing():
        pytest.skip(f"{reason}: tests on a real IMAP server are left out")
    with Dovecot(authority) as server:
        yield server


@pytest.fixture(scope="session")
def outside() -> Iterator[SmtpSink]:
    """Where the session's Postfix sends what is not for @roundtable.example."""
    with SmtpSink() as sink:
        yield sink


@pytest.fixture(scope="session")
def postfix(authority: Authority, dovecot: Dovecot, outside: SmtpSink) -> Iterator[Postfix]:
    """One Postfix before `dovecot`, with `outside` behind it."""
    if reason := Postfix.missing():
        pytest.skip(f"{reason}: tests on a real SMTP server are left out")
    with Postfix(authority, dovecot, outside) as server:
        yield server


@pytest.fixture(scope="session")
def smtp_sink() -> Iterator[SmtpSink]:
    """A plain SMTP server that keeps what it gets; emptied before each test."""
    with SmtpSink() as sink:
        yield sink


@pytest.fixture(scope="session")
def pymap_server() -> Iterator[Pymap]:
    with Pymap() as server:
        yield server


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)], check=False, capture_output=True
        ).returncode
    )
    if not mounted:
        pytest.skip("no tmpfs can be mounted here: a disk that is really full is left out (RLIMIT_FSIZE is tested)")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture(autouse=True)
def _emptied(request: pytest.FixtureRequest) -> None:
    """The sinks live for the session; no test sees what another one sent."""
    for name in ("smtp_sink", "outside"):
        if name in request.fixturenames:
            request.getfixturevalue(name).reset()
