"""The journal and its table: TinyDB's results, and a file that can always be opened."""

from __future__ import annotations

import errno
import gc
import json
import logging
import os
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tinydb import TinyDB, where
from tinydb.storages import MemoryStorage
from tinydb.table import Document

from rsvpbot.store import Commit, StoreBroken, StoreError, open_store
from rsvpbot.store import journal as journal_module
from rsvpbot.store import tinydb as tinydb_module
from rsvpbot.store.journal import Journal, JournalDB, JournalTable
from rsvpbot.store.lock import FileLock
from rsvpbot.store.tinydb import TinyStore
from tests.store_records import done, invitee, letter


def state(path: Path) -> Any:
    """What the file says to one who opens it to read only."""
    with closing(Journal(path, read_only=True)) as journal:
        return journal.read()


def commits(path: Path) -> list[str]:
    """The lines, without their checksums."""
    return [line.rstrip() for line in path.read_text().splitlines()]


def table(path: Path, name: str = "t") -> JournalTable:
    found = JournalDB(path).table(name)
    assert isinstance(found, JournalTable)
    return found


# --------------------------------------------------------------------------- the same as TinyDB

FIELDS = st.sampled_from(("a", "b", "c"))
VALUES = st.one_of(
    st.integers(-2, 2), st.booleans(), st.text(max_size=2), st.lists(st.integers(0, 2), max_size=2), st.none()
)
DOCS = st.dictionaries(FIELDS, VALUES, max_size=3)
CONDITIONS = st.builds(lambda f, v: where(f) == v, FIELDS, st.integers(-2, 2)) | st.builds(
    lambda f: where(f).exists(), FIELDS
)
IDS = st.lists(st.integers(1, 8), max_size=3)
Operation = Callable[[Any], Any]


def grow(doc: Any) -> None:
    """An updater which changes what is inside a document."""
    doc.setdefault("list", []).append(len(doc))


def documents_then_failure(docs: list[Any]) -> Iterator[Any]:
    yield from docs
    raise ZeroDivisionError


OPERATIONS: st.SearchStrategy[Operation] = st.one_of(
    st.builds(lambda d: lambda t: t.insert(deepcopy(d)), DOCS),
    st.builds(lambda ds: lambda t: t.insert_multiple(deepcopy(ds)), st.lists(DOCS, max_size=3)),
    st.builds(lambda ds: lambda t: t.insert_multiple(documents_then_failure(deepcopy(ds))), st.lists(DOCS, max_size=2)),
    st.builds(lambda d, c: lambda t: t.update(d, c), DOCS, CONDITIONS),
    st.builds(lambda d, i: lambda t: t.update(d, doc_ids=i), DOCS, IDS),
    st.builds(lambda d: lambda t: t.update(d), DOCS),
    st.builds(lambda c: lambda t: t.update(grow, c), CONDITIONS),
    st.builds(lambda i: lambda t: t.update(grow, doc_ids=i), IDS),
    st.builds(lambda d, c, e: lambda t: t.update_multiple([(d, c), (grow, e)]), DOCS, CONDITIONS, CONDITIONS),
    st.builds(lambda d, c: lambda t: t.upsert(deepcopy(d), c), DOCS, CONDITIONS),
    st.builds(lambda d, i: lambda t: t.upsert(Document(deepcopy(d), i)), DOCS, st.integers(1, 8)),
    st.builds(lambda c: lambda t: t.remove(c), CONDITIONS),
    st.builds(lambda i: lambda t: t.remove(doc_ids=list(dict.fromkeys(i))), IDS),
    st.just(lambda t: t.truncate()),
    st.just(lambda t: t.insert(7)),
    st.just(lambda t: t.remove()),
    st.builds(lambda c: lambda t: t.search(c), CONDITIONS),
    st.builds(lambda c: lambda t: t.get(c), CONDITIONS),
    st.builds(lambda i: lambda t: t.get(doc_id=i), st.integers(1, 8)),
    st.builds(lambda i: lambda t: t.get(doc_ids=i), IDS),
    st.builds(lambda c: lambda t: (t.contains(c), t.count(c)), CONDITIONS),
)


def outcome(operation: Operation, on: Any) -> Any:
    try:
        return operation(on)
    except (ValueError, RuntimeError, ZeroDivisionError) as error:
        return type(error), str(error)


