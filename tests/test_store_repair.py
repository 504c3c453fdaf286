"""A store that was damaged goes back to its last good commit, and all else is kept; a backup puts it back."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tinydb import TinyDB

from rsvpbot.cli import invoke
from rsvpbot.config import find, load
from rsvpbot.model import LetterState
from rsvpbot.organisers.figures import figures
from rsvpbot.organisers.summary import queue_if_due, render
from rsvpbot.store import Commit, StoreError, repair_store
from rsvpbot.store import repair as repair_module
from rsvpbot.store.line import written
from rsvpbot.store.lock import FileLock
from rsvpbot.store.repair import Damage, Repair, put_aside_by_repairs, repair
from rsvpbot.store.tinydb import TinyStore
from tests.store_records import NOON, done, letter
from tests.store_worker import both
from tests.test_store_faults import has_whole, worker
from tests.test_summary import CONFIG, GOOD, NOW, ids


def journal(path: Path, commits: int = 6) -> bytes:
    """A store that was not closed: so many commits, a line each."""
    store = TinyStore(path)
    for number in range(commits):
        store.commit(both(number))
    data = path.read_bytes()
    assert data.count(b"\n") == commits
    return data


def starts(data: bytes) -> list[int]:
    """Where each line begins."""
    return [0, *(at + 1 for at in range(len(data) - 1) if data[at : at + 1] == b"\n")]


def damage(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


# --------------------------------------------------------------------------- a damaged line


def test_it_goes_back_to_the_last_good_commit_and_keeps_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "rsvp.json"
    data = journal(path)
    at = starts(data)[3]
    damage(path, at + 40)
    damaged = path.read_bytes()
    with pytest.raises(StoreError, match=rf"line 4 \(at byte {at}\) is damaged.*rsvpbot repair"):
        TinyStore(path)
    told = repair(path, NOON)
    assert (told.damage, told.kept, told.put_aside) == (Damage(4, at), 3, 3)
    assert told.aside == tmp_path / "rsvp.json.aside-2016-09-12T120000Z"
    assert told.aside.read_bytes() == damaged[at:]
    assert told.aside.stat().st_mode & 0o777 == path.stat().st_mode & 0o777 == 0o600
    with TinyStore(path) as store:
        assert [has_whole_but_letter(store, n) for n in range(6)] == [True] * 3 + [False] * 3
        store.commit(both(6))
    assert repair(path, NOON) == Repair(None, 1)


def has_whole_but_letter(store: TinyStore, number: int) -> bool:
    wanted = both(number)
    parts = {store.reply(wanted.replies[0].digest) == wanted.replies[0], store.done(1, number) == wanted.done[0]}
    assert len(parts) == 1
    return parts.pop()


def test_a_dry_run_and_a_sound_store_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "rsvp.json"
    data = journal(path)
    assert repair(path, NOON) == Repair(None, 6)
    damage(path, starts(data)[2] + 9)
    before = {entry.name: entry.read_bytes() for entry in tmp_path.iterdir()}
    told = repair(path, NOON, dry_run=True)
    assert {entry.name: entry.read_bytes() for entry in tmp_path.iterdir()} == before
    assert (told.kept, told.put_aside, told.aside) == (2, 4, None)
    assert repair(path, NOON) == replace(told, aside=tmp_path / "rsvp.json.aside-2016-09-12T120000Z")


def test_a_torn_line_is_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "rsvp.json"
    data = journal(path)
    path.write_bytes(data[:-50])
    assert repair(path, NOON) == Repair(None, 5)
    assert path.read_bytes() == data[:-50]


def test_nothing_that_was_put_aside_is_ever_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "rsvp.json"
    data = journal(path)
    asides = []
    for line in (4, 3, 2):
        damage(path, starts(data)[line] + 5)
        aside = repair(path, NOON).aside
        assert aside is not None
        asides.append(aside)
    names = [f"rsvp.json.aside-2016-09-12T120000Z{n}" for n in ("", "-2", "-3")]
    assert [aside.name for aside in asides] == names
    assert asides[0].read_bytes().count(b"\n") == 2
    assert sorted(asides) == put_aside_by_repairs(path)


def test_damage_in_the_first_line_asks_for_a_backup(tmp_path: Path) -> None:
    path, saved = tmp_path / "rsvp.json", tmp_path / "backup.json"
    journal(path)
    with TinyStore(path, read_only=True) as store:
        store.backup(saved)
    damage(path, 20)
    damaged = path.read_bytes()
    with pytest.raises(StoreError, match="--from BACKUP"):
        repair(path, NOON)
    assert path.read_bytes() == damaged
    told = repair(path, NOON, saved)
    assert (told.damage, told.kept, told.put_aside) == (Damage(1, 0), 1, 6)
    assert told.aside is not None and told.aside.read_bytes() == damaged
    with TinyStore(path) as store:
        assert all(has_whole_but_letter(store, n) for n in range(6))


def test_a_first_line_that_compaction_wrote_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "rsvp.json"
    journal(path)
    with TinyStore(path) as store:
        store._journal.compact()
        compact = path.read_bytes()
        for number in (6, 7, 8):
            store.commit(both(number))
        data = path.read_bytes()
    assert compact.count(b"\n") == 1 and data.startswith(compact)
    path.with_name("rsvp.json.before").write_bytes(journal(tmp_path / "same.json"))
    for at in (0, 77, len(compact) - 30, len(compact) - 1):
        path.write_bytes(data)
        damage(path, at)
        told = repair(path, NOON)
        assert told == Repair(Damage(1, 0), 4, mended=True)
        assert path.read_bytes() == data
    damage(path, 77)
    damage(path, starts(data)[2] + 9)
    told = repair(path, NOON)
    assert (told.mended, told.kept, told.put_aside, told.messages) == (True, 2, 2, 2)
    assert path.read_bytes().startswith(data[: starts(data)[2]])


def test_a_first_line_is_not_made_from_what_was_not_before_it(tmp_path: Path) -> None:
    path = tmp_path / "rsvp.json"
    journal(path)
    with TinyStore(path) as store:
        store.commit(both(6))
    before = path.with_name("rsvp.json.before")
    damage(path, 77)
    for other in (b"", b"no store\n", written({"t": {1: {}}})[0], before.read_bytes()[:-90]):
        before.write_bytes(other)
        with pytest.raises(StoreError, match="--from BACKUP"):
            repair(path, NOON)


@pytest.mark.parametrize(
    "content", [b"", b"no store\n", b'{"t":{}}\n{"t"\n{"t":{}}\n'], ids=["empty", "words", "broken"]
)
def test_what_is_no_backup_is_not_put_in_place(tmp_path: Path, content: bytes) -> None:
    path, saved = tmp_path / "rsvp.json", tmp_path / "backup.json"
    before = journal(path)
    saved.write_bytes(content)
    with pytest.raises(StoreError, match=r"backup\.json is no backup"):
        repair(path, NOON, saved)
    with pytest.raises(StoreError, match=r"none\.json cannot be read"):
        repair(path, NOON, tmp_path / "none.json")
    assert path.read_bytes() == before and not put_aside_by_repairs(path)


def test_what_is_no_backup_is_not_told_to_be_repaired(tmp_path: Path) -> None:
    before = journal(tmp_path / "rsvp.json")
    for source in (Path("/etc/passwd"), tmp_path / "none.json", tmp_path):
        with pytest.raises(StoreError) as refused:
            repair_store("tinydb:rsvp.json", tmp_path, NOON, source)
        assert str(refused.value).startswith(str(source)) and "rsvpbot repair" not in str(refused.value)
    assert (tmp_path / "rsvp.json").read_bytes() == before


def test_a_backup_is_made_though_a_process_of_the_same_number_died_over_it(tmp_path: Path) -> None:
    path, saved = tmp_path / "rsvp.json", tmp_path / "saved.json"
    journal(path)
    saved.with_name(f"saved.json.{os.getpid()}.new").write_text("half a reco")
    with TinyStore(path, read_only=True) as store:
        store.backup(saved)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["rsvp.json", "rsvp.json.lock", "saved.json"]


def test_there_must_be_something_to_repair(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="does not exist"):
        repair(tmp_path / "rsvp.json", NOON)


# --------------------------------------------------------------------------- a store that was lost


def lost(path: Path, present: bytes | None) -> bytes:
    """A store that was made compact once, went on, and is gone but for `present`; the file from before is given."""
    store = TinyStore(path)
    for letter_id in ("one", "two"):
        store.commit(Commit(letters=(letter(letter_id),), done=(done(len(letter_id)),)))
    store.close()
    TinyStore(path).commit(Commit(letters=(letter("one", state=LetterState.SENT),)))
    before = path.with_name("rsvp.json.before").read_bytes()
    path.unlink()
    if present is not None:
        path.write_bytes(present)
    return before


@pytest.mark.parametrize("present", [None, b""], ids=["missing", "empty"])
def test_a_store_that_is_gone_is_not_begun_anew_beside_the_one_from_before(
    tmp_path: Path, present: bytes | None
) -> None:
    path = tmp_path / "rsvp.json"
    before = lost(path, present)
    for read_only in (True, False):
        with pytest.raises(StoreError, match=r"rsvp\.json\.before beside it.*rsvpbot repair"):
            TinyStore(path, read_only=read_only)
    assert path.with_name("rsvp.json.before").read_bytes() == before
    assert (path.read_bytes() if path.exists() else None) == present

    dry = repair(path, NOON, dry_run=True)
    assert (path.read_bytes() if path.exists() else None) == present
    told = repair(path, NOON)
    assert told == dry
    assert (told.source, told.blind, told.damage) == (tmp_path / "rsvp.json.before", True, None)
    assert path.with_name("rsvp.json.before").read_bytes() == before
    with TinyStore(path, read_only=True) as store:
        # "one" has gone out since, which only the file that is gone knew.
        assert {one.id: one.state for one in store.letters()} == dict.fromkeys(("one", "two"), LetterState.DOUBTFUL)
        assert len(store.letters()) == told.doubtful == 2


def test_where_both_are_moved_away_the_record_begins_empty(tmp_path: Path) -> None:
    path = tmp_path / "rsvp.json"
    lost(path, None)
    path.with_name("rsvp.json.before").rename(tmp_path / "moved-away")
    with TinyStore(path) as store:
        assert store.letters() == ()


def test_a_file_from_before_that_holds_nothing_shows_nothing(tmp_path: Path) -> None:
    path = tmp_path / "rsvp.json"
    path.with_name("rsvp.json.before").touch()
    with TinyStore(path) as store:
        store.commit(both(0))


def test_what_is_left_of_a_lost_store_may_be_bad_too(tmp_path: Path) -> None:
    path = tmp_path / "rsvp.json"
    lost(path, None)
    damage(path.with_name("rsvp.json.before"), 20)
    with pytest.raises(StoreError, match=r"rsvp\.json\.before is no backup, or damaged itself"):
        repair(path, NOON)
    assert not path.exists()


@pytest.mark.parametrize("call", ["unlink", "hardlink_to", "rename"])
def test_a_death_within_a_compaction_needs_no_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    class Death(BaseException):
        pass

    path = tmp_path / "rsvp.json"
    journal(path)
    with TinyStore(path) as store:
        store.commit(both(6))
    store = TinyStore(path)
    store.commit(both(7))
    real = getattr(Path, call)
    for after in (False, True):
        with monkeypatch.context() as dying:

            def die(self: Path, *arguments: object, after: bool = after, **named: object) -> None:
                if after:
                    real(self, *arguments, **named)
                raise Death

            dying.setattr(Path, call, die)
            with pytest.raises(Death):
                store._journal.compact()
        store = TinyStore(path)
        assert all(has_whole(store, n) for n in range(8))
        store.commit(both(7))


# --------------------------------------------------------------------------- what it means


def test_a_letter_that_may_have_gone_out_since_is_in_doubt_and_not_sent_again(tmp_path: Path) -> None:
    path = tmp_path / "rsvp.json"
    store = TinyStore(path)
    for letter_id in ("out", "waits", "held"):
        state = LetterState.HELD if letter_id == "held" else LetterState.QUEUED
        store.commit(Commit(letters=(letter(letter_id, state=state),)))
    cut = path.stat().st_size
    store.commit(Commit(letters=(letter("out", state=LetterState.SENT), letter("later", state=LetterState.SENT))))
    damage(path, cut + 3)
    told = repair(path, NOON)
    assert (told.letters, told.doubtful) == (1, 1)
    with TinyStore(path) as store:
        states = {one.id: one.state for one in store.letters()}
        assert states == {
            "out": LetterState.DOUBTFUL,
            "waits": LetterState.QUEUED,
            "held": LetterState.HELD,
        }
        out = store.letter("out")
        assert out is not None and "may have gone out" in out.error and out.raw


@pytest.mark.parametrize("present", [None, b"", bytes(5000), b"no store\n"], ids=["missing", "empty", "zeros", "words"])
def test_where_nothing_tells_what_went_out_since_the_backup_every_letter_is_in_doubt(
    tmp_path: Path, present: bytes | None
) -> None:
    path, saved = tmp_path / "rsvp.json", tmp_path / "backup.json"
    with TinyStore(path) as store:
        store.commit(Commit(letters=(letter("out"), letter("held", state=LetterState.HELD))))
        store.backup(saved)
        store.commit(Commit(letters=(letter("out", state=LetterState.SENT),)))
    path.unlink()
    if present is not None:
        path.write_bytes(present)
    told = repair(path, NOON, saved)
    assert (told.doubtful, told.blind, told.source) == (2, True, saved)
    with TinyStore(path) as store:
        assert {one.state for one in store.letters()} == {LetterState.DOUBTFUL}


def test_a_letter_of_a_backup_waits_on_where_the_present_record_has_it_waiting(tmp_path: Path) -> None:
    path, saved = tmp_path / "rsvp.json", tmp_path / "backup.json"
    with TinyStore(path) as store:
        store.commit(Commit(letters=tuple(letter(one) for one in ("waits", "begun", "out", "taken"))))
        store.backup(saved)
        store.commit(
            Commit(
                letters=(letter("begun", state=LetterState.SENDING), letter("out", state=LetterState.SENT)),
                erased_letters=("taken",),
            )
        )
    told = repair(path, NOON, saved)
    assert (told.doubtful, told.blind) == (3, False)
    with TinyStore(path) as store:
        assert [one.id for one in store.letters(LetterState.QUEUED)] == ["waits"]


def test_the_next_summary_tells_of_the_messages_that_are_gone_and_the_one_after_does_not(tmp_path: Path) -> None:
    """The summary that counted them may have gone with them."""
    path = tmp_path / "rsvp.json"
    store = TinyStore(path)
    store.commit(Commit(done=(done(1),), mailbox=GOOD))
    cut = path.stat().st_size
    store.commit(Commit(done=(done(2),)))
    store.commit(Commit(done=(done(3), replace(done(1), filed=True))))
    assert queue_if_due(store, CONFIG, NOW, ids())
    damage(path, cut + 3)
    assert repair(path, NOON).messages == 2
    with TinyStore(path) as store:
        store.commit(Commit(done=(done(4), done(5), done(6))))
        found = figures(store, CONFIG, NOW)
        assert found.messages.missing == 2
        assert render(found, CONFIG).subject.startswith("ALARM: the record has gone back")
        assert queue_if_due(store, CONFIG, NOW, ids())
        assert store.mailbox() == GOOD
        assert figures(store, CONFIG, NOW).messages.missing == 0


def test_what_was_put_aside_goes_with_what_is_erased(tmp_path: Path) -> None:
    path = tmp_path / "rsvp.json"
    data = journal(path)
    damage(path, starts(data)[2] + 9)
    repair(path, NOON)
    with TinyStore(path) as store:
        store.commit(both(7))
    assert len(put_aside_by_repairs(path)) == 1  # a shutdown keeps it
    assert (tmp_path / "rsvp.json.before").stat().st_mode & 0o777 == 0o600
    with TinyStore(path) as store:
        store.compact()
        assert put_aside_by_repairs(path) == []
        assert not (tmp_path / "rsvp.json.before").exists()


# --------------------------------------------------------------------------- who else is there, and the disk


def test_it_is_refused_while_another_process_has_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repair_module, "PATIENCE", 0.05)
    with worker("hold", tmp_path) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        with pytest.raises(StoreError, match="the service runs on it"):
            repair(tmp_path / "rsvp.json", NOON)
        child.communicate("")
    data = journal(tmp_path / "rsvp.json")
    damage(tmp_path / "rsvp.json", starts(data)[2] + 9)
    lock = FileLock(tmp_path / "rsvp.json.lock")
    assert lock.acquire()
    with pytest.raises(StoreError, match="another process holds it"):
        repair(tmp_path / "rsvp.json", NOON)
    lock.close()
    assert repair(tmp_path / "rsvp.json", NOON).kept == 2


# --------------------------------------------------------------------------- backup


def test_a_backup_is_one_line_that_rsvpbot_and_plain_tinydb_open(tmp_path: Path) -> None:
    path, saved = tmp_path / "rsvp.json", tmp_path / "backup.json"
    journal(path)
    with TinyStore(path, read_only=True) as store:
        store.backup(saved)
        everything = store.invitees(), store.replies(), store.letters(), store.mailbox()
    assert saved.stat().st_mode & 0o777 == 0o600
    assert saved.read_bytes().count(b"\n") == 1
    with TinyStore(saved, read_only=True) as copy:
        assert (copy.invitees(), copy.replies(), copy.letters(), copy.mailbox()) == everything
    with TinyDB(saved) as plain:
        assert len(plain.table("replies")) == 6
    assert {entry.name for entry in tmp_path.iterdir()} == {"rsvp.json", "rsvp.json.lock", "backup.json"}


def test_a_backup_that_cannot_be_made_is_explained_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rsvp.json"
    with TinyStore(path, read_only=True) as store, pytest.raises(StoreError, match="nothing to back up"):
        store.backup(tmp_path / "b.json")
    journal(path)
    with TinyStore(path, read_only=True) as store:
        with pytest.raises(StoreError, match="no folder"):
            store.backup(tmp_path / "none" / "b.json")
        with pytest.raises(StoreError, match="nothing is overwritten"):
            store.backup(path)
        with pytest.raises(StoreError, match="nothing is overwritten"):
            store.backup(tmp_path)
        with pytest.raises(StoreError, match="cannot be written"):
            store.backup(path / "b.json")
    assert {entry.name for entry in tmp_path.iterdir()} == {"rsvp.json", "rsvp.json.lock"}


def test_where_a_file_system_has_no_links_backups_and_compactions_do_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    path, saved = tmp_path / "rsvp.json", tmp_path / "backup.json"
    journal(path)
    with TinyStore(path) as store:
        store.commit(both(6))
        store.backup(saved)
        before = saved.read_bytes()
        with pytest.raises(StoreError, match="nothing is overwritten"):
            store.backup(saved)
        assert saved.read_bytes() == before
    assert path.read_bytes() == before
    assert {entry.suffix for entry in tmp_path.iterdir()} == {".json", ".lock"}


def test_backups_in_a_loop_beside_a_process_that_commits(tmp_path: Path) -> None:
    """Every backup opens, holds whole commits only, all that were acknowledged before it was begun, and can be put in
    place of the store."""
    path = tmp_path / "rsvp.json"
    with worker("for-ever", tmp_path, 0) as child:
        assert child.stdout is not None
        child.stdout.readline()
        child.stdout.readline()
        copies: list[tuple[int, Path]] = []
        for number in range(20):
            acknowledged = int(child.stdout.readline())
            saved = tmp_path / f"backup{number}"
            with TinyStore(path, read_only=True) as store:
                store.backup(saved)
            copies.append((acknowledged, saved))
            time.sleep(0.01)
        child.kill()
    tops = []
    for acknowledged, saved in copies:
        with TinyStore(saved, read_only=True) as store:
            top = store.mailbox().uidvalidity
            assert top >= acknowledged
            assert all(has_whole(store, n) for n in range(top + 1)) and not has_whole(store, top + 1)
            tops.append(top)
    assert len(set(tops)) > 5
    last = copies[-1][1]
    repair(path, NOON, last)
    with TinyStore(path) as store:
        assert store.mailbox().uidvalidity == tops[-1]
        assert has_whole_but_letter(store, tops[-1]) and not has_whole_but_letter(store, tops[-1] + 1)


# --------------------------------------------------------------------------- the commands


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A configuration with a store of six commits."""
    assert invoke(["init", str(tmp_path / "house")]) == 0
    folder = tmp_path / "house"
    (folder / "imap-password").touch(mode=0o600)
    (folder / "imap-password").write_text("open sesame")
    journal(load(find(folder)).store_file)
    return folder


