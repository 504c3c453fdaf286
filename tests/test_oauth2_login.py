"""`rsvpbot login`, and the service after it: expiry, rotation, a login that was taken back, by the whole road.

Dovecot checks each token as a JWT, Postfix asks Dovecot, and both come from an authorisation server on loopback.
"""

from __future__ import annotations

import json
import os
import re
import socket
import stat
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rsvpbot import scaffold
from rsvpbot.config import ALL, ConfigError, load
from rsvpbot.mail.login import Wanted, log_in, with_browser, with_device_code
from rsvpbot.mail.oauth2 import Answer
from rsvpbot.mail.secret_files import CredentialError
from tests.authorisation_server import CLIENT, SCOPE, AuthorisationServer, Refusal
from tests.servers import Authority, Dovecot, Postfix, SmtpSink, User, until

LONG = 120
"""Seconds after which a test gives up; none takes as long on a machine that has time."""

# --------------------------------------------------------------------------- with a device code


@pytest.fixture
def server() -> Iterator[AuthorisationServer]:
    with AuthorisationServer() as server:
        yield server


@dataclass(slots=True)
class Person:
    """Reads what is said, waits without losing time, and does something when the program waits for the n-th time."""

    server: AuthorisationServer
    then: dict[int, Callable[[str], None]]
    at: float = 0.0
    said: str = ""
    waits: tuple[float, ...] = ()

    def hear(self, words: str) -> None:
        self.said += words + "\n"

    def wait(self, seconds: float) -> None:
        self.waits += (seconds,)
        self.at += seconds
        act = self.then.get(len(self.waits))
        if act is not None:
            act(self.user_code)

    @property
    def user_code(self) -> str:
        found = re.search(r"enter the code (\S+) and log in as rsvp@roundtable\.example\.", self.said)
        assert found is not None
        return found[1]

    def log_in(self) -> Answer:
        return with_device_code(self.server.settings("device-code"), self.hear, self.wait, lambda: self.at)


def test_a_code_is_shown_and_asked_about_until_it_was_entered(server: AuthorisationServer) -> None:
    server.device_fields["interval"] = 7
    person = Person(server, {3: server.approve})
    answer = person.log_in()
    assert answer.text("access_token") == "token 2"
    assert answer.text("refresh_token") in server.refresh_tokens
    assert f"Open {server.url('activate')} on any device" in person.said
    assert person.waits == (7.0, 7.0, 7.0)
    assert server.grants() == ["device_code"] * 3
    assert server.asked[0].keys() == {"grant_type", "client_id", "device_code"}


def test_a_server_that_names_no_interval_is_asked_every_five_seconds(server: AuthorisationServer) -> None:
    server.device_fields |= {"interval": None, "verification_uri": None, "verification_url": "https://google.example/d"}
    person = Person(server, {2: server.approve})
    person.log_in()
    assert person.waits == (5.0, 5.0)
    assert "Open https://google.example/d on any device" in person.said


def test_slow_down_holds_for_all_that_follows(server: AuthorisationServer) -> None:
    server.answers = [Refusal("slow_down"), Refusal("authorization_pending"), Refusal("slow_down")]
    person = Person(server, {4: server.approve})
    person.log_in()
    assert person.waits == (1.0, 6.0, 6.0, 11.0)


def test_a_server_that_is_not_well_is_asked_ever_more_seldom(server: AuthorisationServer) -> None:
    server.answers = [Refusal("server_error", 503), Refusal("server_error", 503)]
    person = Person(server, {3: server.approve})
    person.log_in()
    assert person.waits == (1.0, 2.0, 4.0)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Refusal("access_denied", 403), r"the login was declined \(127.0.0.1: HTTP 403, access_denied\); run this"),
        (Refusal("authorization_declined"), "the login was declined"),
        (
            Refusal("invalid_grant", 400, "AADSTS53003: Access has been blocked."),
            r"not accepted \(.*AADSTS53003\); see",
        ),
        (Refusal("expired_token"), "the code has expired; run this again"),
        (Refusal("invalid_client", 401), r"no access token was given \(127.0.0.1: HTTP 401, invalid_client\); check"),
        (b"<html>", "did not answer as a token service does"),
    ],
)
def test_a_login_that_comes_to_nothing(server: AuthorisationServer, answer: Refusal | bytes, said: str) -> None:
    server.answers = [answer]
    with pytest.raises(CredentialError, match=said):
        Person(server, {}).log_in()