def contents(db: TinyDB) -> dict[str, list[tuple[int, str]]]:
    return {name: [(doc.doc_id, json.dumps(doc)) for doc in db.table(name)] for name in sorted(db.tables())}


def order_by_id(stock: TinyDB) -> None:
    memory = stock.storage
    assert isinstance(memory, MemoryStorage)
    memory.memory = {
        name: dict(sorted(documents.items(), key=lambda item: int(item[0])))
        for name, documents in (memory.read() or {}).items()
    }


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(st.tuples(st.sampled_from(("t", "u")), OPERATIONS), max_size=12), dropped=st.booleans())
def test_every_operation_gives_what_tinydb_gives(steps: list[tuple[str, Operation]], dropped: bool) -> None:
    """Results, errors, ids, the documents and their order; then the same again from the file, and by plain TinyDB.

    Two liberties are taken. An id that an operation used up in failing, or that upsert names, may be skipped here,
    where TinyDB gives it again; so the counters of both are set alike before each step. And documents come in the order
    of their ids, where TinyDB has those last which upsert made with ids of their own; so they are ordered after each.
    """
    stock = TinyDB(storage=MemoryStorage)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rsvp.json"
        with JournalDB(path) as ours:
            journal = ours.storage
            assert isinstance(journal, Journal)
            for name, operation in steps:
                with journal.hold():
                    setattr(stock.table(name), "_next_id", journal.next_id(name) + 1)  # noqa: B010
                assert outcome(operation, ours.table(name)) == outcome(operation, stock.table(name))
                order_by_id(stock)
                assert contents(ours) == contents(stock)
            if dropped:
                ours.drop_table("u")
                stock.drop_table("u")
            with JournalDB(path, read_only=True) as reader:
                assert contents(reader) == contents(ours) == contents(stock)
            journal.compact()
        if path.stat().st_size:
            with TinyDB(path) as plain:
                assert contents(plain) == contents(stock)


def test_all_tables_can_be_dropped(tmp_path: Path) -> None:
    with JournalDB(tmp_path / "f") as db:
        db.insert({"a": 1})
        db.drop_tables()
        assert db.tables() == set()
        assert db.insert({"a": 2}) == 1
        assert state(tmp_path / "f") == {"_default": {"1": {"a": 2}}}


def test_results_of_a_search_are_not_remembered(tmp_path: Path) -> None:
    ours, other = table(tmp_path / "f"), table(tmp_path / "f")
    ours.insert({"a": 1})
    assert ours.count(where("a") == 1) == 1
    other.insert({"a": 1})
    assert ours.count(where("a") == 1) == 2


def test_an_updater_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    def fail_midway(doc: Any) -> None:
        doc["list"].append("half a change")
        raise ZeroDivisionError

    ours = table(tmp_path / "f")
    ours.insert({"list": []})
    with pytest.raises(ZeroDivisionError):
        ours.update(fail_midway, doc_ids=[1])
    assert ours.all() == [{"list": []}]


def test_a_document_is_the_stores_own(tmp_path: Path) -> None:
    ours = table(tmp_path / "f")
    mine = {"list": [1]}
    ours.insert(mine)
    mine["list"].append(2)
    assert ours.all() == [{"list": [1]}]


def test_ids_of_two_writers_never_meet(tmp_path: Path) -> None:
    one, other = table(tmp_path / "f"), table(tmp_path / "f")
    assert [one.insert({}), other.insert({}), other.insert({}), one.insert({})] == [1, 2, 3, 4]


# --------------------------------------------------------------------------- transactions


def test_a_transaction_is_one_line_over_several_tables(tmp_path: Path) -> None:
    with JournalDB(tmp_path / "f") as db:
        journal = db.storage
        assert isinstance(journal, Journal)
        with journal.transaction():
            first = db.table("t").insert({"a": 1})
            db.table("u").insert({"b": 1})
            db.table("t").update({"a": 2}, doc_ids=[first])
            db.table("t").insert({"a": 3})
            db.table("t").remove(where("a") == 3)
            assert db.table("t").all() == [{"a": 2}]
            assert state(tmp_path / "f") is None  # to others nothing has happened
        assert commits(tmp_path / "f") == ['{"t":{"1":{"a":2}},"u":{"1":{"b":1}}}']


