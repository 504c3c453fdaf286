"""Tokens name the invitee, come back from what mail programs do to them, and cannot be made up."""

from __future__ import annotations

import base64
import multiprocessing
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsvpbot.mail.tokens import OUR_MESSAGE_ID, KeyFileError, Tokens, load_keys

KEY = b"k" * 32
OTHER_KEY = b"o" * 32
UID = "roundtable-2016-09-20@roundtable.example"
TOKENS = Tokens((KEY,), UID)
IDS = st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=8, max_size=8)


@given(IDS)
def test_token_names_its_invitee(invitee_id: str) -> None:
    token = TOKENS.token(invitee_id)
    assert TOKENS.invitee_id(token) == invitee_id
    assert re.fullmatch(r"[a-z2-7]{24}", token)
    assert token.startswith(invitee_id)


@given(IDS, IDS)
def test_tokens_of_two_differ(one: str, other: str) -> None:
    assert (TOKENS.token(one)[8:] == TOKENS.token(other)[8:]) == (one == other)


def test_any_changed_character_makes_it_worthless() -> None:
    token = TOKENS.token("abcdefgh")
    for place, character in enumerate(token):
        changed = token[:place] + ("a" if character != "a" else "b") + token[place + 1 :]
        assert TOKENS.invitee_id(changed) is None


@pytest.mark.parametrize("text", ["", "a", "=", "a" * 16, "a" * 24, "é" * 24, "a" * 10_000, "\x00" * 24, "абв" * 8])
def test_what_is_no_token(text: str) -> None:
    assert TOKENS.invitee_id(text) is None


def test_token_of_another_event_or_key_is_not_ours() -> None:
    assert Tokens((KEY,), "another@roundtable.example").invitee_id(TOKENS.token("abcdefgh")) is None
    assert Tokens((OTHER_KEY,), UID).invitee_id(TOKENS.token("abcdefgh")) is None


def test_replaced_key_is_still_read_and_no_longer_signs() -> None:
    both = Tokens((OTHER_KEY, KEY), UID)
    assert both.invitee_id(TOKENS.token("abcdefgh")) == "abcdefgh"
    assert both.token("abcdefgh") == Tokens((OTHER_KEY,), UID).token("abcdefgh")


def test_upper_case_comes_back() -> None:
    assert TOKENS.invitee_id(TOKENS.token("abcdefgh").upper()) == "abcdefgh"


def test_message_id() -> None:
    message_id = TOKENS.message_id("abcdefgh", "l3tter", "roundtable.example")
    assert re.fullmatch(r"<rsvpbot\.l3tter\.[a-z2-7]{24}@roundtable\.example>", message_id)
    assert OUR_MESSAGE_ID.fullmatch(message_id)
    assert TOKENS.find(message_id) == "abcdefgh"


def test_subject_tag() -> None:
    assert TOKENS.subject_tag("abcdefgh") == f"[{TOKENS.token('abcdefgh')}]"
    assert TOKENS.find(f"回复: RE: Yes {TOKENS.subject_tag('abcdefgh')}") == "abcdefgh"


def test_find_passes_over_false_ones() -> None:
    assert TOKENS.find(f"{'a' * 24} {'b' * 24} {TOKENS.token('abcdefgh')}") == "abcdefgh"
    assert TOKENS.find("x" + TOKENS.token("abcdefgh")) is None
    assert TOKENS.find("a" * 24 + " " * 1_000_000) is None


@pytest.mark.parametrize("invitee_id", ["", "ABC", "a b", "a1", "é", "a" * 33])
def test_an_id_that_would_not_come_back_is_refused(invitee_id: str) -> None:
    with pytest.raises(ValueError, match="base32"):
        TOKENS.token(invitee_id)


@pytest.mark.parametrize("keys", [(), (b"short",), (KEY, b"")])
def test_weak_keys_are_refused(keys: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Tokens(keys, UID)


# --------------------------------------------------------------------------- the key file


def test_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    keys = load_keys(tmp_path / "state")
    file = tmp_path / "state" / "token.key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert len(keys) == 1
    assert len(keys[0]) == 32
    assert load_keys(tmp_path / "state") == keys
    assert [path.name for path in file.parent.iterdir()] == ["token.key"]


def test_what_a_process_left_that_died_while_it_made_a_key_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".token.key.0123456789abcdef").write_text("half a k")
    (tmp_path / ".token.key.swp").write_text("an editor's")
    keys = load_keys(tmp_path)
    (tmp_path / ".token.key.fedcba9876543210").hardlink_to(tmp_path / "token.key")
    assert load_keys(tmp_path) == keys
    assert sorted(path.name for path in tmp_path.iterdir()) == [".token.key.swp", "token.key"]


def test_first_line_signs_and_further_ones_are_read(tmp_path: Path) -> None:
    old = load_keys(tmp_path)
    file = tmp_path / "token.key"
    file.write_text(base64.b32encode(OTHER_KEY).decode() + "\n" + file.read_text())
    assert load_keys(tmp_path) == (OTHER_KEY, *old)


def test_a_key_that_others_may_read_is_closed_to_them(tmp_path: Path) -> None:
    load_keys(tmp_path)
    (tmp_path / "token.key").chmod(0o644)
    load_keys(tmp_path)
    assert (tmp_path / "token.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", ["", "\n", "not base32!", "aaaa", "\xff"])
def test_a_damaged_key_file_is_said_and_kept(tmp_path: Path, content: str) -> None:
    file = tmp_path / "token.key"
    file.write_text(content, "latin-1")
    with pytest.raises(KeyFileError, match=r"token\.key"):
        load_keys(tmp_path)
    assert file.read_text("latin-1") == content


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KeyFileError):
        load_keys(tmp_path / "file")


def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        keys = pool.map(load_keys, [tmp_path] * 8)
    assert len(set(keys)) == 1
