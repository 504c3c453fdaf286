"""Access tokens: each grant, how long a token is kept, what a refused one leaves, and what a login leaves on disk.

Against a real authorisation server on loopback (tests/authorisation_server.py).
"""

from __future__ import annotations

import json
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from rsvpbot.config import OAuth2
from rsvpbot.mail import oauth2, secret_files
from rsvpbot.mail.oauth2 import Answer, access_token, drop, keep_login
from rsvpbot.mail.secret_files import CredentialError
from tests.authorisation_server import SCOPE, SECRET, AuthorisationServer, Refusal, ServiceAccount
from tests.servers import Authority


@pytest.fixture
def server() -> Iterator[AuthorisationServer]:
    with AuthorisationServer() as server:
        yield server


def secret_file(folder: Path, content: str = SECRET) -> Path:
    file = folder / "client-secret"
    file.touch(0o600)
    file.write_text(content + "\n")
    return file


def fails(settings: OAuth2) -> str:
    with pytest.raises(CredentialError) as raised:
        access_token(settings)
    assert SECRET not in str(raised.value)
    return str(raised.value)


# --------------------------------------------------------------------------- client credentials


@pytest.fixture
def client(server: AuthorisationServer, tmp_path: Path) -> OAuth2:
    return server.settings(client_secret_file=secret_file(tmp_path))


def test_a_token_of_the_client_credentials_grant_is_kept_while_it_is_good(
    server: AuthorisationServer, client: OAuth2
) -> None:
    assert [access_token(client) for _ in range(3)] == ["token 1"] * 3
    assert server.asked == [
        {"grant_type": "client_credentials", "client_id": "rsvpbot", "client_secret": SECRET, "scope": SCOPE}
    ]
    drop(client)
    assert access_token(client) == "token 2"
    assert access_token(replace(client, scope="smtp")) == "token 3"


def test_a_token_that_is_about_to_expire_is_not_handed_out_again(server: AuthorisationServer, client: OAuth2) -> None:
    server.lifetime = 60
    assert [access_token(client), access_token(client)] == ["token 1", "token 2"]


def test_a_token_service_that_refuses_is_told_by_its_codes_alone(server: AuthorisationServer, tmp_path: Path) -> None:
    told = fails(server.settings(client_secret_file=secret_file(tmp_path, "another secret")))
    assert told == (
        "no access token was given (127.0.0.1: HTTP 401, invalid_client, AADSTS7000215); "
        "check oauth2.token_url, client_id, client_secret_file and scope"
    )


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b'{"token": 1}',
        b'{"access_token": ["x"]}',
        b'{"access_token": "x\\u0001auth=Bearer y"}',
        b'{"access_token": "x", "expires_in": "soon"}',
        b'{"access_token": "x", "token_type": "mac"}',
        b"[" * 60_000,
        b"",
    ],
    ids=lambda body: str(body[:30]),
)
def test_a_token_service_that_answers_something_else(server: AuthorisationServer, client: OAuth2, body: bytes) -> None:
    server.every = body
    assert "did not answer as a token service does" in fails(client)


@pytest.mark.parametrize("expires_in", [b"NaN", b"-1", b"null", b'"60"', b"0"])
def test_a_token_without_a_sensible_lifetime_is_used_once(
    server: AuthorisationServer, client: OAuth2, expires_in: bytes
) -> None:
    server.every = b'{"access_token": "x", "expires_in": ' + expires_in + b"}"
    if expires_in == b"null":
        assert "did not answer as a token service does" in fails(client)
        return
    assert [access_token(client), access_token(client)] == ["x", "x"]
    assert len(server.asked) == 2


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_token_service_that_is_not_well(server: AuthorisationServer, client: OAuth2, status: int) -> None:
    server.answers.append(Refusal("temporarily_unavailable", status))
    assert f"cannot answer just now (127.0.0.1: HTTP {status}, temporarily_unavailable); it is asked again" in fails(
        client
    )
    assert access_token(client) == "token 1"


def test_a_token_service_out_of_reach_or_in_the_clear(server: AuthorisationServer, client: OAuth2) -> None:
    for url in ("http://login.example/token", "file:///etc/passwd", "https:///token"):
        assert "token_url must begin with https://" in fails(replace(client, token_url=url))
    assert "127.0.0.1 is out of reach (ConnectionRefusedError)" in fails(
        replace(client, token_url="http://127.0.0.1:1/token")
    )
    assert server.asked == []


