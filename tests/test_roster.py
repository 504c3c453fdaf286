"""The list of invitees: what is read from a CSV, and how it is merged into a record with answers."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from rsvpbot.config import Config, InviteesConfig, MailboxConfig
from rsvpbot.model import Answer, Event, Invitee, Order, PartStat
from rsvpbot.roster import Merge, Row, address_hash, calendar_uid, forgotten_by, merge, read_list
from rsvpbot.store import open_store
from rsvpbot.store.base import Commit, Store

NEW_YORK = ZoneInfo("America/New_York")
UID = "roundtable-2016-09-20@roundtable.example"
HEADER = "email,name,organisation,category,language,seats,grounds_pass\n"

List = Callable[[str | bytes], tuple[tuple[Row, ...], dict[str, str]]]


@pytest.fixture
def listed(tmp_path: Path) -> List:
    """Writes a list and reads it: the rows, and by line what is wrong."""

    def read(content: str | bytes) -> tuple[tuple[Row, ...], dict[str, str]]:
        path = tmp_path / "invitees.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        rows, problems = read_list(path)
        assert all(problem.file == str(path) for problem in problems)
        return rows, {problem.key: f"{problem.wrong}; {problem.right}" for problem in problems}

    return read


SKIPPED = (Row(2, ("a@x.example",), skipped=True),)
FULL = Row(2, ("a@x.example", "b@x.example"), "Ruth Keller", "Mission", "delegation", "fr", 3, True)


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (HEADER + "A@x.example b@x.example,Ruth Keller,Mission,delegation,FR,3,yes\n", (FULL,)),
        (
            "Name;E-Mail;Grounds pass;Seats;Language;Category;Organization\r\n"
            "Ruth  Keller;\"a@x.example; b@x.example\";YES;3;fr;delegation;Mission\r\n",
            (FULL,),
        ),
        ("\ufeffemail\nc@x.example\n\n  \nd@x.example", (Row(2, ("c@x.example",)), Row(5, ("d@x.example",)))),
        ("email\tname\nc@x.example\tR. K.\n", (Row(2, ("c@x.example",), "R. K."),)),
        ('email,name\nc@x.example,"Two\nlines"\nd@x.example,D\n', (
            Row(2, ("c@x.example",), "Two lines"), Row(4, ("d@x.example",), "D"))),
        ("email,name\nc@x.example\n", (Row(2, ("c@x.example",)),)),
        ("email,name,phone\nc@x.example,C,123\n", (Row(2, ("c@x.example",), "C"),)),
        ("email,name\nmailto:<c@x.example>,Jos\xe9\n".encode("windows-1252"), (Row(2, ("c@x.example",), "José"),)),
        ("email,name\nc@x.example,Иван\n".encode("utf-16"), (Row(2, ("c@x.example",), "Иван"),)),
        ("email,grounds_pass\na@x.example,no\nb@x.example,X\nc@x.example, \n", (
            Row(2, ("a@x.example",), grounds_pass=False), Row(3, ("b@x.example",), grounds_pass=True),
            Row(4, ("c@x.example",)))),
    ],
)  # fmt: skip
def test_good_lists(listed: List, content: str | bytes, rows: tuple[Row, ...]) -> None:
    assert listed(content) == (rows, {})


@pytest.mark.parametrize(
    ("content", "line", "words", "rows"),
    [
        ("", "line 1", "the list is empty", ()),
        ("name,phone\nR,1\n", "line 1", 'no column "email"', ()),
        ("email,name,nmae\na@x.example,A,B\n", "line 1", 'did you mean "name"?', (Row(2, ("a@x.example",), "A"),)),
        ("email,email\na@x.example,b@x.example\n", "line 1", "stands there twice", (Row(2, ("a@x.example",)),)),
        ("email\nnobody\nb@x.example\n", "line 2", "is not an e-mail address", (Row(3, ("b@x.example",)),)),
        ("email,name\n,Ruth\n", "line 2", "names no e-mail address", ()),
        ("email\na@x.example b@\n", "line 2", '"b@" is not an e-mail address', (Row(2, ("a@x.example",)),)),
        ("email,seats\na@x.example,two\n", "line 2", 'seats: "two" is not a number', SKIPPED),
        ("email,seats\na@x.example,0\n", "line 2", "no possible number of seats", SKIPPED),
        ("email,language\na@x.example,Frensh\n", "line 2", 'write "fr"', SKIPPED),
        ("email,grounds_pass\na@x.example,maybe\n", "line 2", "yes, no, or nothing", SKIPPED),
        ("email,name\na@x.example,\x07\n", "line 2", "control character", SKIPPED),
        ("email,name\na@x.example," + "x" * 301 + "\n", "line 2", "write at most 300", SKIPPED),
        ("email,name\na@x.example,Keller, Ruth\n", "line 2", "has 3 cells, the header 2", SKIPPED),
        ("email\na@x.example\nA@X.example\n", "line 3", "a@x.example stands in line 2", (Row(2, ("a@x.example",)),)),
        (
            "email\na@x.example\na@x.example b@x.example\n", "line 3", "stands in line 2 already",
            (Row(2, ("a@x.example",)), Row(3, ("b@x.example",))),
        ),
        (
            'email,name\na@x.example,"Ruth\nb@x.example,B\n', "line 2", "quotation mark",
            (Row(2, ("a@x.example",), skipped=True), Row(3, ("b@x.example",), "B")),
        ),
    ],
)  # fmt: skip
def test_a_bad_row_is_told_with_its_line(
    listed: List, content: str, line: str, words: str, rows: tuple[Row, ...]
) -> None:
    read, problems = listed(content)
    assert read == rows
    assert list(problems) == [line]
    assert words in problems[line]


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (
            "Liste des invités;;\n;;\nNom;Prénom;Courriel;Langue;Badge\nMOREAU;Aline;a@x.example;Français;oui\n",
            (Row(4, ("a@x.example",), "Aline MOREAU", language="fr", grounds_pass=True),),
        ),
        (
            "Nombre y apellidos,Correo electrónico,Organización,Idioma\nAna Silva,a@x.example,\"Red, S.A.\",español\n",
            (Row(2, ("a@x.example",), "Ana Silva", "Red, S.A.", language="es"),),
        ),
        (
            "ФИО;Эл. почта;Организация;Язык;Пропуск\nАнна Лебедева;a@x.example;Фонд;русский;нет\n",
            (Row(2, ("a@x.example",), "Анна Лебедева", "Фонд", language="ru", grounds_pass=False),),
        ),
        (
            "الاسم,البريد الإلكتروني,الجهة\nسامي حداد,a@x.example,مركز\n",
            (Row(2, ("a@x.example",), "سامي حداد", "مركز"),),
        ),
        ("姓名\t电子邮箱\t单位\t语言\n李文博\ta@x.example\t研究所\t中文\n", (
            Row(2, ("a@x.example",), "李文博", "研究所", language="zh"),)),
        ("First Name,Last Name,E-Mail\nAda,Lovelace,a@x.example\n", (Row(2, ("a@x.example",), "Ada Lovelace"),)),
    ],
)  # fmt: skip
def test_columns_are_known_in_any_order_and_many_languages(listed: List, content: str, rows: tuple[Row, ...]) -> None:
    assert listed(content) == (rows, {})


def test_without_a_header_an_address_is_known_by_its_look(listed: List) -> None:
    rows, problems = listed("Ada,a@x.example\nBob,b@x.example\n")
    assert rows == (Row(1, ("a@x.example",)), Row(2, ("b@x.example",)))
    assert "column 2 holds addresses" in problems["line 1"]
    rows, problems = listed("Név,Cím\nAda,a@x.example\n")
    assert rows == (Row(2, ("a@x.example",)),) and "column 2 holds addresses" in problems["line 2"]


def test_one_person_with_two_addresses_is_told(listed: List) -> None:
    rows, problems = listed("email,name\na@x.example,Ada Lovelace\nb@x.example,\nc@x.example,ADA  Lovelace\n")
    assert len(rows) == 3
    assert list(problems) == ["line 4"] and "stands in line 2 already, with another address" in problems["line 4"]
    other = "email,name,organisation\na@x.example,Wei Wang,A\nb@x.example,Wei Wang,B\n"
    assert listed(other)[1] == {}


def test_a_workbook_as_organisers_keep_one(tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.active.title = "Read me"
    book.active.append(["How to fill this list"])
    sheet = book.create_sheet("Guests")
    sheet.append(["High-Level Roundtable", None, None])
    sheet.append([])
    sheet.append(["Seats", "Name", "E-mail", "UN pass", "Phone", None])
    sheet.append([2, "Ada Lovelace", "a@x.example", True, 12125550100])
    sheet.append([None, "=HYPERLINK(1)", "b@x.example; B2@x.example", "no"])
    sheet.append([None, None, None])
    sheet.append([1.0, "Grace Hopper", "nobody", None])
    path = tmp_path / "list.xlsx"
    book.save(path)
    rows, problems = read_list(path)
    # A formula that was never worked out has no value: nothing is made up for it.
    assert rows == (
        Row(4, ("a@x.example",), "Ada Lovelace", seats=2, grounds_pass=True),
        Row(5, ("b@x.example", "b2@x.example"), grounds_pass=False),
    )
    assert [problem.key for problem in problems] == ["line 7"]


def test_what_a_workbook_has_beside_the_list_is_passed_over_in_silence(tmp_path: Path) -> None:
    """What openpyxl warns of, an admin would read on the terminal, with the place in its source."""
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["E-mail"])
    book.active.append(["a@x.example"])
    book.save(tmp_path / "made.xlsx")
    path = tmp_path / "list.xlsx"
    with zipfile.ZipFile(tmp_path / "made.xlsx") as made, zipfile.ZipFile(path, "w") as written:
        for file in made.namelist():
            content = made.read(file)
            if file == "xl/styles.xml":  # as programs other than Excel write it
                content = re.sub(rb"<cellStyles.*?</cellStyles>", b"", content, flags=re.DOTALL)
            written.writestr(file, content)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        rows, problems = read_list(path)
    assert ([row.addresses for row in rows], problems) == ([("a@x.example",)], ())
    assert [str(warning.message) for warning in told] == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04 and then nothing", "is a damaged workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "save it as .xlsx or as CSV"),
    ],
)
def test_what_is_no_table_is_said(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "list.xlsx"
    path.write_bytes(content)
    rows, (problem,) = read_list(path)
    assert rows == () and words in f"{problem.wrong}; {problem.right}" and problem.fatal


def test_a_workbook_that_unpacks_to_a_sea_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"xl/{number}.xml", bytes(80_000_000))
    rows, (problem,) = read_list(path)
    assert rows == () and "unpacks to more than a list can be" in problem.wrong


def test_a_missing_list_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_list(tmp_path / "nowhere.csv")


# --------------------------------------------------------------------------- merging


class Counting:
    """A real store that counts its commits."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.commits = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self.store, name)

    def commit(self, batch: Commit) -> None:
        self.commits += 1
        self.store.commit(batch)


