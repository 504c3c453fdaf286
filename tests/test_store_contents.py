"""What is held in memory of a file: where the documents stand, and not the documents; and that this is noticed when it
is no longer so."""

from __future__ import annotations

import gc
import json
import os
import threading
import tracemalloc
import zlib
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tinydb import TinyDB

from rsvpbot.model import LetterState
from rsvpbot.store import Commit, StoreBroken, StoreError
from rsvpbot.store import index as index_module
from rsvpbot.store import journal as journal_module
from rsvpbot.store import line as line_module
from rsvpbot.store import place as place_module
from rsvpbot.store import tinydb as tinydb_module
from rsvpbot.store.contents import Places
from rsvpbot.store.index import Doc, Terms, Times
from rsvpbot.store.journal import Journal, JournalDB
from rsvpbot.store.line import Place, written
from rsvpbot.store.repair import repair
from rsvpbot.store.tinydb import TinyStore
from tests.store_records import NOON, done, invitee, letter, reply

MESSAGE_TAKES = 400
"""Bytes, of which nearly all are indexes: a tenth of the document that a reply is."""


def message(number: int) -> Commit:
    """What one causes, at the end of its way."""
    said = reply(f"{number:064x}", f"i{number % 20}", reasons=("word " * 200,))
    return Commit(
        invitees=(invitee(f"i{number % 20}"),),
        replies=(said,),
        letters=(letter(f"l{number}", f"i{number % 20}", state=LetterState.SENT, raw=None, reply=said.digest),),
        done=(done(number, digest=said.digest, filed=True),),
    )


def test_a_handled_message_leaves_next_to_nothing_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fdatasync", lambda fd: None)
    monkeypatch.setattr(tinydb_module, "KEPT", 9)

    def taken() -> int:
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    with TinyStore(tmp_path / "rsvp.json") as store:
        for number in range(400):
            store.commit(message(number))
        tracemalloc.start()
        try:
            before = taken()
            for number in range(400, 2400):
                store.commit(message(number))
                store.reply(f"{number:064x}")
                store.letter(f"l{number}")
            grown = taken() - before
            anew = taken()
            with TinyStore(tmp_path / "rsvp.json", read_only=True):
                anew = taken() - anew
        finally:
            tracemalloc.stop()
    assert grown < 2000 * MESSAGE_TAKES
    assert anew < 2400 * MESSAGE_TAKES


def test_no_more_records_stay_decoded_than_are_in_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tinydb_module, "KEPT", 3)
    with TinyStore(tmp_path / "rsvp.json") as store:
        store.commit(Commit(done=tuple(done(uid) for uid in range(9))))
        first = store.done(1, 0)
        assert store.done(1, 0) is first
        for uid in range(9):
            assert store.done(1, uid) == done(uid)
        assert len(store._view.done._kept) == 3
        assert store.done(1, 0) is not first


def test_what_is_erased_is_in_memory_no_more(tmp_path: Path) -> None:
    with TinyStore(tmp_path / "rsvp.json") as store:
        store.commit(Commit(invitees=(invitee("a"), invitee("b")), replies=(reply("d1", "a"), reply("d2", "b"))))
        assert len(store.replies()) == len(store.invitees()) == 2
        store.commit(Commit(erased=("a",)))
        assert [kept.record for kept in store._view.replies._kept.values()] == [reply("d2", "b")]
        assert [kept.record for kept in store._view.invitees._kept.values()] == [invitee("b")]
        assert not list(store._view.replies_by_invitee.all("a"))


# --------------------------------------------------------------------------- the file is what counts


