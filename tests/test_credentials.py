"""Where passwords and tokens come from, what is refused, and that no error shows one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rsvpbot.config import Credential, OAuth2
from rsvpbot.mail import credentials
from rsvpbot.mail.credentials import CredentialError, is_token, secret
from tests.servers import until

SECRET = "correct horse battery staple"


def file_with(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    file = folder / "password"
    file.write_bytes(content)
    file.chmod(mode)
    return file


@pytest.mark.parametrize(
    ("content", "password"),
    [
        (b"simple", "simple"),
        (b"one line end goes\n", "one line end goes"),
        (b"of Windows too\r\n", "of Windows too"),
        (b" spaces stay \n", " spaces stay "),
        ("pässwörd ☂\n".encode(), "pässwörd ☂"),
    ],
)
def test_a_password_file_is_read_without_its_line_end(tmp_path: Path, content: bytes, password: str) -> None:
    assert secret(Credential(password_file=file_with(tmp_path, content)), "imap") == password


@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [
        (SECRET.encode(), 0o604, "may be read by others; chmod 600"),
        (SECRET.encode(), 0o602, "may be read by others; chmod 600"),
        (b"", 0o600, "is empty"),
        (b"\n", 0o600, "is empty"),
        (SECRET.encode() + b"\n\n", 0o600, "more than one line"),
        (SECRET.encode() + b"\nurl: https://pass.example\n", 0o600, "more than one line"),
        (SECRET.encode() + b"\0", 0o600, "more than one line"),
        (SECRET.encode() + b"\xff", 0o600, "not UTF-8"),
    ],
)
def test_a_password_file_that_will_not_do(tmp_path: Path, content: bytes, mode: int, said: str) -> None:
    file = file_with(tmp_path, content, mode)
    with pytest.raises(CredentialError, match=said) as raised:
        secret(Credential(password_file=file), "imap")
    assert str(file) in str(raised.value)
    assert SECRET not in str(raised.value)


def test_a_password_file_that_is_not_there_or_is_none(tmp_path: Path) -> None:
    with pytest.raises(CredentialError, match="does not exist; write the password into it"):
        secret(Credential(password_file=tmp_path / "nothing"), "imap")
    with pytest.raises(CredentialError, match="cannot be read"):
        secret(Credential(password_file=tmp_path), "imap")


def test_the_group_may_read_a_password_file(tmp_path: Path) -> None:
    assert secret(Credential(password_file=file_with(tmp_path, b"x", 0o640)), "imap") == "x"


def test_a_systemd_credential_counts_where_nothing_else_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "imap").write_text("from systemd\n")
    (tmp_path / "imap").chmod(0o444)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    named = file_with(tmp_path, b"from the file")
    assert secret(Credential(), "imap") == "from systemd"
    assert secret(Credential(password_file=named), "imap") == "from the file"
    with pytest.raises(CredentialError, match="LoadCredential=smtp:FILE"):
        secret(Credential(), "smtp")
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    with pytest.raises(CredentialError, match="no password is configured"):
        secret(Credential(), "imap")


def test_a_command_prints_the_password_without_a_shell(tmp_path: Path) -> None:
    assert secret(Credential(password_command=("printf", "%s\\n", "a;b $HOME")), "imap") == "a;b $HOME"
    assert secret(Credential(token_command=("printf", "ya29.token")), "imap") == "ya29.token"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("/nonexistent/program", SECRET), r"\(program\) cannot be started \(No such file"),
        (("sh", "-c", f"echo {SECRET}; exit 3"), r"\(sh\) ended with status 3; run it by hand"),
        (("sh", "-c", f"echo {SECRET} >&2; exit 1"), "status 1"),
        (("sh", "-c", f"kill -9 $$; echo {SECRET}"), "status -9"),
        (("true", SECRET), "is empty"),
        (("printf", f"{SECRET}\nlogin: x\n"), "more than one line"),
    ],
)
def test_a_command_that_fails_says_so_without_its_arguments_or_output(command: tuple[str, ...], said: str) -> None:
    for credential in (Credential(password_command=command), Credential(token_command=command)):
        with pytest.raises(CredentialError, match=said) as raised:
            secret(credential, "imap")
        assert SECRET not in str(raised.value)


def test_a_command_that_hangs_is_ended_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "COMMAND_TIMEOUT", 0.5)
    pid_file = tmp_path / "pid"
    # The child keeps the output open: ending the shell alone would wait for it.
    command = ("sh", "-c", f"sleep 300 & echo $! > {pid_file}; wait")
    with pytest.raises(CredentialError, match="did not end within"):
        secret(Credential(password_command=command), "imap")
    state = Path(f"/proc/{pid_file.read_text().strip()}/stat")
    until(lambda: not state.exists() or state.read_text().split()[2] == "Z")


def test_what_is_a_token() -> None:
    assert is_token(Credential(token_command=("x",)))
    assert is_token(Credential(oauth2=OAuth2()))
    assert not is_token(Credential(password_command=("x",)))
    assert not is_token(Credential())


def test_a_credential_shows_where_a_secret_lies_and_not_what_it_is(tmp_path: Path) -> None:
    credential = Credential(password_file=file_with(tmp_path, SECRET.encode()))
    assert secret(credential, "imap") == SECRET
    assert SECRET not in repr(credential)
    assert SECRET not in os.environ.values()