def test_an_exception_undoes_the_transaction(tmp_path: Path) -> None:
    with JournalDB(tmp_path / "f") as db:
        journal = db.storage
        assert isinstance(journal, Journal)
        db.insert({"a": 1})
        with pytest.raises(ZeroDivisionError), journal.transaction():
            db.insert({"a": 2})
            db.table("u").insert({"a": 3})
            raise ZeroDivisionError
        assert db.all() == [{"a": 1}]
        assert db.tables() == {"_default"}
        assert journal.lines == 1


def test_what_json_cannot_say_leaves_nothing_behind(tmp_path: Path) -> None:
    with JournalDB(tmp_path / "f") as db:
        db.insert({"a": 1})
        with pytest.raises(TypeError):
            db.insert({"a": object()})
        assert db.all() == [{"a": 1}]
        assert state(tmp_path / "f") == {"_default": {"1": {"a": 1}}}


def test_misuse_is_refused(tmp_path: Path) -> None:
    with JournalDB(tmp_path / "f") as db:
        journal = db.storage
        assert isinstance(journal, Journal)
        with pytest.raises(StoreError, match="transaction"):
            journal.change("t", {1: {}})
        with pytest.raises(StoreError, match="within a transaction"), journal.transaction():
            db.drop_tables()


# --------------------------------------------------------------------------- the file