class Roster:
    """Merges lists into a store, and looks at what became of it."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.counting = Counting(store)
        self.store = store
        self._ids = count(1)
        event = Event(
            uid=UID,
            title="Talk",
            starts=datetime(2016, 9, 20, 12, 30, tzinfo=NEW_YORK),
            ends=datetime(2016, 9, 20, 15, 30, tzinfo=NEW_YORK),
            timezone="America/New_York",
        )
        self.config = Config(folder / "config.toml", event, MailboxConfig("rsvp@roundtable.example"))
        self.forgotten: set[str] = set()

    def merge(self, *rows: Row) -> Merge:
        before = self.counting.commits
        merged = merge(
            rows,
            self.counting,  # type: ignore[arg-type]
            self.config,
            lambda: f"{next(self._ids):0>8}",
            self.forgotten.__contains__,
        )
        assert self.counting.commits - before == (1 if merged.added or merged.changed or merged.gone else 0)
        return merged

    def answer(self, address: str) -> Answer:
        invitee = self.of(address)
        answer = Answer(
            PartStat.ACCEPTED,
            1,
            ("Ruth Keller",),
            Order(datetime(2016, 9, 1, tzinfo=UTC), 1),
            "digest",
            datetime(2016, 9, 1, tzinfo=UTC),
        )
        self.store.commit(Commit(invitees=(replace(invitee, answer=answer, bounced="mailbox full"),)))
        return answer

    def of(self, address: str) -> Invitee:
        invitee = self.store.invitee_by_address(address)
        assert invitee is not None
        return invitee


@pytest.fixture
def roster(tmp_path: Path) -> Iterator[Roster]:
    with open_store("tinydb:rsvp.json", tmp_path) as store:
        yield Roster(store, tmp_path)


A = Row(2, ("a@x.example", "a2@x.example"), "Ruth", seats=3, grounds_pass=True)
B = Row(3, ("b@x.example",), "Bo")


def test_new_rows_get_an_identity(roster: Roster) -> None:
    assert roster.merge(A, B) == Merge(added=2)
    ruth = roster.of("a2@x.example")
    assert (ruth.id, ruth.calendar_uid) == ("00000001", "roundtable-2016-09-20.00000001@roundtable.example")
    assert (ruth.addresses, ruth.name, ruth.seats, ruth.grounds_pass) == (A.addresses, "Ruth", 3, True)


def test_the_same_list_again_does_nothing(roster: Roster) -> None:
    roster.merge(A, B)
    assert roster.merge(B, A) == Merge(unchanged=2)


def test_details_change_and_an_answer_stays(roster: Roster) -> None:
    roster.merge(A, B)
    before, answer = roster.of("a@x.example"), roster.answer("a@x.example")
    assert roster.merge(replace(A, name="Ruth Keller", seats=None), B) == Merge(changed=1, unchanged=1)
    after = roster.of("a@x.example")
    assert (after.name, after.seats, after.answer) == ("Ruth Keller", None, answer)
    assert (after.id, after.calendar_uid) == (before.id, before.calendar_uid)
    assert after.bounced == "mailbox full"


def test_a_new_address_has_not_bounced(roster: Roster) -> None:
    roster.merge(A)
    answer = roster.answer("a@x.example")
    assert roster.merge(replace(A, addresses=("new@x.example", "a2@x.example"))) == Merge(changed=1)
    after = roster.of("new@x.example")
    assert (after.id, after.bounced, after.answer) == ("00000001", "", answer)
    assert roster.store.invitee_by_address("a@x.example") is None


def test_who_went_is_kept_and_comes_back(roster: Roster) -> None:
    roster.merge(A, B)
    answer = roster.answer("a@x.example")
    assert roster.merge(B) == Merge(gone=1, unchanged=1)
    assert not roster.of("a@x.example").listed
    assert roster.merge(B) == Merge(unchanged=1)
    assert roster.merge(A, B) == Merge(changed=1, unchanged=1)
    assert (roster.of("a@x.example").listed, roster.of("a@x.example").answer) == (True, answer)


def test_a_slip_in_a_row_takes_nobody_off(roster: Roster) -> None:
    roster.merge(A, B)
    before = roster.of("b@x.example")
    assert roster.merge(A, Row(3, ("b@x.example",), skipped=True)) == Merge(unchanged=2)
    assert roster.of("b@x.example") == before
    assert roster.merge(A, B, Row(4, ("c@x.example",), skipped=True)) == Merge(unchanged=2)
    assert roster.store.invitee_by_address("c@x.example") is None


def test_whom_an_organiser_put_on_the_list_needs_no_row(roster: Roster) -> None:
    roster.merge(A)
    guest = replace(
        roster.of("a@x.example"), id="gggggggg", addresses=("g@x.example",), calendar_uid="g", admitted=True
    )
    roster.store.commit(Commit(invitees=(guest,)))
    assert roster.merge(A) == Merge(unchanged=1)
    assert roster.of("g@x.example").listed


def test_an_empty_list_takes_nobody_off(roster: Roster) -> None:
    roster.merge(A, B)
    assert roster.merge() == Merge()
    assert roster.of("a@x.example").listed


def test_where_anybody_may_answer_nobody_goes(roster: Roster) -> None:
    roster.merge(A, B)
    roster.config = replace(roster.config, invitees=InviteesConfig(open=True))
    assert roster.merge(A) == Merge(unchanged=1)
    assert roster.of("b@x.example").listed


def test_one_record_becomes_two(roster: Roster) -> None:
    roster.merge(A)
    assert roster.merge(Row(2, ("a@x.example",)), Row(3, ("a2@x.example",))) == Merge(added=1, changed=1)
    assert roster.of("a@x.example").id == "00000001"
    assert roster.of("a2@x.example").id == "00000002"


def test_addresses_change_places(roster: Roster) -> None:
    roster.merge(Row(2, ("a@x.example",)), Row(3, ("b@x.example",)))
    roster.merge(Row(2, ("b@x.example", "c@x.example")), Row(3, ("a@x.example",)))
    assert roster.of("a@x.example").id == "00000001"
    assert roster.of("c@x.example").id == roster.of("b@x.example").id == "00000002"


def test_two_records_are_not_joined_in_silence(roster: Roster) -> None:
    roster.merge(A, B)
    answer = roster.answer("b@x.example")
    merged = roster.merge(replace(A, addresses=("a@x.example", "b@x.example")))
    assert (merged.changed, merged.gone) == (1, 0)
    assert [problem.key for problem in merged.problems] == ["line 2"]
    assert "b@x.example has a record of its own" in merged.problems[0].wrong
    assert (roster.of("b@x.example").answer, roster.of("b@x.example").listed) == (answer, True)


def test_the_mailbox_is_no_invitee(roster: Roster) -> None:
    merged = roster.merge(Row(2, ("rsvp@roundtable.example",)))
    assert (merged.added, [problem.key for problem in merged.problems]) == (0, ["line 2"])


def test_who_was_forgotten_is_not_taken_in_again(roster: Roster) -> None:
    roster.forgotten = {"a2@x.example"}
    assert roster.merge(A, B) == Merge(added=1)
    assert roster.store.invitee_by_address("a@x.example") is None


def test_what_is_forgotten_is_known_by_a_keyed_hash(roster: Roster) -> None:
    roster.store.commit(Commit(forgotten=(address_hash("A@x.example", b"old"),)))
    known = forgotten_by(roster.store, (b"new", b"old"))
    assert known("a@X.example")
    assert not known("b@x.example")
    assert not forgotten_by(roster.store, (b"new",))("a@x.example")


def test_identities_are_not_given_twice(roster: Roster) -> None:
    roster.merge(A)
    ids = iter(("00000001", "00000001", "zzzzzzzz"))
    merge((A, B), roster.store, roster.config, ids.__next__, lambda _: False)
    assert roster.of("b@x.example").id == "zzzzzzzz"


@pytest.mark.parametrize(
    ("event_uid", "uid"), [(UID, "roundtable-2016-09-20.k7f3aaaa@roundtable.example"), ("plain", "plain.k7f3aaaa")]
)
def test_calendar_uid(event_uid: str, uid: str) -> None:
    assert calendar_uid(event_uid, "k7f3aaaa") == uid