def test_what_goes_bad_while_running_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One digit of a document, in a file that is open: whoever asks for it is refused, and it is not made compact, so
    that `repair` finds all that is good."""
    monkeypatch.setattr(tinydb_module, "KEPT", 0)
    path = tmp_path / "rsvp.json"
    store = TinyStore(path)
    store.commit(Commit(invitees=(invitee("a", seats=4),)))
    store.commit(Commit(invitees=(invitee("b", seats=5),)))
    data = path.read_bytes()
    bad = data.replace(b'"seats":5', b'"seats":6')
    assert bad != data
    with path.open("r+b") as file:
        file.write(bad)
    assert store.invitee("a") == invitee("a", seats=4)
    with pytest.raises(StoreBroken, match="check the disk"):
        store.invitee("b")
    with pytest.raises(StoreError):
        store.compact()
    store.close()
    assert path.read_bytes() == bad
    assert sorted(entry.name for entry in tmp_path.iterdir() if entry.suffix in (".new", ".before")) == []
    assert repair(path, NOON).kept == 1


def test_a_disk_that_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tinydb_module, "KEPT", 0)
    with TinyStore(tmp_path / "rsvp.json") as store:
        store.commit(Commit(done=(done(1),)))
        with monkeypatch.context() as faulty:
            faulty.setattr(os, "pread", _fail)
            with pytest.raises(StoreError, match="cannot be read"):
                store.done(1, 1)
        assert store.done(1, 1) == done(1)


def _fail(*_: object) -> bytes:
    raise OSError(5, "Input/output error")


def test_who_reads_goes_on_in_the_file_that_another_has_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rsvp.json"
    monkeypatch.setattr(tinydb_module, "KEPT", 0)
    with TinyStore(path) as writer, TinyStore(path) as other, TinyStore(path, read_only=True) as reader:
        for uid in range(5):
            writer.commit(Commit(done=(done(uid),)))
        for store in (other, reader):
            store.refresh()
        writer.compact()
        writer.commit(Commit(done=(done(2, outcome="changed"),)))
        for store in (other, reader):
            assert store.done(1, 2) == done(2)
            store.refresh()
            assert store.done(1, 2) == done(2, outcome="changed")
            assert [store.done(1, uid) for uid in (0, 1, 3, 4)] == [done(uid) for uid in (0, 1, 3, 4)]


def test_threads_read_while_the_file_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tinydb_module, "KEPT", 1)
    monkeypatch.setattr(os, "fdatasync", lambda fd: None)
    wrong: list[object] = []
    ended = threading.Event()
    with TinyStore(tmp_path / "rsvp.json") as store:
        store.commit(Commit(done=tuple(done(uid) for uid in range(30))))

        def read() -> None:
            while not ended.is_set():
                for uid in range(30):
                    try:
                        found: object = store.done(1, uid)
                    except StoreError as error:
                        found = error
                    if found != done(uid):
                        wrong.append(found)

        threads = [threading.Thread(target=read) for _ in range(2)]
        for thread in threads:
            thread.start()
        for uid in range(30, 90):
            store.commit(Commit(done=(done(uid),)))
            store._journal.compact()
        ended.set()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_a_backup_is_of_one_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commits and a compaction go on while it is written."""
    with TinyStore(tmp_path / "rsvp.json") as store:
        store.commit(Commit(done=(done(1),)))
        store.commit(Commit(done=(done(2),)))
        real = place_module.put_beside

        def busy(file: Path, pieces: object) -> None:
            store.commit(Commit(done=(done(1, outcome="changed"), done(3))))
            store._journal.compact()
            real(file, pieces)  # type: ignore[arg-type]

        monkeypatch.setattr(journal_module, "put_beside", busy)
        store.backup(tmp_path / "backup.json")
        assert store.done(1, 3) == done(3)
    with TinyStore(tmp_path / "backup.json", read_only=True) as backup:
        assert [backup.done(1, uid) for uid in (1, 2, 3)] == [done(1), done(2), None]


def test_what_others_wrote_in_their_way_is_read_and_made_ours(tmp_path: Path) -> None:
    """Blanks, letters that are not ASCII, a line end of another system: as they are to who asks, and as we write them
    once they are made compact; so that a compact first line can be made again from the file of before it."""
    path = tmp_path / "rsvp.json"
    documents: dict[str, dict[str, Any]] = {
        "é": {"7": {"name": "Zoë \U0001f600", "in": {"7": {}}}, "9": {"name": "\\u00eb"}},
        "empty": {},
    }
    path.write_bytes(b" " + json.dumps(documents, ensure_ascii=False, indent=None).encode() + b" \r\n")
    with JournalDB(path) as db:
        journal = db.storage
        assert isinstance(journal, Journal)
        assert journal.read() == documents
        assert db.table("é").insert({"name": "Ada"}) == 10
        journal.compact()
        documents["é"]["10"] = {"name": "Ada"}
        assert journal.read() == documents
    whole = path.read_bytes()
    assert whole == written({name: {int(i): doc for i, doc in docs.items()} for name, docs in documents.items()})[0]
    path.write_bytes(whole.replace(b"Ada", b"Bda"))
    assert repair(path, NOON).mended
    assert path.read_bytes() == whole
    with TinyDB(path) as plain:
        assert plain.table("é").get(doc_id=7) == documents["é"]["7"]