def test_a_person_who_declines_and_one_who_never_comes(server: AuthorisationServer) -> None:
    with pytest.raises(CredentialError, match="the login was declined"):
        Person(server, {2: server.decline}).log_in()
    server.device_fields["expires_in"] = 60
    late = Person(server, {})
    with pytest.raises(CredentialError, match="the code has expired"):
        late.log_in()
    assert sum(late.waits) == 60


@pytest.mark.parametrize(
    "fields",
    [
        {"verification_uri": None},
        {"verification_uri": "http://login.example/device"},
        {"verification_uri": "javascript:alert(1)"},
        {"verification_uri": "https://login.example/\x1b[2J"},
        {"user_code": None},
        {"user_code": "A\nB"},
        {"device_code": None},
        {"expires_in": "soon"},
    ],
)
def test_a_device_endpoint_that_answers_something_else(server: AuthorisationServer, fields: dict[str, Any]) -> None:
    server.device_fields = fields
    person = Person(server, {})
    with pytest.raises(CredentialError, match="did not answer as a"):
        person.log_in()
    assert person.said == ""


# --------------------------------------------------------------------------- with a browser


@dataclass(slots=True)
class Browser:
    """Opens the address that is said, in a thread, and follows where it leads."""

    before: Callable[[str], None] = lambda address: None
    """What happens at the redirect's address before the browser gets there."""
    said: str = ""
    page: str = ""

    def hear(self, words: str) -> None:
        self.said += words + "\n"
        if words == "Waiting …":
            threading.Thread(target=self.open, daemon=True).start()

    @property
    def address(self) -> str:
        found = re.search(r"^http\S+$", self.said, re.MULTILINE)
        assert found is not None
        return found[0]

    def open(self) -> None:
        redirect = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.address).query))["redirect_uri"]
        self.before(redirect)
        with urllib.request.urlopen(self.address, timeout=30) as response:
            self.page = response.read().decode()


def test_a_browser_brings_the_code(server: AuthorisationServer) -> None:
    browser = Browser()
    answer = with_browser(server.settings("authorization-code"), browser.hear)
    assert answer.text("refresh_token") in server.refresh_tokens
    until(lambda: "rsvpbot has its answer" in browser.page)
    (asked,) = server.asked
    assert asked["redirect_uri"].startswith("http://127.0.0.1:") and len(asked["code_verifier"]) >= 43
    assert asked["code_verifier"] not in browser.said


def test_the_port_is_open_on_this_machine_only_and_only_meanwhile(server: AuthorisationServer) -> None:
    seen: list[str] = []

    def note(redirect: str) -> None:
        port = urllib.parse.urlsplit(redirect).port
        seen.append(redirect)
        listening = Path("/proc/net/tcp").read_text().splitlines()[1:]
        seen.extend(line.split()[1] for line in listening if line.split()[1].endswith(f":{port:04X}"))

    with_browser(server.settings("authorization-code"), Browser(before=note).hear)
    assert seen[1:] and all(local.startswith("0100007F:") for local in seen[1:])
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(seen[0], timeout=5)


def test_visitors_that_are_not_ours_are_sent_away_and_change_nothing(server: AuthorisationServer) -> None:
    turned_away: list[int] = []

    def interfere(redirect: str) -> None:
        for path in ("favicon.ico", "?code=evil", "?code=evil&state=", "?code=evil&state=guessed", "?error=x&state=é"):
            try:
                urllib.request.urlopen(redirect + urllib.parse.quote(path, "?=&"), timeout=5)
            except urllib.error.HTTPError as error:
                turned_away.append(error.code)
        port = urllib.parse.urlsplit(redirect).port
        with socket.create_connection(("127.0.0.1", port)) as rude:
            rude.sendall(b"\x16\x03\x01")

    answer = with_browser(server.settings("authorization-code"), Browser(before=interfere).hear)
    assert turned_away == [404] * 5
    assert answer.text("refresh_token") in server.refresh_tokens
    assert "evil" not in str(server.asked)