def test_only_its_user_may_read_it(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        with TinyStore(tmp_path / "state" / "rsvp.json") as store:
            store.commit(Commit(done=(done(1),)))
            store.commit(Commit(done=(done(2),)))
            store.begin(1, 1)
            store.lock_daemon()
            store.compact()
    finally:
        os.umask(old)
    modes = {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in (tmp_path / "state").iterdir()}
    assert set(modes) == {"rsvp.json", "rsvp.json.lock", "rsvp.json.daemon.lock", "rsvp.json.in-hand"}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


def test_a_file_that_others_may_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "rsvp.json"
    path.write_text('{"t": {"1": {}}}')
    path.chmod(0o644)
    with closing(Journal(path)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file for another user")
def test_what_root_makes_belongs_to_the_owner_of_the_folder(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12345)
    with TinyStore(tmp_path / "rsvp.json") as store:
        for uid in range(3):
            store.commit(Commit(done=(done(uid),)))
        store.begin(1, 1)
        store.compact()
    assert {entry.stat().st_uid for entry in tmp_path.iterdir()} == {12345}


def test_compaction_leaves_one_line_that_plain_tinydb_reads_and_writes(tmp_path: Path) -> None:
    path = tmp_path / "rsvp.json"
    with TinyStore(path) as store:
        for number in range(5):
            store.commit(Commit(invitees=(invitee(f"i{number}", name="É\u2028\udc80"),), letters=(letter(),)))
        store.commit(Commit(erased=("i1",)))
        store.compact()
        assert path.read_bytes().count(b"\n") == 1
        store.commit(Commit(erased=("i2",)))
    with TinyDB(path) as plain:
        assert [doc["id"] for doc in plain.table("invitees")] == ["i0", "i3", "i4"]
        plain.table("invitees").remove(where("id") == "i3")
        plain.table("notes").insert({"by": "an admin"})
    with TinyStore(path) as store:
        assert [i.id for i in store.invitees()] == ["i0", "i4"]
        store.commit(Commit(done=(done(),)))
        assert path.read_bytes().count(b"\n") == 2
    with TinyDB(path) as plain:
        assert plain.table("notes").all() == [{"by": "an admin"}]


def test_a_plain_tinydb_file_is_opened_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "plain.json"
    with TinyDB(path) as plain:
        plain.table("t").insert_multiple([{"a": 1}, {"a": 2}])
    before = path.read_bytes()
    reader = Journal(path, read_only=True)
    assert path.read_bytes() == before
    ours = table(path)
    assert ours.all() == [{"a": 1}, {"a": 2}]
    assert ours.insert({"a": 3}) == 3
    assert ours.insert({"a": 4}) == 4
    assert path.read_bytes().startswith(before + b"\n")
    assert commits(path)[1:] == ['{"t":{"3":{"a":3}}}', '{"t":{"4":{"a":4}}}']
    seen = reader.read()
    assert seen is not None
    assert list(seen["t"]) == ["1", "2", "3", "4"]
    assert state(path) == seen


def fold(lines: bytes) -> Any:
    """The state after these lines, a second time and as simply as it can be said."""
    folded: dict[str, dict[str, Any]] = {}
    for line in lines.splitlines():
        for name, documents in json.loads(line).items():
            folded.setdefault(name, {}).update(documents)
            folded[name] = {doc_id: doc for doc_id, doc in folded[name].items() if doc is not None}
    return folded or None


def whole_commits(data: bytes) -> bytes:
    """The lines that count after a crash: all that are complete, and the last one where no more than its line end, or
    its whole checksum, is missing."""
    complete, _, last = data.rpartition(b"\n")
    text = last.rstrip(b" \t")
    counts = text.count(b"{") == text.count(b"}") and len(last) - len(text) in (0, 1, 32)
    return complete + b"\n" + (text if counts else b"")


@pytest.mark.parametrize("tail", [b"", b"\0" * 40, b"\0" * 40 + b"\n"], ids=["nothing", "zeros", "zeros and line end"])
def test_cut_anywhere_it_opens_at_a_committed_state_and_goes_on(tmp_path: Path, tail: bytes) -> None:
    """Behind the first line, which no crash can tear, as it is put in place whole."""
    path = tmp_path / "rsvp.json"
    ours = table(path)
    for number in range(4):
        ours.insert({"n": number, "text": "é\n" * number})
    ours.remove(doc_ids=[1, 3])
    ours.update({"n": 7}, doc_ids=[2])
    whole = path.read_bytes()
    for cut in range(whole.index(b"\n") + 1, len(whole) + 1):
        path.write_bytes(whole[:cut] + tail)
        expected = fold(whole[: whole.rfind(b"\n", 0, cut) + 1] if tail else whole_commits(whole[:cut]))
        with JournalDB(path) as db:
            assert db.storage.read() == expected
            db.table("after").insert({"cut": cut})
        assert state(path) == (expected or {}) | {"after": {"1": {"cut": cut}}}


def test_a_death_amid_the_first_commit_leaves_an_empty_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rsvp.json"
    ours, real = table(path), os.write

    def die(fd: int, data: bytes) -> int:
        real(fd, data[:7])
        raise KeyboardInterrupt

    with monkeypatch.context() as faulty:
        faulty.setattr(os, "write", die)
        with pytest.raises(KeyboardInterrupt):
            ours.insert({"n": 1})
    assert table(path).insert({"n": 2}) == 1
    assert state(path) == {"t": {"1": {"n": 2}}}


def test_a_last_commit_that_is_whole_counts_whatever_became_of_its_line_end(tmp_path: Path) -> None:
    path = tmp_path / "rsvp.json"
    ours = table(path)
    for number in range(3):
        ours.insert({"n": number})
    whole = path.read_bytes()
    for end in (b"", b"x", b" ", b"\t", b"\0"):
        path.write_bytes(whole[:-1] + end)
        assert state(path) == fold(whole)
        assert table(path).insert({"n": 3}) == 4
        assert len(state(path)["t"]) == 4


@pytest.mark.parametrize("at", [3, 12, -40, -2])
def test_one_zero_is_no_crash_but_damage(tmp_path: Path, at: int) -> None:
    """A crash leaves zeros for what was never written, and these are more."""
    path = tmp_path / "rsvp.json"
    ours = table(path)
    for number in range(3):
        ours.insert({"n": number})
    data = bytearray(path.read_bytes())
    start = data.rindex(b"\n", 0, -1) + 1
    data[start + at if at > 0 else at] = 0
    path.write_bytes(data)
    with pytest.raises(StoreError, match="line 3"):
        Journal(path)
    assert path.read_bytes() == data


@pytest.mark.parametrize("old", [b'{"n":1}', b'{"n":2}'])
def test_a_changed_digit_is_noticed(tmp_path: Path, old: bytes) -> None:
    path = tmp_path / "rsvp.json"
    ours = table(path)
    for number in range(3):
        ours.insert({"n": number})
    path.write_bytes(path.read_bytes().replace(old, b'{"n":7}'))
    with pytest.raises(StoreError, match="is damaged"):
        Journal(path, read_only=True)


@pytest.mark.parametrize("tail", [b"", b"\0" * 40, b"\0" * 40 + b"\n"], ids=["nothing", "zeros", "zeros and line end"])
@pytest.mark.parametrize("plain", [False, True], ids=["ours", "plain TinyDB's"])
def test_a_first_line_that_is_not_whole_is_no_new_store(tmp_path: Path, tail: bytes, plain: bool) -> None:
    """Half a copy of a compacted store must not be taken for a store that was just begun, and be cut off."""
    path = tmp_path / "rsvp.json"
    with TinyDB(path) if plain else JournalDB(path) as db:
        db.insert_multiple([{"n": 1}, {"n": 2}])
    whole = path.read_bytes().rstrip()
    for cut in range(1, len(whole)):
        path.write_bytes(whole[:cut] + tail)
        for read_only in (False, True):
            with pytest.raises(StoreError, match=r"line 1 \(at byte 0\) is damaged"):
                Journal(path, read_only=read_only)
        assert path.read_bytes() == whole[:cut] + tail


def test_cutting_off_is_logged_without_what_was_cut(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "rsvp.json"
    table(path).insert({"name": "Ada"})
    with path.open("ab") as file:
        file.write(b'{"t":{"2":{"name":"Gra')
    with caplog.at_level(logging.WARNING):
        assert table(path).all() == [{"name": "Ada"}]
    assert "22 bytes" in caplog.text
    assert "Gra" not in caplog.text


def test_damage_refuses_to_start(tmp_path: Path) -> None:
    """Each byte of the last two lines, the line ends too, made into one that JSON never has."""
    path = tmp_path / "rsvp.json"
    ours = table(path)
    for number in range(3):
        ours.insert({"n": number})
    whole = path.read_bytes()
    second = whole.index(b"\n") + 1
    third = whole.index(b"\n", second) + 1
    for position in range(second, len(whole) - 1):
        broken = bytearray(whole)
        broken[position] ^= 0x80
        path.write_bytes(broken)
        line = f"{path}: line 2 .at byte {second}." if position < third else f"{path}: line 3 .at byte {third}."
        for read_only in (False, True):
            with pytest.raises(StoreError, match=line) as refused:
                Journal(path, read_only=read_only)
            assert "rsvpbot repair" in str(refused.value)
        assert path.read_bytes() == broken


@pytest.mark.parametrize(
    "line",
    [b"[]", b'{"t":[]}', b'{"t":{"1":7}}', b'{"t":{"one":{}}}', b'{"t":7}', b"7", b"[" * 200_000],
    ids=["list", "table a list", "document a number", "id a word", "table a number", "number", "deep"],
)
def test_a_line_of_another_shape_is_damage_too(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "rsvp.json"
    path.write_bytes(b'{"t":{}}\n' + line + b'\n{"t":{}}\n')
    with pytest.raises(StoreError, match="line 2"):
        Journal(path)


def test_a_refusal_leaves_nothing_open(tmp_path: Path) -> None:
    path = tmp_path / "rsvp.json"
    path.write_bytes(b"rubbish\n")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for read_only in (False, True):
        with pytest.raises(StoreError):
            TinyStore(path, read_only=read_only)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_damage_that_appears_while_running_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "rsvp.json"
    ours = table(path)
    ours.insert({"n": 1})
    with path.open("ab") as file:
        file.write(b'rubbish\n{"t":{"2":{}}}\n')
    with pytest.raises(StoreError, match="line 2"):
        ours.insert({"n": 2})


def test_a_file_that_was_taken_away_is_not_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "rsvp.json"
    ours = table(path)
    ours.insert({"n": 1})
    path.unlink()
    with pytest.raises(StoreBroken, match="taken away"):
        ours.insert({"n": 2})
    assert not path.exists()


def test_a_file_that_got_shorter_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "rsvp.json"
    ours = table(path)
    ours.insert({"n": 1})
    end = path.stat().st_size
    ours.insert({"n": 2})
    os.truncate(path, end)
    assert ours.all() == [{"n": 1}]


def test_a_reader_leaves_alone_what_another_is_just_writing(tmp_path: Path) -> None:
    path = tmp_path / "rsvp.json"
    table(path).insert({"n": 1})
    reader = Journal(path, read_only=True)
    with path.open("ab", buffering=0) as file:
        for piece in (b'{"t":{"2"', b':{"n":2}}', b"}", b"\n"):
            assert reader.read() == {"t": {"1": {"n": 1}}}
            file.write(piece)
    assert reader.read() == {"t": {"1": {"n": 1}, "2": {"n": 2}}}


def test_read_only_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "none" / "rsvp.json"
    with TinyStore(path, read_only=True) as store:
        store.refresh()
        assert store.invitees() == ()
        for write in (lambda: store.commit(Commit()), store.lock_daemon, lambda: store.begin(1, 1)):
            with pytest.raises(StoreError, match="read only"):
                write()
        assert not store.tidy()
        assert not store.daemon_runs()
        assert not path.parent.exists()
        with TinyStore(path) as writer:
            writer.commit(Commit(done=(done(),)))
        store.refresh()
        assert store.done(1, 1) == done()
    assert path.read_bytes().count(b"\n") == 1


def test_who_holds_the_store_too_long_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "rsvp.json"
    ours = Journal(path, patience=0.02)
    with Journal(path).hold(), pytest.raises(StoreError, match="another process"):
        ours.compact()
    ours.compact()


def test_a_lock_is_held_once(tmp_path: Path) -> None:
    one, other = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert one.acquire()
    assert one.acquire()
    assert not other.acquire()
    one.release()
    assert other.acquire(0.5)
    other.close()
    assert one.acquire()


# --------------------------------------------------------------------------- faults


def failing(error: int, *, times: int = 1) -> Callable[..., int]:
    """A system call that fails so many times."""

    def fail(*_: object) -> int:
        nonlocal times
        times -= 1
        if times >= 0:
            raise OSError(error, os.strerror(error))
        return 0

    return fail


@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC])
def test_after_a_failed_sync_nothing_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int) -> None:
    path = tmp_path / "rsvp.json"
    store = TinyStore(path)
    store.commit(Commit(done=(done(1),)))
    with monkeypatch.context() as faulty:
        faulty.setattr(os, "fdatasync", failing(error))
        with pytest.raises(StoreBroken, match="did not confirm"):
            store.commit(Commit(done=(done(2),)))
    uses: list[Callable[[], object]] = [store.refresh, store.compact, lambda: store.commit(Commit(done=(done(3),)))]
    for use in uses:
        with pytest.raises(StoreBroken, match="start again"):
            use()
    assert store.done(1, 2) is None
    store.close()
    with TinyStore(path) as again:
        assert again.done(1, 1) == done(1)
        assert again.done(1, 2) is again.done(1, 3) is None


def test_half_a_line_that_cannot_be_taken_back_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rsvp.json"
    ours = table(path)
    ours.insert({"n": 1})
    real = os.write
    with monkeypatch.context() as faulty:
        faulty.setattr(os, "write", lambda fd, data: real(fd, data[:5]) if len(data) > 15 else failing(errno.ENOSPC)())
        faulty.setattr(os, "ftruncate", failing(errno.EIO))
        with pytest.raises(StoreBroken, match="taken back"):
            ours.insert({"n": 2})
    with pytest.raises(StoreBroken):
        ours.insert({"n": 3})
    assert state(path) == {"t": {"1": {"n": 1}}}
    assert table(path).insert({"n": 4}) == 2


def test_a_write_in_pieces_is_one_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, data[:3]))
    table(tmp_path / "f").insert({"text": "long enough"})
    assert state(tmp_path / "f") == {"t": {"1": {"text": "long enough"}}}