def test_the_certificate_of_a_token_service_is_checked(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with AuthorisationServer(context=authority.server_context()) as server:
        client = server.settings(client_secret_file=secret_file(tmp_path))
        assert "is out of reach (SSLCertVerificationError)" in fails(client)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
        assert access_token(client) == "token 1"


def test_nothing_shows_a_secret(server: AuthorisationServer, client: OAuth2) -> None:
    assert SECRET not in repr(client)
    answer = Answer("login.example", 200, {"access_token": "very secret"})
    shown = repr((answer, oauth2.token_of(answer, 0.0), oauth2._login_of(client, answer, "very secret")))
    assert "secret" not in shown.replace("client_secret_file", "").replace("client-secret", "")


# --------------------------------------------------------------------------- a service account


@pytest.fixture
def account(server: AuthorisationServer, tmp_path: Path) -> OAuth2:
    key_file = server.account.write(tmp_path / "key.json", server.url("token"))
    return server.settings("service-account", key_file=key_file, token_url="")


def test_a_service_account_vouches_for_itself_with_its_key(server: AuthorisationServer, account: OAuth2) -> None:
    assert [access_token(account) for _ in range(2)] == ["token 1"] * 2
    assert server.grants() == ["jwt-bearer"]
    drop(account)
    assert access_token(account) == "token 2"


def test_a_service_account_that_is_refused(server: AuthorisationServer, account: OAuth2, tmp_path: Path) -> None:
    server.delegated = False
    assert "may not open this mailbox (127.0.0.1: HTTP 401, unauthorized_client); let the admin" in fails(account)
    server.delegated = True
    assert "may not open this mailbox" in fails(replace(account, subject="other@roundtable.example"))
    forged = ServiceAccount().write(tmp_path / "forged.json", server.url("token"))
    told = fails(replace(account, key_file=forged))
    assert "got no token (127.0.0.1: HTTP 400, invalid_grant); check oauth2.key_file, subject and scope" in told
    assert access_token(account) == "token 1"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"private_key": None}, "is not the key of a service account"),
        ({"client_email": None}, "is not the key of a service account"),
        ({"private_key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"}, "is no RSA key"),
        ({"private_key": "elliptic"}, "is no RSA key"),
        ({"token_uri": "http://login.example/token"}, "must begin with https://"),
        ({"token_uri": None}, "must begin with https://"),
    ],
)
def test_a_key_file_that_will_not_do(account: OAuth2, changes: dict[str, Any], said: str) -> None:
    assert account.key_file is not None
    content = {**json.loads(account.key_file.read_text()), **changes}
    if content["private_key"] == "elliptic":
        key = ec.generate_private_key(ec.SECP256R1())
        content["private_key"] = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    account.key_file.write_text(json.dumps({name: value for name, value in content.items() if value is not None}))
    told = fails(account)
    assert said in told
    assert "BEGIN" not in told


def test_a_key_file_that_others_may_read_or_that_is_no_json(account: OAuth2) -> None:
    assert account.key_file is not None
    account.key_file.chmod(0o604)
    assert "may be read by others" in fails(account)
    account.key_file.chmod(0o600)
    for content in ("{", "[]", "5"):
        account.key_file.write_text(content)
        assert "is not the key of a service account" in fails(account)