def test_a_person_who_declines_in_the_browser(server: AuthorisationServer) -> None:
    server.browser_answer = {"error": "access_denied"}
    browser = Browser()
    with pytest.raises(CredentialError, match=r"the login was declined \(access_denied\); run this again"):
        with_browser(server.settings("authorization-code"), browser.hear)
    until(lambda: "The login was declined" in browser.page)


def test_a_code_that_another_login_was_given(server: AuthorisationServer) -> None:
    server.browser_answer = {"code": "stolen"}
    with pytest.raises(CredentialError, match=r"the login was not accepted \(127.0.0.1: HTTP 400, invalid_grant\)"):
        with_browser(server.settings("authorization-code"), Browser().hear)


def test_a_browser_that_never_comes(server: AuthorisationServer) -> None:
    with pytest.raises(CredentialError, match="no browser came back in time; run this again, with --paste"):
        with_browser(server.settings("authorization-code"), lambda words: None, patience=0.1)


def test_a_browser_elsewhere_whose_address_is_pasted(server: AuthorisationServer) -> None:
    browser = Browser()

    def where_it_ended() -> str:
        with pytest.raises(urllib.error.URLError) as failed:
            urllib.request.urlopen(browser.address, timeout=30)  # nothing listens there
        assert "refused" in str(failed.value)
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(browser.address).query))
        (code,) = server.codes
        return f"  {query['redirect_uri']}?{urllib.parse.urlencode({'state': query['state'], 'code': code})}\n"

    answer = with_browser(server.settings("authorization-code"), browser.hear, where_it_ended)
    assert answer.text("refresh_token") in server.refresh_tokens
    for pasted in ("", "http://127.0.0.1:1/?code=x", "http://127.0.0.1:1/?code=x&state=y", "nonsense"):
        with pytest.raises(CredentialError, match="copy the whole address and try again"):
            with_browser(server.settings("authorization-code"), browser.hear, lambda pasted=pasted: pasted)  # type: ignore[misc]


# --------------------------------------------------------------------------- the command, on real servers