def test_a_compaction_without_room_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "rsvp.json"
    store = TinyStore(path)
    for uid in range(3):
        store.commit(Commit(done=(done(uid),)))
    with monkeypatch.context() as faulty:
        faulty.setattr(os, "fsync", failing(errno.ENOSPC, times=3))
        faulty.setattr(journal_module, "WORTH_COMPACTING", 0)
        with pytest.raises(StoreError, match="nothing is lost"):
            store.compact()
        assert not store.tidy()
        store.commit(Commit(done=(done(7),)))
        store.close()
    assert caplog.text.count("not compacted") == 1  # who asked for it was told, and is not told again at the end
    assert not path.with_name("rsvp.json.new").exists()
    with TinyStore(path) as again:
        assert again.done(1, 2) == done(2)
        assert again.done(1, 7) == done(7)


def test_a_compacted_file_whose_folder_is_not_synced_is_not_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = table(tmp_path / "f")
    for number in range(3):
        ours.insert({"n": number})
    journal = ours.storage
    assert isinstance(journal, Journal)
    with monkeypatch.context() as faulty:
        faulty.setattr(journal_module, "sync_folder", failing(errno.EIO))
        with pytest.raises(StoreBroken, match="the new file"):
            journal.compact()
    with pytest.raises(StoreBroken):
        ours.insert({"n": 3})
    assert len(table(tmp_path / "f")) == 3