def test_without_the_package_it_says_what_to_install(account: OAuth2, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "cryptography"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    assert "pip install 'rsvpbot[google]'" in fails(account)


# --------------------------------------------------------------------------- what a login leaves


@pytest.fixture
def login(server: AuthorisationServer, tmp_path: Path) -> OAuth2:
    """A person has logged in, and the access token has expired since."""
    settings = server.settings("device-code", login_file=tmp_path / "imap-login.json")
    log_in(server, settings)
    return settings


def log_in(server: AuthorisationServer, settings: OAuth2) -> None:
    refresh_token = f"refresh {len(server.asked)}"
    server.refresh_tokens.add(refresh_token)
    keep_login(settings, Answer("127.0.0.1", 200, {"access_token": "token 0", "refresh_token": refresh_token}))


def kept(settings: OAuth2) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(settings.login_file.read_text())
    return found


def test_a_login_brings_tokens_and_each_is_kept_until_it_expires(server: AuthorisationServer, login: OAuth2) -> None:
    assert [access_token(login) for _ in range(3)] == [access_token(login)] * 3
    assert server.grants() == ["refresh_token"]
    drop(login)
    access_token(login)
    assert server.grants() == ["refresh_token"] * 2


def test_a_token_of_a_login_is_renewed_before_it_expires(server: AuthorisationServer, login: OAuth2) -> None:
    server.lifetime = 119
    assert access_token(login) != access_token(login)


def test_a_new_refresh_token_is_kept_at_once_and_the_old_one_is_of_no_use(
    server: AuthorisationServer, login: OAuth2
) -> None:
    before = kept(login)["refresh_token"]
    access_token(login)
    after = kept(login)["refresh_token"]
    assert (before, after) == ("refresh 0", next(iter(server.refresh_tokens)))
    # A server that rotates takes the whole login back from whoever comes with the old one.
    drop(login)
    access_token(login)
    login.login_file.write_text(
        json.dumps({**kept(login), "refresh_token": before, "token": {"value": "", "expires_at": 0}})
    )
    assert "the login has expired or was taken back" in fails(login)


def test_a_server_that_does_not_rotate(server: AuthorisationServer, login: OAuth2) -> None:
    server.rotates = False
    for _ in range(3):
        access_token(login)
        drop(login)
    assert kept(login)["refresh_token"] == "refresh 0"
    assert server.grants() == ["refresh_token"] * 3


@pytest.mark.parametrize("said", [b"", b', "refresh_token": null', b', "refresh_token": ""'])
def test_a_renewal_that_names_no_new_refresh_token_leaves_the_old_one(
    server: AuthorisationServer, login: OAuth2, said: bytes
) -> None:
    server.every = b'{"access_token": "x", "expires_in": 3600' + said + b"}"
    assert access_token(login) == "x"
    assert kept(login)["refresh_token"] == "refresh 0"


def test_a_login_that_was_taken_back(server: AuthorisationServer, login: OAuth2) -> None:
    access_token(login)
    server.revoke()
    access_token(login)  # good until it expires, or is refused
    drop(login)
    told = fails(login)
    assert told == (
        "the login has expired or was taken back (127.0.0.1: HTTP 400, invalid_grant, AADSTS700082); "
        "log in anew with: rsvpbot login"
    )
    assert "refresh" not in told and server.person not in told
    log_in(server, login)
    access_token(login)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("interaction_required", "the login has expired or was taken back"),
        ("invalid_client", "check oauth2.token_url, client_id, client_secret_file and scope"),
        ("invalid_scope", "check oauth2.token_url, client_id, client_secret_file and scope"),
    ],
)
def test_other_refusals_of_a_login(server: AuthorisationServer, login: OAuth2, code: str, said: str) -> None:
    server.answers.append(Refusal(code))
    assert said in fails(login)
    access_token(login)


def test_a_client_with_a_secret_shows_it_at_each_renewal(
    server: AuthorisationServer, login: OAuth2, tmp_path: Path
) -> None:
    server.needs_secret = True
    assert "invalid_client" in fails(login)
    access_token(replace(login, client_secret_file=secret_file(tmp_path)))


def test_a_login_is_for_its_owner_alone(server: AuthorisationServer, login: OAuth2) -> None:
    access_token(login)
    assert stat.S_IMODE(login.login_file.stat().st_mode) == 0o600
    assert sorted(file.name for file in login.login_file.parent.iterdir()) == [
        "imap-login.json",
        "imap-login.json.lock",
    ]
    login.login_file.chmod(0o644)
    assert "may be read by others; chmod 600 it, and log in anew with: rsvpbot login" in fails(login)


def test_a_refresh_token_goes_to_nobody_but_who_gave_it(server: AuthorisationServer, login: OAuth2) -> None:
    with AuthorisationServer() as other:
        for changed in (
            replace(login, token_url=other.url("token")),
            replace(login, client_id="other"),
            replace(login, username="other@roundtable.example"),
        ):
            assert "the login was made with other settings; log in anew" in fails(changed)
        assert other.asked == []
    assert server.asked == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"5", b"{}", b'{"refresh_token": "x"}', b"\xff"])
def test_a_login_file_that_cannot_be_understood(server: AuthorisationServer, login: OAuth2, content: bytes) -> None:
    login.login_file.write_bytes(content)
    assert "cannot be understood; log in anew with: rsvpbot login" in fails(login)
    drop(login)
    assert login.login_file.read_bytes() == content