@dataclass(slots=True)
class House:
    """A configuration whose mailbox is on Dovecot and whose letters go through Postfix, both by access tokens."""

    folder: Path
    server: AuthorisationServer
    dovecot: Dovecot
    user: User

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    def change(self, *changes: tuple[str, str]) -> None:
        text = self.config.read_text()
        for before, after in changes:
            assert before in text
            text = text.replace(before, after)
        self.config.write_text(text)

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "rsvpbot", *words, "--config", str(self.config)]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.command(*words), capture_output=True, text=True, check=False, timeout=LONG)

    def login_files(self) -> list[str]:
        return sorted(file.name for file in self.folder.glob("*-login.json"))

    def log_in(self, *words: str, act: Callable[[str], None] | None = None) -> tuple[int, str]:
        """Run `rsvpbot login` as a person would: enter each code that is shown. Returns its status and its words."""
        with subprocess.Popen(
            self.command("login", *words), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            assert process.stdout is not None
            said = ""
            for line in process.stdout:
                said += line
                if found := re.search(r"enter the code (\S+)", line):
                    (act or self.server.approve)(found[1])
        return process.returncode, said


def section(name: str, server: AuthorisationServer, **keys: str) -> str:
    usual = {
        "flow": "device-code",
        "token_url": server.url("token"),
        "device_url": server.url("device"),
        "authorize_url": server.url("authorize"),
        "client_id": CLIENT,
        "scope": SCOPE,
    }
    lines = "\n".join(f'{key} = "{value}"' for key, value in (usual | keys).items())
    return f"[{name}.oauth2]\n{lines}\n"


@pytest.fixture
def house(tmp_path: Path, authority: Authority, dovecot: Dovecot, postfix: Postfix) -> Iterator[House]:
    user = dovecot.new_user()
    with AuthorisationServer(lambda seconds: dovecot.token(user, seconds)) as server:
        server.person = user.address
        scaffold.write(tmp_path)
        house = House(tmp_path, server, dovecot, user)
        imap = f'host = "127.0.0.1"\nport = {dovecot.imaps_port}\nca_file = "{authority.ca_file}"'
        smtp = (
            f'host = "127.0.0.1"\nport = {postfix.submission_port}\nca_file = "{authority.ca_file}"\n'
            f'username = "{user.address}"'
        )
        house.change(
            ('address = "rsvp@roundtable.example"', f'address = "{user.address}"'),
            ('host = "imap.roundtable.example"', imap),
            ('host = "smtp.roundtable.example"', smtp),
            ('password_file = "imap-password"\n', ""),
            ("\n\n[smtp]\n", f"\n{section('mailbox', server)}\n\n[smtp]\n"),
            ("\n\n[invitees]\n", f"\n{section('smtp', server)}\n\n[invitees]\n"),
            ('# poll_every = "1m"', 'poll_every = "1s"'),
            ("# idle = true", "idle = false"),
            ("<secretariat@roundtable.example>", "<secretariat@elsewhere.example>"),
        )
        yield house


def test_one_login_does_for_both(house: House, outside: SmtpSink) -> None:
    before = house.run("check")
    assert before.returncode == 1
    assert before.stdout.count("nobody has logged in yet") == 2 and "log in with: rsvpbot login" in before.stdout
    status, said = house.log_in()
    assert status == 0, said
    assert said.splitlines()[0] == "Login for [mailbox] and [smtp]"
    assert said.splitlines()[-2:] == ["Logged in at 127.0.0.1 (IMAP).", "Logged in at 127.0.0.1 (SMTP)."]
    assert said.count("enter the code") == 1 and set(house.server.grants()) == {"device_code"}
    assert house.login_files() == ["imap-login.json"]
    file = house.folder / "imap-login.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for secret in (*house.server.refresh_tokens, "eyJ"):
        assert secret in file.read_text() and secret not in said
    after = house.run("check")
    assert after.returncode == 0, after.stdout
    assert "refresh_token" not in house.server.grants()
    assert house.run("summary", "--send").returncode == 0
    until(lambda: outside.received)


def test_two_sections_that_want_different_things_need_two_logins(house: House) -> None:
    text = house.config.read_text()
    head, mark, tail = text.rpartition(f'scope = "{SCOPE}"')
    house.config.write_text(f'{head}scope = "smtp offline_access"{tail}')
    assert mark
    status, said = house.log_in("--smtp")
    assert (status, house.login_files()) == (0, ["smtp-login.json"])
    assert "(IMAP)" not in said and "(SMTP)" in said
    status, said = house.log_in()
    assert (status, house.login_files()) == (0, ["imap-login.json", "smtp-login.json"])
    assert said.count("enter the code") == 2


def test_a_login_by_browser(house: House) -> None:
    house.change(('flow = "device-code"', 'flow = "authorization-code"'))
    with subprocess.Popen(house.command("login"), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if line.startswith("http"):
                urllib.request.urlopen(line.strip(), timeout=30).close()
    assert process.returncode == 0, said
    assert said.endswith("Logged in at 127.0.0.1 (IMAP).\nLogged in at 127.0.0.1 (SMTP).\n")
    assert house.run("check").returncode == 0


def test_a_login_by_a_browser_elsewhere(house: House) -> None:
    house.change(('flow = "device-code"', 'flow = "authorization-code"'))
    pasted = subprocess.run(
        house.command("login", "--paste"), input="nonsense\n", capture_output=True, text=True, check=False, timeout=60
    )
    assert pasted.returncode == 1
    assert "copy the whole address and try again" in pasted.stderr
    assert house.login_files() == []


def test_a_login_that_is_declined_keeps_nothing(house: House) -> None:
    status, said = house.log_in(act=house.server.decline)
    assert status == 1
    assert "the login was declined (127.0.0.1: HTTP 403, access_denied); run this again" in said
    assert house.login_files() == []


def test_somebody_else_logs_in(house: House, dovecot: Dovecot) -> None:
    other = dovecot.new_user()
    house.server._issue = lambda seconds: dovecot.token(other, seconds)
    status, said = house.log_in()
    assert status == 1
    assert "the login was refused" in said
    assert "check [mailbox] username and who has logged in (rsvpbot login)" in said


def test_where_nobody_need_log_in(house: House, tmp_path: Path) -> None:
    house.change(('flow = "device-code"', "# flow"))
    house.change(('client_id = "rsvpbot"', 'client_id = "rsvpbot"\nclient_secret_file = "client-secret"'))
    (tmp_path / "client-secret").touch(0o600)
    (tmp_path / "client-secret").write_text("x")
    said = house.run("login")
    assert said.returncode == 2
    assert "asks for no login by a person" in said.stderr
    with pytest.raises(ConfigError):
        log_in(load(house.config, ALL), Wanted(), print, input)


# --------------------------------------------------------------------------- the service, afterwards


@contextmanager
def service(house: House) -> Iterator[Callable[[], str]]:
    """`rsvpbot run`; gives what tells what it has logged, and told to systemd, so far."""
    address = house.folder / "notify"
    log = house.folder / "log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd, log.open("w") as output:
        systemd.bind(str(address))
        systemd.setblocking(False)
        told: list[str] = []

        def so_far() -> str:
            try:
                while True:
                    told.append(systemd.recv(65_536).decode())
            except BlockingIOError:
                return log.read_text() + "\n".join(told)

        process = subprocess.Popen(
            house.command("run", "--all"), stderr=output, env={**os.environ, "NOTIFY_SOCKET": str(address)}
        )
        try:
            yield so_far
        finally:
            process.terminate()
            assert process.wait(LONG) == 0


def handled(house: House) -> int:
    return sum(len(house.dovecot.messages(house.user, f"RSVP/{name}")) for name in ("Recorded", "Review", "Ignored"))


def mail(number: int) -> bytes:
    return (
        f"From: stranger@elsewhere.example\r\nSubject: yes {number}\r\nMessage-ID: <{number}@elsewhere.example>\r\n\r\n"
        f"I shall come.\r\n"
    ).encode()


def read(told: str) -> int:
    return told.count("STATUS=Mailbox read")


def test_a_token_is_not_asked_for_at_every_poll(house: House) -> None:
    assert house.log_in()[0] == 0
    with service(house) as told:
        house.dovecot.deliver(house.user, mail(1))
        until(lambda: handled(house) == 1 and read(told()) >= 5, LONG)
    assert house.server.grants() == ["device_code"]


def test_tokens_are_renewed_before_a_server_could_refuse_them(house: House) -> None:
    house.server.lifetime = 121  # good for one second more than the margin: most polls renew it
    assert house.log_in()[0] == 0
    with service(house) as told:
        for number in (1, 2):
            before = house.server.grants().count("refresh_token")
            house.dovecot.deliver(house.user, mail(number))
            until(lambda number=number: handled(house) == number, LONG)  # type: ignore[misc]
            until(lambda before=before: house.server.grants().count("refresh_token") > before, LONG)  # type: ignore[misc]
        assert "cannot be read" not in told() and "could not go out" not in told()
    assert set(house.server.grants()) == {"device_code", "refresh_token"}


def test_a_token_that_ends_before_its_time_is_replaced_without_asking_a_person(house: House, dovecot: Dovecot) -> None:
    assert house.log_in()[0] == 0
    login = house.folder / "imap-login.json"
    kept = json.loads(login.read_text())
    kept["token"]["value"] = dovecot.token(house.user, -30)  # its service said an hour
    login.write_text(json.dumps(kept))
    with service(house) as told:
        until(lambda: "the mailbox can be read again" in told(), LONG)
        house.dovecot.deliver(house.user, mail(1))
        until(lambda: handled(house) == 1, LONG)
        assert "who has logged in (rsvpbot login)" in told()  # told all the same, in case the next one is refused too
    assert set(house.server.grants()) == {"device_code", "refresh_token"}


def test_a_login_that_was_taken_back_alarms_at_once_and_a_new_one_mends_it(house: House, outside: SmtpSink) -> None:
    house.server.lifetime = 60  # renewed at each connection
    assert house.log_in()[0] == 0
    refresh_token = next(iter(house.server.refresh_tokens))
    with service(house) as told:
        until(lambda: "STATUS=Mailbox read" in told(), LONG)
        house.server.revoke()
        trouble = (
            "the login has expired or was taken back (127.0.0.1: HTTP 400, invalid_grant, AADSTS700082); "
            "log in anew with: rsvpbot login"
        )
        until(lambda: "STATUS=The mailbox cannot be read: " in told(), LONG)
        assert re.search(rf"ERROR +the mailbox cannot be read: 127.0.0.1:\d+: {re.escape(trouble)}", told())
        assert f"{trouble}" in told().partition("STATUS=The mailbox cannot be read: ")[2]

        checked = house.run("check")
        assert checked.returncode == 1
        assert "log in anew with: rsvpbot login" in checked.stdout
        status = house.run("status").stdout
        assert "CANNOT BE READ" in status and "the login has expired or was taken back" in status
        summary = house.run("summary").stdout
        assert "*** ALARM: The mailbox could not be read since" in " ".join(summary.split())

        queued = house.run("summary", "--send")
        assert "it sends the summary within a minute" in queued.stdout
        until(lambda: "Letters cannot go out: " in told(), LONG)
        assert re.search(rf"ERROR +letters could not go out: 127.0.0.1:\d+: {re.escape(trouble)}", told())
        status = house.run("status").stdout
        assert re.search(r"CANNOT BE SENT, for [a-z0-9 ]+ now \(127.0.0.1:\d+: the login has expired", status)

        house.server.lifetime = 3600
        assert house.log_in()[0] == 0
        until(lambda: "the mailbox can be read again" in told(), LONG)
        for place in (told(), (house.folder / "rsvp.json").read_text()):
            assert not any(secret in place for secret in (refresh_token, *house.server.refresh_tokens, "eyJ"))
    assert house.run("poll").returncode == 0
    until(lambda: any(b"Subject: ALARM" in received.raw for received in outside.received))
    assert "CANNOT" not in house.run("status").stdout


def test_organisers_hear_of_it_where_letters_can_still_go_out(
    house: House, smtp_sink: SmtpSink, postfix: Postfix
) -> None:
    text = house.config.read_text()
    head, _, tail = text.partition("\n[smtp]\n")
    house.config.write_text(
        f'{head}\n[smtp]\nhost = "127.0.0.1"\nport = {smtp_sink.port}\nsecurity = "none"\n\n\n[invitees]\n'
        + tail.partition("[invitees]\n")[2]
    )
    house.server.lifetime = 60
    assert house.log_in()[0] == 0
    assert house.run("poll", "--all").returncode == 0
    house.server.revoke()
    failed = house.run("poll")
    assert failed.returncode == 1
    assert "log in anew with: rsvpbot login" in failed.stderr
    assert house.run("summary", "--send").returncode == 0
    raw = until(lambda: smtp_sink.received)[-1].raw
    assert b"Subject: ALARM: the mailbox is not being read" in raw
    assert b"the login has expired or was taken" in raw


def test_a_service_account_reads_and_writes(house: House, outside: SmtpSink) -> None:
    house.server.account.write(house.folder / "service-account.json", house.server.url("token"))
    house.change(('flow = "device-code"', 'flow = "service-account"\nkey_file = "service-account.json"'))
    checked = house.run("check")
    assert checked.returncode == 0, checked.stdout
    assert house.run("summary", "--send").returncode == 0
    until(lambda: outside.received)
    assert set(house.server.grants()) == {"jwt-bearer"}
    house.server.delegated = False
    checked = house.run("check")
    assert checked.returncode == 1
    assert "the service account may not open this mailbox" in " ".join(checked.stdout.split())