def test_what_an_interrupted_compaction_left_is_swept_away(tmp_path: Path) -> None:
    path = tmp_path / "rsvp.json"
    ours = table(path)
    ours.insert({"n": 1})
    path.with_name("rsvp.json.new").write_text("Ada Lovelace")
    ours.insert({"n": 2})
    journal = ours.storage
    assert isinstance(journal, Journal)
    journal.compact()
    assert not path.with_name("rsvp.json.new").exists()


def test_it_is_tidied_when_the_tail_outgrows_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "WORTH_COMPACTING", 300)
    with TinyStore(tmp_path / "rsvp.json") as store:
        done_so = []
        for uid in range(60):
            store.commit(Commit(done=(done(uid),)))
            done_so.append(store.tidy())
        assert 1 < sum(done_so) < 10
        assert [store.done(1, uid) for uid in range(60)] == [done(uid) for uid in range(60)]


# --------------------------------------------------------------------------- groups


def test_a_group_is_one_line_and_one_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, real = tmp_path / "rsvp.json", os.fdatasync
    synced: list[int] = []

    def sync(fd: int) -> None:
        real(fd)
        synced.append(fd)

    monkeypatch.setattr(os, "fdatasync", sync)
    with TinyStore(path) as store:
        store.commit(Commit(done=(done(1),)))
        with store.group():
            pass
        assert path.read_bytes().count(b"\n") == 1
        with store.group():
            for uid in range(5):
                store.commit(Commit(done=(done(uid, outcome="first"),)))
                store.commit(Commit(done=(done(uid),)))
        assert len(synced) == 1
        assert path.read_bytes().count(b"\n") == 2
        assert b"first" not in path.read_bytes()
        monkeypatch.setattr(tinydb_module, "KEPT", 0)
        store.commit(Commit(done=(done(7),)))
        assert [store.done(1, uid) for uid in range(5)] == [done(uid) for uid in range(5)]


