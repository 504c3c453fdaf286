"""A compact file is opened without decoding it, and each index reads the documents at its first question."""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.store import caused
from rsvpbot.model import Folder, LetterState
from rsvpbot.store import line as line_module
from rsvpbot.store import tinydb as tinydb_module
from rsvpbot.store.base import Commit, StoreBroken, StoreError
from rsvpbot.store.contents import Contents
from rsvpbot.store.index import only, without
from rsvpbot.store.line import Columns, next_line, written
from rsvpbot.store.tinydb import TinyStore

NOON = datetime(2016, 9, 12, 12, 0, tzinfo=UTC)


def tables(keys: str, characters: str) -> st.SearchStrategy[dict[str, dict[int, dict[str, Any]]]]:
    texts, names = st.text(st.sampled_from(characters), max_size=12), st.sampled_from(keys.split())
    values = st.recursive(
        st.none() | st.booleans() | st.integers(0, 12) | texts,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
        max_leaves=8,
    )
    docs = st.dictionaries(st.integers(1, 10**9), st.dictionaries(names, values, max_size=4), max_size=5)
    return st.dictionaries(st.sampled_from(("replies", "7", 'a"b', "é")), docs, max_size=4)


def listed(columns: dict[str, Columns]) -> dict[str, list[tuple[int, ...]]]:
    return {name: list(zip(*table, strict=True)) for name, table in columns.items()}


def told(data: bytes, offset: int) -> dict[str, list[tuple[int, ...]]]:
    """The same, by decoding."""
    line = next_line(data, 0, first=True)
    assert line is not None
    found: dict[str, list[tuple[int, ...]]] = {}
    for name, doc_id, place, _ in line.entries(offset):
        found.setdefault(name, [])
        if place is not None:
            found[name].append((doc_id, *place))
    return found


@given(tables("1 2 12 a", '",:\\\\1aé \\n') | tables("a id text", '{}",:\\\\1aé \\n'), st.integers(0, 2**40))
def test_where_documents_stand_is_known_without_decoding_them(found: dict[str, Any], offset: int) -> None:
    """Or it is not known, and they are decoded: whatever braces and quotation marks stand in them."""
    data, _ = written({name: dict(sorted(docs.items())) for name, docs in found.items()})
    line = next_line(data, 0, first=True)
    assert line is not None
    columns = line.columns(offset)
    assert columns is None or listed(columns) == told(data, offset)


NESTED: list[dict[str, Any]] = [
    {"id": "a", "text": "a smile :-} and } more {{"},
    {"id": "a", "parts": {"1": {"x": 1}, "2": {"y": {}}}, "then": {"1": {}}},
    {"id": "a", "text": '},"3":{', "last": "\\"},
    {"id": "a", "figures": {}, "answer": {"order": {"at": 1}}, "reading": {}},
    {},
]


@pytest.mark.parametrize("doc", NESTED)
def test_what_looks_like_an_end_is_none(doc: dict[str, Any]) -> None:
    big = {"id": "b", "text": "{" * 9_000}
    data, _ = written({"empty": {}, "replies": {3: doc, 4: big, 9: doc}, "trials": {}, "5": {1: doc}})
    line = next_line(data, 0, first=True)
    assert line is not None
    columns = line.columns()
    assert columns is not None and listed(columns) == told(data, 0)


def checked(line: bytes) -> bytes:
    return line + line_module._checksum(zlib.crc32(line)) + b"\n"


@pytest.mark.parametrize(
    "line",
    [
        b'{"t":{"2":{}},"t":{"3":{}}}',
        b'{"t":{"2":{},"1":{}}}',
        b'{"t":{"2":{},"2":{}}}',
        b'{"t":{"2":null,"3":{}}}',
        b'{"t":{"2":{},"3":null}}',
        b'{"t":{"2":{},"3":null,"4":{}}}',
        b'{"t":{"2":{},"3":7,"4":{}}}',
        b'{"t":{"2":{},"3":null},"u":{"1":{}},"v":{"1":{}}}',
        b'{"t":{"2":{}},"u":{"1":null},"v":{"1":{}},"w":{"1":{}}}',
        b'{"t":{"2":{}}}}',
        b'{"t":{"2":{},}}',
        b'{"t":{"2":7}}',
        b'{"t":{"2":{}}',
        b'{"t": {"2": {}}}',
        b'{"t":{"2":{"a":"\xc3\xa9"}}}',
        b"{}",
    ],
)
def test_what_is_not_as_compaction_leaves_it_is_decoded(line: bytes) -> None:
    whole = checked(line)
    found = next_line(whole, 0, first=True)
    assert found is not None and found.columns() is None