def command(house: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rsvpbot", *words, "--config", str(house / "config.toml")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_commands_tell_of_damage_and_mend_it(house: Path) -> None:
    path = load(find(house)).store_file
    assert "Nothing is damaged" in command(house, "repair").stdout
    saved = house / "saved.json"
    done = command(house, "backup", str(saved))
    assert done.returncode == 0 and "6 invitees, 6 replies" in done.stdout
    again = command(house, "backup", str(saved))
    assert again.returncode == 1 and "nothing is overwritten" in again.stderr
    damage(path, starts(path.read_bytes())[3] + 40)
    for words in (("status",), ("guests",), ("check",), ("backup", "b.json"), ("run",)):
        done = command(house, *words)
        assert done.returncode == 1, words
        said = " ".join((done.stdout + done.stderr).split())
        assert "line 4 (at byte" in said and "rsvpbot repair" in said, words
        assert "Traceback" not in said
    dry = command(house, "repair", "--dry-run")
    assert dry.returncode == 0
    assert "Would be kept: 3 commits" in dry.stdout and "Nothing was changed." in dry.stdout
    done = command(house, "repair")
    assert done.returncode == 0
    for said in (
        "Damaged: line 4 (at byte",
        "Kept: 3 commits, all before the damage.",
        "Put aside: 3 lines in ",
        "3 handled messages in the record no more",
        "RSVP/Recorded and RSVP/Review",
        "3 letters in the record no more",
        "personal data",
    ):
        assert said in done.stdout
    status = command(house, "status")
    assert status.returncode == 0 and "3 MISSING" in status.stdout
    done = command(house, "repair", "--from", str(saved))
    assert done.returncode == 0 and f"from {saved}" in done.stdout
    assert "of 6 invitees" in command(house, "status").stdout


def test_the_commands_tell_of_a_record_that_is_gone_and_put_back_what_there_is(house: Path) -> None:
    path = load(find(house)).store_file
    with TinyStore(path) as store:
        store.commit(both(6))
    path.unlink()
    for words in (("status",), ("check",), ("poll",), ("record", "x@y.example", "accepted"), ("run",)):
        done = command(house, *words)
        assert done.returncode == 1, words
        said = " ".join((done.stdout + done.stderr).split())
        assert "rsvp.json.before beside it" in said and "rsvpbot repair" in said, words
        assert "first start" not in said
    assert not path.exists()
    done = command(house, "repair")
    for said in (
        "as it was before it was last made compact",
        "Kept: 7 commits, from ",
        "What was recorded after that is unknown",
        "7 letters that waited may have gone out since",
    ):
        assert said in done.stdout
    assert done.returncode == 0 and "7 replies" in command(house, "check").stdout
    path.write_bytes(bytes(500))
    done = command(house, "repair")
    assert done.returncode == 1 and "rsvp.json.before is one" in done.stderr and "with it" in done.stderr


@pytest.mark.parametrize("name", ["config.toml", "invitees.csv"])
def test_a_file_that_is_something_else_is_not_repaired(house: Path, name: str) -> None:
    saved, config = house / "saved.json", house / "config.toml"
    assert command(house, "backup", str(saved)).returncode == 0
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace('"tinydb:rsvp.json"', f'"tinydb:{name}"'), encoding="utf-8")
    before = (house / name).read_bytes()
    for words in (("repair",), ("repair", "--from", str(saved))):
        done = command(house, *words)
        assert done.returncode == 1 and f"{name} is the " in done.stderr and "name a file of its own" in done.stderr
    assert (house / name).read_bytes() == before


def test_the_service_must_be_stopped_first(house: Path) -> None:
    with TinyStore(load(find(house)).store_file) as store:
        assert store.lock_daemon()
        done = command(house, "repair")
    assert done.returncode == 1 and "systemctl stop rsvpbot" in done.stderr