@pytest.mark.parametrize("first", [True, False])
def test_a_group_that_finds_no_room_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: bool
) -> None:
    with TinyStore(tmp_path / "rsvp.json") as store:
        if not first:
            store.commit(Commit(done=(done(1),)))
        group = store.group()
        group.__enter__()
        store.commit(Commit(done=(done(1, outcome="changed"), done(2))))
        with monkeypatch.context() as faulty:
            faulty.setattr(os, "write", failing(errno.ENOSPC, times=9))
            with pytest.raises(StoreError, match="make room") as refused:
                group.__exit__(None, None, None)
        assert not isinstance(refused.value, StoreBroken)
        assert store.done(1, 1) == (None if first else done(1))
        assert store.done(1, 2) is None
        store.commit(Commit(done=(done(3),)))
    with TinyStore(tmp_path / "rsvp.json") as store:
        assert (store.done(1, 2), store.done(1, 3)) == (None, done(3))


def test_a_group_that_is_not_confirmed_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = TinyStore(tmp_path / "rsvp.json")
    store.commit(Commit(done=(done(1),)))
    with monkeypatch.context() as faulty:
        faulty.setattr(os, "fdatasync", failing(errno.EIO))
        with pytest.raises(StoreBroken, match="did not confirm"), store.group():
            store.commit(Commit(done=(done(2),)))
    assert (store.done(1, 1), store.done(1, 2)) == (done(1), None)
    with pytest.raises(StoreBroken):
        store.commit(Commit(done=(done(3),)))


def test_a_group_that_cannot_be_undone_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = TinyStore(tmp_path / "rsvp.json")
    store.commit(Commit(done=(done(1),)))
    with monkeypatch.context() as faulty, pytest.raises(StoreBroken, match="never recorded"), store.group():
        store.commit(Commit(done=(done(2),)))
        faulty.setattr(os, "open", failing(errno.EMFILE, times=9))
        raise ZeroDivisionError
    for use in (store.refresh, store.compact):
        with pytest.raises(StoreBroken):
            use()
    store.close()
    with TinyStore(tmp_path / "rsvp.json") as again:
        assert (again.done(1, 1), again.done(1, 2)) == (done(1), None)


# --------------------------------------------------------------------------- opening