# --------------------------------------------------------------------------- the store


QUESTIONS: list[Callable[[TinyStore], object]] = [
    TinyStore.headcount,
    TinyStore.seats_taken,
    TinyStore.standby,
    TinyStore.last_to_wait,
    lambda store: store.waiting_before(NOON),
    lambda store: store.invitee_by_address("delegate.7@mission-7.example"),
    lambda store: store.invitee_by_address("deputy@x.example"),
    lambda store: len(store.invitees_by_domain("mission-7.example")),
    TinyStore.invitees,
    TinyStore.replies,
    TinyStore.open_replies,
    lambda store: store.replies("i0000007"),
    TinyStore.letters,
    lambda store: store.letters(LetterState.QUEUED, LetterState.FAILED),
    TinyStore.letter_tally,
    TinyStore.uncopied,
    lambda store: store.letters_to("i0000007"),
    lambda store: store.answers_since(NOON),
    TinyStore.tally,
    lambda store: store.tally(NOON + timedelta(seconds=90)),
    TinyStore.failed,
    lambda store: store.unfiled(1),
    lambda store: store.done(1, 7),
    lambda store: store.done_digest(f"{7:064x}"),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A compact file of some more documents than are kept in hand, and commits behind it."""
    file = tmp_path / "rsvp.json"
    with TinyStore(file) as store:
        store.commit(some(range(200)))
        store.compact()
    with TinyStore(file) as store:
        store.commit(some(range(150, 230), changed=True))
        store._db.close()  # as a death does it: nothing is made compact
    return file


def some(numbers: range, *, changed: bool = False) -> Commit:
    dice = random.Random(numbers.start)
    made = [caused(number, 200) for number in numbers]
    states = (LetterState.SENT, LetterState.QUEUED, LetterState.FAILED) if changed else (LetterState.SENT,)
    return Commit(
        invitees=tuple(
            replace(
                one,
                bounced=dice.choice(("", "no such mailbox")),
                answer=one.answer
                and replace(
                    one.answer,
                    standby=dice.choice((None, NOON + timedelta(seconds=dice.randrange(9)))),
                    offered_until=dice.choice((None, NOON)),
                ),
            )
            for batch in made
            for one in batch.invitees
        ),
        replies=tuple(replace(one, open=dice.random() < 0.2) for batch in made for one in batch.replies),
        letters=tuple(replace(one, state=dice.choice(states)) for batch in made for one in batch.letters),
        done=tuple(
            replace(one, filed=dice.random() < 0.9, folder=dice.choice(list(Folder)))
            for batch in made
            for one in batch.done
        ),
    )


@pytest.fixture
def at_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TinyStore]:
    """A store that was told of every document when it was opened."""
    with monkeypatch.context() as patched:
        patched.setattr(tinydb_module._Keeper, "there", lambda *_: False)
        store = TinyStore(path, read_only=True)
    with store:
        yield store


def late(store: TinyStore) -> int:
    shelves = store._view.shelves.values()
    return sum(index.late is not None for shelf in shelves for index in shelf._indexes)


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("read_only", [True, False])
def test_every_question_is_answered_as_if_all_had_been_read(
    path: Path, at_once: TinyStore, question: Callable[[TinyStore], object], read_only: bool
) -> None:
    with TinyStore(path, read_only=read_only) as store:
        assert late(store) and not late(at_once)
        assert question(store) == question(at_once)


@pytest.mark.parametrize("question", QUESTIONS)
def test_and_after_what_is_committed_before_it_is_asked(
    path: Path, at_once: TinyStore, question: Callable[[TinyStore], object]
) -> None:
    with TinyStore(path) as store, TinyStore(path, read_only=True) as reader:
        store.commit(some(range(100, 300, 3), changed=True))
        reader.refresh()
        at_once.refresh()
        assert late(reader)
        assert question(store) == question(reader) == question(at_once)


def test_what_is_asked_within_a_group_is_not_on_disk_yet(path: Path) -> None:
    with TinyStore(path) as store, store.group():
        store.commit(some(range(400, 410)))
        assert len(store.replies()) == 240
        assert store.done(1, 405) is not None


def test_who_only_reads_has_those_read_that_are_asked(path: Path) -> None:
    with TinyStore(path, read_only=True) as store:
        before = late(store)
        store.headcount()
        assert late(store) == before - 1
    with TinyStore(path) as store:
        store.seats_taken()
        assert not any(index.late for index in store._view.invitees._indexes)


@pytest.mark.parametrize("read_only", [True, False])
def test_what_goes_bad_before_it_is_asked_is_not_believed(path: Path, read_only: bool) -> None:
    """Nor after it was found: the index has not taken half of the documents for all."""
    with TinyStore(path, read_only=read_only) as store:
        data = path.read_bytes()
        bad = data.replace(b'"state":"sent"', b'"state":"held"', 1)
        assert bad != data
        with path.open("r+b") as file:
            file.write(bad)
        for _ in range(2):
            with pytest.raises(StoreBroken, match="check the disk"):
                store.letter_tally()
        with path.open("r+b") as file:
            file.write(data)
        assert sum(store.letter_tally().values()) == 230


def test_a_document_that_is_none_is_told(tmp_path: Path) -> None:
    path = tmp_path / "rsvp.json"
    path.write_bytes(checked(b'{"version":{"1":{"schema":1}},"trials":{"1":{"a":[},"2":{"b":1}}}'))
    with TinyStore(path, read_only=True) as store, pytest.raises(StoreError, match="holds a document that is none"):
        store.trials()


def test_a_document_of_another_program_is_told(tmp_path: Path) -> None:
    path = tmp_path / "rsvp.json"
    path.write_bytes(written({"version": {1: {"schema": 1}}, "invitees": {1: {"name": "x"}}})[0])
    with TinyStore(path, read_only=True) as store, pytest.raises(StoreError, match="not one that rsvpbot wrote"):
        store.invitee("a")


def test_a_table_that_is_not_ours_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "rsvp.json"
    path.write_bytes(written({"version": {1: {"schema": 1}}, "guests": {1: {"name": "x"}}})[0])
    with TinyStore(path, read_only=True) as store:
        assert not late(store)


def test_documents_are_read_in_the_order_of_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not one by one."""
    reads: list[int] = []
    real = Contents._pread

    def noted(self: Contents, size: int, begin: int) -> bytes:
        reads.append(begin)
        return real(self, size, begin)

    with TinyStore(path, read_only=True) as store:
        monkeypatch.setattr(Contents, "_pread", noted)
        texts = dict(store._view.letters._contents.texts("letters"))
        assert len(reads) < 10 and reads == sorted(reads)
        monkeypatch.undo()
        found = {i: store._journal.document("letters", i) for i in texts}
        assert {i: json.loads(text) for i, text in texts.items()} == found
        assert len(found) == 230


# --------------------------------------------------------------------------- what a text says

WORDS = st.sampled_from(("sent", "", 'a "state":"x"', "\\", "é", '"open":true'))


@given(
    st.fixed_dictionaries({}, optional={"a": WORDS, "state": WORDS | st.just({"x": 1}), "in": st.just({"state": "no"})})
)
def test_a_field_is_what_the_document_has_there_or_not_known(doc: dict[str, Any]) -> None:
    value = only("state")(line_module.encoded(doc))
    assert value is None or (("in" in doc) != ("state" in doc) and value == {**doc.get("in", {}), **doc}["state"])
    if doc.get("state") == "sent" and "in" not in doc:
        assert value == "sent"


@given(st.dictionaries(st.sampled_from(("open", "text")), st.booleans() | WORDS))
def test_what_has_no_such_field_says_nothing(doc: dict[str, Any]) -> None:
    said = without(b'"open":true', b'"never":')(line_module.encoded(doc))
    assert said == (None if doc.get("open") is True else ())