@pytest.mark.parametrize("line", [b'{"t":{"2":{},"x":{}}}', b'{"t":{"2":{}}}}', b'{"t":{"2":{}},}', b'{"t":{"2":7}}'])
def test_a_checksum_makes_no_commit_of_what_is_none(tmp_path: Path, line: bytes) -> None:
    """Whether the file is opened or grows: and nothing of it holds."""
    path = tmp_path / "rsvp.json"
    first, _ = written({"t": {1: {"n": 1}}})
    made = line + line_module._checksum(zlib.crc32(line)) + b"\n"
    path.write_bytes(first)
    with closing(Journal(path)) as journal:
        path.write_bytes(first + made)
        for _ in range(2):
            with pytest.raises(StoreError, match="line 2"):
                journal.refresh()
    for read_only in (False, True):
        with pytest.raises(StoreError, match="line 2"):
            Journal(path, read_only=read_only)


def test_a_file_that_cannot_be_taken_into_use_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "rsvp.json"
    with TinyStore(path) as store:
        store.commit(Commit(done=(done(1),)))
        (tmp_path / "new").write_bytes(b"rubbish\n")
        (tmp_path / "new").rename(path)
        for _ in range(2):
            with pytest.raises(StoreError, match="line 1"):
                store.refresh()
            assert store.done(1, 1) == done(1)


# --------------------------------------------------------------------------- columns


@given(st.lists(st.tuples(st.integers(1, 9), st.none() | st.integers(0, 99))))
def test_places_are_those_of_a_dictionary(steps: list[tuple[int, int | None]]) -> None:
    places = Places()
    plain: dict[int, Place] = {}
    for doc_id, size in steps:
        place = None if size is None else Place(size * 2**33, size, 2**32 - 1)
        assert places.put(doc_id, place) == plain.pop(doc_id, None)
        if place is not None:
            plain[doc_id] = place
        assert [(i, places.get(i)) for i in places] == sorted(plain.items())
        assert len(places) == len(plain)
        assert places.top == max(plain, default=0)
        assert all((i in places) == (i in plain) for i in range(11))


DOCS = st.none() | st.fixed_dictionaries({"terms": st.sets(st.sampled_from("abc")), "at": st.integers(0, 3)})


@given(st.lists(st.tuples(st.integers(1, 9), DOCS, st.booleans())))
def test_indexes_are_those_of_a_search(steps: list[tuple[int, dict[str, object] | None, bool]]) -> None:
    """`True`: something is asked after this step, by which what was added is sorted in. Two are kept apart, that both
    ways of sorting in and the taking together come about."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index_module, "MANY", 2)
        patch.setattr(index_module, "FEW", 1)
        terms = Terms(lambda doc: doc["terms"])
        times = Times(lambda doc: ((term, doc["at"]) for term in doc["terms"]))
        there: dict[int, Doc] = {}
        for doc_id, doc, asked in steps:
            for index in (terms, times):
                index.change([(doc_id, there.get(doc_id), doc)])
            there.pop(doc_id, None)
            if doc is not None:
                there[doc_id] = doc
            for term in "abc" if asked else "":
                found = sorted(i for i, known in there.items() if term in known["terms"])
                points = [there[i]["at"] for i in found]
                assert list(terms.all(term)) == found
                assert terms.first(term) == next(iter(found), None)
                assert terms.count(term) == times.count(term) == len(found)
                assert times.count(term, 2) == sum(point >= 2 for point in points)
                assert times.last_before(term, 2) == max((point for point in points if point < 2), default=None)