@pytest.mark.parametrize(
    ("url", "message"),
    [("redis:x", 'no store "redis"'), ("tinydb:", "path is missing"), ("", "path is missing")],
)
def test_a_wrong_url_is_explained(tmp_path: Path, url: str, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        open_store(url, tmp_path)


@pytest.mark.parametrize("url", ["tinydb:a.json", "a.json", "tinydb:{}/a.json", "{}/a.json"])
def test_urls(tmp_path: Path, url: str) -> None:
    with open_store(url.format(tmp_path), tmp_path) as store:
        store.commit(Commit(done=(done(),)))
    assert (tmp_path / "a.json").exists()


def test_a_path_that_cannot_be_used_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match=r"folder is a folder; name a file in it"):
        TinyStore(tmp_path / "folder", read_only=True)
    for path, read_only in (("file/rsvp.json", False), ("folder", False), ("folder", True), ("file/x", True)):
        with pytest.raises(StoreError, match=str(tmp_path)):
            TinyStore(tmp_path / path, read_only=read_only)


def test_side_files_that_cannot_be_opened_are_explained(tmp_path: Path) -> None:
    for name in ("rsvp.json.in-hand", "rsvp.json.daemon.lock"):
        (tmp_path / name).mkdir()
    store = TinyStore(tmp_path / "rsvp.json")
    with pytest.raises(StoreError, match="in-hand"):
        store.begin(1, 1)
    with pytest.raises(StoreError, match=r"daemon\.lock"):
        store.lock_daemon()
    store.close()
    (tmp_path / "loop.json.daemon.lock").symlink_to("loop.json.daemon.lock")
    with TinyStore(tmp_path / "loop.json", read_only=True) as reader, pytest.raises(StoreError, match=r"daemon\.lock"):
        reader.daemon_runs()
    (tmp_path / "dir.json.lock").mkdir()
    with pytest.raises(StoreError, match=r"dir\.json\.lock is a folder; move it away"):
        TinyStore(tmp_path / "dir.json")


def test_a_note_that_makes_no_sense_is_none(tmp_path: Path) -> None:
    (tmp_path / "rsvp.json.in-hand").write_bytes(b"\xff what is this")
    with TinyStore(tmp_path / "rsvp.json") as store:
        assert store.interrupted() is None


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rsvp.json"
    with TinyStore(path) as store:
        store.commit(Commit(done=(done(),)))
        text = path.read_text()
        with path.open("a") as file:
            file.write('{"version":{"1":{"schema":2}}}\n')
        with pytest.raises(StoreError, match="upgrade rsvpbot"):
            store.refresh()  # another process was upgraded while this one ran
        with pytest.raises(StoreError, match="upgrade rsvpbot"):
            TinyStore(path, read_only=True)
        path.write_text(text.rstrip().replace('"schema":1', '"schema":"x"'))
        with pytest.raises(StoreError, match="schema is x"):
            TinyStore(path)


def test_another_programs_documents_are_explained(tmp_path: Path) -> None:
    path = tmp_path / "rsvp.json"
    path.write_text('{"invitees": {"1": {"who": "Ada"}}}')
    with pytest.raises(StoreError, match="another program's file"):
        TinyStore(path)
    path.write_text('{"invitees": {"1": {"id": "a", "addresses": [], "calendar_uid": "u", "seats": "Ada"}}}')
    with TinyStore(path) as store, pytest.raises(StoreError, match=r"Invitee\.seats") as refused:
        store.invitees()
    assert "Ada" not in str(refused.value)


def test_tables_of_others_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "rsvp.json"
    path.write_text('{"notes": {"1": {"text": "kept"}}}')
    with TinyStore(path) as store:
        store.commit(Commit(done=(done(1),)))
        store.commit(Commit(done=(done(2),)))
    with TinyDB(path) as plain:
        assert plain.table("notes").all() == [{"text": "kept"}]


@pytest.mark.parametrize("collecting", [True, False])
def test_loading_leaves_garbage_collection_as_it_was(tmp_path: Path, collecting: bool) -> None:
    path = tmp_path / "rsvp.json"
    table(path).insert_multiple([{} for _ in range(20)])
    before = gc.isenabled()
    try:
        (gc.enable if collecting else gc.disable)()
        Journal(path)
        assert gc.isenabled() is collecting
    finally:
        (gc.enable if before else gc.disable)()


def test_a_thread_waits_for_anothers_transaction(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "f")
    order: list[str] = []
    inside = threading.Event()

    def other() -> None:
        inside.wait()
        with journal.hold():
            order.append("other")

    thread = threading.Thread(target=other)
    thread.start()
    with journal.hold():
        inside.set()
        thread.join(0.02)
        order.append("first")
    thread.join()
    assert order == ["first", "other"]
