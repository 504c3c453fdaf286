"""Files as earlier versions and plain TinyDB left them (tests/stores/) open, go on, and become files of today."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tinydb import TinyDB

from rsvpbot.model import Folder, LetterState, Mailbox
from rsvpbot.store import StoreError, repair_store
from rsvpbot.store.repair import repair
from rsvpbot.store.tinydb import TinyStore
from tests.store_records import NOON, answer, done, invitee, letter, reply
from tests.store_worker import both

STORES = Path(__file__).parent / "stores"
SAME = ("lines.json", "compact.json", "plain.json")
"""Several commits without checksums, the same made compact, and the same as plain TinyDB writes it."""


def copied(name: str, folder: Path) -> Path:
    path = folder / "rsvp.json"
    shutil.copy(STORES / name, path)
    return path


def is_checked(path: Path) -> bool:
    """Whether every line has its checksum."""
    return all(line.endswith((b" ", b"\t")) for line in path.read_bytes().splitlines())


@pytest.mark.parametrize("name", SAME)
@pytest.mark.parametrize("read_only", [True, False])
def test_what_an_earlier_version_recorded_is_all_there(tmp_path: Path, name: str, read_only: bool) -> None:
    path = copied(name, tmp_path)
    with TinyStore(path, read_only=read_only) as store:
        assert store.invitees() == (
            invitee("aaaaaaaa", name="Ada Lovelace", answer=answer()),
            invitee("bbbbbbbb", name="Zoë \udc80"),
        )
        open_reply = reply("d2", "bbbbbbbb", open=True, folder=Folder.REVIEW, recorded=False)
        assert store.replies() == (reply(), open_reply)
        assert store.letters() == (letter(state=LetterState.SENT, raw=None),)
        assert (store.done(1, 1), store.done(1, 2)) == (done(filed=True), done(2, folder=Folder.REVIEW))
        assert store.mailbox() == Mailbox(1)


@pytest.mark.parametrize("name", SAME)
def test_it_goes_on_and_gets_its_checksums(tmp_path: Path, name: str) -> None:
    path = copied(name, tmp_path)
    before = path.read_bytes()
    with TinyStore(path) as store:
        store.commit(both(7))
        assert path.read_bytes().startswith(before)
        assert not is_checked(path)
    assert is_checked(path)
    with TinyStore(path, read_only=True) as store:
        assert store.reply("d7") == both(7).replies[0] and store.reply("d1") == reply()
    with TinyDB(path) as plain:
        assert len(plain.table("replies")) == 3


def test_what_was_torn_before_the_upgrade_is_cut_off_after_it(tmp_path: Path) -> None:
    with TinyStore(copied("torn.json", tmp_path)) as store:
        assert store.replies() == (reply(),)
        assert store.done(1, 2) is None


def test_fields_of_other_versions_are_passed_over_and_those_that_lack_take_their_default(tmp_path: Path) -> None:
    path = copied("other-fields.json", tmp_path)
    with TinyStore(path) as store:
        assert [(one.id, one.name) for one in store.invitees()] == [("aaaaaaaa", ""), ("bbbbbbbb", "")]
        assert store.mailbox() == Mailbox()
        assert store.reply("d1") == reply()
        store.commit(both(7))
    with TinyDB(path) as plain:
        assert plain.table("seats").all() == [{"of": "a later version"}]


def test_a_newer_schema_is_refused_with_words_and_left_as_it_is(tmp_path: Path) -> None:
    path = copied("newer.json", tmp_path)
    before = path.read_bytes()
    for read_only in (True, False):
        with pytest.raises(StoreError, match=r"newer version of rsvpbot \(its schema is 2.*upgrade rsvpbot"):
            TinyStore(path, read_only=read_only)
    assert repair(path, NOON).damage is None
    with pytest.raises(StoreError, match="upgrade rsvpbot"):  # nor is it put in place of what can be opened
        repair_store("tinydb:other.json", tmp_path, NOON, path)
    assert path.read_bytes() == before and not (tmp_path / "other.json").exists()


@pytest.mark.parametrize("name", SAME)
def test_a_backup_of_an_earlier_version_can_be_put_back(tmp_path: Path, name: str) -> None:
    source = STORES / name
    path = tmp_path / "rsvp.json"
    assert repair(path, NOON, source).kept == (5 if name == "lines.json" else 1)
    with TinyStore(path) as store:
        assert store.reply("d1") == reply()
