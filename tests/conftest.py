"""Real servers for every test that wants one (tests/servers.py); where a program is absent, tests skip and say so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers import Authority, Dovecot, Postfix, Pymap, SmtpSink


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


@pytest.fixture(autouse=True)
def _emptied(request: pytest.FixtureRequest) -> None:
    """The sinks live for the session; no test sees what another one sent."""
    for name in ("smtp_sink", "outside"):
        if name in request.fixturenames:
            request.getfixturevalue(name).reset()