def test_before_anybody_has_logged_in(server: AuthorisationServer, tmp_path: Path) -> None:
    settings = server.settings("device-code", login_file=tmp_path / "imap-login.json")
    assert fails(settings) == "nobody has logged in yet; log in with: rsvpbot login"
    drop(settings)
    assert "nobody has logged in yet" in fails(replace(settings, login_file=tmp_path / "nowhere" / "x.json"))


def test_threads_that_need_a_token_at_once_ask_once(server: AuthorisationServer, login: OAuth2) -> None:
    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(access_token, [login] * 8))
    assert len(set(tokens)) == 1
    assert server.grants() == ["refresh_token"]


_RENEW = """
import pathlib, sys
from rsvpbot.config import OAuth2
from rsvpbot.mail.oauth2 import access_token, drop
settings = OAuth2("device-code", sys.argv[1], client_id="rsvpbot", scope=sys.argv[2], username=sys.argv[3],
                  login_file=pathlib.Path(sys.argv[4]))
for _ in range(10):
    drop(settings)
    access_token(settings)
"""


def test_processes_that_renew_at_once_lose_no_refresh_token(server: AuthorisationServer, login: OAuth2) -> None:
    """Each renewal is answered with a new one, and the server takes the login back from whoever shows an old one."""
    arguments = (login.token_url, login.scope, login.username, str(login.login_file))
    workers = [subprocess.Popen([sys.executable, "-c", _RENEW, *arguments]) for _ in range(4)]
    assert [worker.wait(120) for worker in workers] == [0] * 4
    assert kept(login)["refresh_token"] in server.refresh_tokens
    assert len(server.asked) >= 10
    drop(login)
    access_token(login)


def test_a_process_that_dies_while_it_renews_leaves_the_lock_free(server: AuthorisationServer, login: OAuth2) -> None:
    script = "import sys, os; from rsvpbot.mail import oauth2; oauth2.post = lambda *_: os._exit(9)\n" + _RENEW
    arguments = (login.token_url, login.scope, login.username, str(login.login_file))
    assert subprocess.run([sys.executable, "-c", script, *arguments], check=False, timeout=60).returncode == 9
    assert kept(login)["refresh_token"] == "refresh 0"
    access_token(login)
    names = sorted(file.name for file in login.login_file.parent.iterdir())
    assert names == ["imap-login.json", "imap-login.json.lock"]


def test_a_renewal_that_hangs_elsewhere_is_told(
    server: AuthorisationServer, login: OAuth2, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secret_files, "PATIENCE", 0.1)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with secret_files.locked(login.login_file):
            held.set()
            done.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(30)
    told = fails(login)
    done.set()
    holder.join()
    assert "is held by another process for long" in told


# --------------------------------------------------------------------------- when the disk is full


def test_a_full_disk_is_noticed_before_the_refresh_token_is_used_up(
    server: AuthorisationServer, small_disk: Path
) -> None:
    login = server.settings("device-code", login_file=small_disk / "imap-login.json")
    log_in(server, login)
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left on device"):
        while True:
            file.write(bytes(4096))
    assert "cannot be written (No space left on device)" in fails(login)
    assert server.asked == []
    ballast.unlink()
    access_token(login)


def test_a_folder_that_may_not_be_written(server: AuthorisationServer, login: OAuth2, tmp_path: Path) -> None:
    elsewhere = replace(login, login_file=tmp_path / "nowhere" / "imap-login.json")
    with pytest.raises(CredentialError, match=r"cannot be written \(No such file or directory\)"):
        keep_login(elsewhere, Answer("login.example", 200, {"access_token": "x", "refresh_token": "y"}))


def test_a_grant_without_a_refresh_token_is_no_login(tmp_path: Path) -> None:
    settings = OAuth2("device-code", login_file=tmp_path / "imap-login.json")
    with pytest.raises(CredentialError, match=r"gave no refresh token; ask for one in oauth2.scope"):
        keep_login(settings, Answer("login.example", 200, {"access_token": "x"}))
    assert not settings.login_file.exists()


def test_expiry_is_by_the_clock_of_all_processes(server: AuthorisationServer, login: OAuth2) -> None:
    access_token(login)
    left = kept(login)["token"]["expires_at"] - time.time()
    assert 3500 < left <= 3600
