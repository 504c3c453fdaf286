"""The guest list: what a row holds, which rows pass, their order, and that no spreadsheet obeys a name."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rsvpbot.model import Address, PartStat, Reading
from rsvpbot.model import Kind as MessageKind
from rsvpbot.organisers.guests import (
    COLUMNS,
    Filter,
    GuestRow,
    csv_text,
    family_name,
    folded,
    guests,
    json_lines,
    safe_cell,
    sort_key,
    table,
)
from rsvpbot.organisers.shown import one_line
from rsvpbot.store.base import Commit
from rsvpbot.store.tinydb import TinyStore
from tests.test_summary import CONFIG, NOW, answer, invitee, reply

ROW = GuestRow(
    name="Ada Lovelace",
    organisation="Analytical Engines",
    category="expert",
    partstat=PartStat.ACCEPTED,
    party=2,
    names=("Ada Lovelace", "Charles Babbage"),
    delegate="",
    grounds_pass=True,
    dietary="vegetarian",
    access="",
    answered=NOW,
    language="en",
    address="ada@lovelace.example",
    listed=True,
    bounced="",
    waiting=False,
    id="aaaaaaaa",
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TinyStore]:
    with TinyStore(tmp_path / "rsvp.json") as opened:
        yield opened


def test_a_row_is_the_invitee_with_the_answer_that_stands(store: TinyStore) -> None:
    first = invitee(
        1, answer(PartStat.ACCEPTED, None, ("Ada", "Bob"), grounds_pass=False, access="ramp"), grounds_pass=True
    )
    sent = invitee(2, answer(PartStat.DELEGATED, 1, delegate=Address("Tomás", "t@x.example")), grounds_pass=True)
    silent = invitee(3, grounds_pass=True, language="fr", bounced="5.1.1", pending=answer(PartStat.DECLINED, 0))
    asks = reply(1, first, Reading(MessageKind.HUMAN, reasons=("a question",)))
    store.commit(Commit(invitees=(first, sent, silent), replies=(asks,)))
    rows = {row.id: row for row in guests(store, CONFIG)}
    one, two, three = rows["inv00001"], rows["inv00002"], rows["inv00003"]
    assert (one.party, one.names, one.grounds_pass, one.needs, one.waiting) == (2, ("Ada", "Bob"), False, "ramp", True)
    assert one.answered is not None and one.answered.isoformat() == "2016-09-12T07:00:00-04:00"
    assert (two.delegate, two.grounds_pass) == ("Tomás", None), "the list's pass is the invitee's own"
    assert (three.partstat, three.party, three.answered) == (PartStat.NEEDS_ACTION, None, None)
    assert (three.grounds_pass, three.language, three.bounced, three.waiting) == (True, "fr", "5.1.1", True)


FILTERS = [
    (Filter(), True),
    (Filter(partstats=frozenset({PartStat.ACCEPTED, PartStat.DELEGATED})), True),
    (Filter(partstats=frozenset({PartStat.DECLINED})), False),
    (Filter(categories=frozenset({"Expert"})), True),
    (Filter(categories=frozenset({"observer"})), False),
    (Filter(grounds_pass="yes"), True),
    (Filter(grounds_pass="unknown"), False),
    (Filter(needs=True), True),
    (Filter(waiting=True), False),
    (Filter(bounced=True), False),
    (Filter(words="lovelace ENGINES"), True),
    (Filter(words="charles"), True),
    (Filter(words="lovelace nobody"), False),
]


@pytest.mark.parametrize(("chosen", "passes"), FILTERS)
def test_filters(chosen: Filter, passes: bool) -> None:
    assert chosen.lets_pass(ROW) is passes


def test_filters_further() -> None:
    assert not Filter().lets_pass(replace(ROW, listed=False))
    assert Filter(unlisted=True).lets_pass(replace(ROW, listed=False))
    assert Filter(waiting=True).lets_pass(replace(ROW, waiting=True))
    assert Filter(bounced=True).lets_pass(replace(ROW, bounced="gone"))
    assert Filter(words="lefevre").lets_pass(replace(ROW, name="Zoë Lefèvre"))
    assert not Filter(needs=True).lets_pass(replace(ROW, dietary=""))


FAMILY_NAMES = [
    ("Ada Lovelace", "Lovelace"),
    ("ZHANG Wei", "ZHANG"),
    ("Jean-Pierre DUPONT-AIGNAN", "DUPONT-AIGNAN"),
    ("María GARCÍA MÁRQUEZ", "GARCÍA MÁRQUEZ"),
    ("Doe, Jane", "Doe"),
    ("John Doe Jr.", "Doe"),
    ("John Doe, Jr.", "Doe"),
    ("Jane Doe, PhD", "Doe"),
    ("JANE DOE", "DOE"),
    ("J. R. Tolkien", "Tolkien"),
    ("Bono", "Bono"),
    ("陈伟", "陈伟"),
    ("Jr.", "Jr."),
]


@pytest.mark.parametrize(("name", "family"), FAMILY_NAMES)
def test_family_names(name: str, family: str) -> None:
    assert family_name(name) == family


def test_the_order_is_by_family_name_without_regard_to_case_and_accents() -> None:
    names = ["Zoe Adams", "Édith Østergård", "Ahmed al-Hakim", "Ola Łukasz", "Bo Lund", "Eva Öberg", "Carl Zeiss"]
    rows = [replace(ROW, name=name) for name in names]
    nameless = replace(ROW, name="", organisation="Mission of Belmora")
    ordered = [row.label for row in sorted([*rows, nameless], key=sort_key)]
    assert ordered == [
        "Zoe Adams",
        "Ahmed al-Hakim",
        "Ola Łukasz",
        "Bo Lund",
        "Mission of Belmora",
        "Eva Öberg",
        "Édith Østergård",
        "Carl Zeiss",
    ]


# ------------------------------------------------------------------ CSV

FORMULAS = [
    '=HYPERLINK("http://x","y")',
    "+1+1",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "＝1+1",
    "  =1+1",
    "|calc",
    "%0A",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_what_a_spreadsheet_would_obey_is_made_text(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Ada", "a=b", "O'Neill", "1-2", "陈伟", "(+1)"])
def test_what_it_would_not_is_left_alone(text: str) -> None:
    assert safe_cell(text) == text


def test_csv_is_rfc_4180() -> None:
    row = replace(
        ROW, name='Ada "The Countess" Lovelace', organisation="Engines, Analytical; Difference", names=("=A", "B")
    )
    text = csv_text([row, replace(ROW, party=None, grounds_pass=None, answered=None)])
    assert text.count("\r\n") == 3 and text.endswith("\r\n") and "\n" not in text.replace("\r\n", "")
    read = list(csv.DictReader(io.StringIO(text, newline="")))
    assert list(read[0]) == list(COLUMNS)
    assert read[0]["name"] == row.name
    assert read[0]["organisation"] == row.organisation
    assert read[0]["names"] == "'=A; B"
    assert (read[0]["party"], read[0]["grounds_pass"], read[0]["answered"]) == ("2", "yes", "2016-09-12T09:00:00-04:00")
    assert (read[1]["party"], read[1]["grounds_pass"], read[1]["answered"]) == ("", "", "")


@example(name="Jane;=1+1", names=("a\t=1+1",))
@example(name="", names=("\r=",))
@given(st.text(max_size=30), st.lists(st.text(max_size=15), max_size=3).map(tuple))
def test_no_cell_can_be_a_formula_or_break_out_of_its_place(name: str, names: tuple[str, ...]) -> None:
    text = csv_text([replace(ROW, name=name, names=names)])
    (read,) = csv.DictReader(io.StringIO(text, newline=""))
    assert None not in read, "no further column"
    for cell in read.values():
        assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    # A program that takes semicolons for separators sees one cell in each pair of quotes too.
    for line in csv.reader(io.StringIO(text, newline=""), delimiter=";"):
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in line)


def test_a_row_of_the_record_is_one_line_in_every_form(store: TinyStore) -> None:
    evil = "=1\r\nBcc: x\x1b[31m[bold]\u202e"
    store.commit(
        Commit(
            invitees=(invitee(1, answer(PartStat.ACCEPTED, 1, (evil,), dietary=evil), name=evil, organisation=evil),)
        )
    )
    rows = guests(store, CONFIG)
    assert csv_text(rows).count("\r\n") == 2
    (line,) = json_lines(rows).splitlines()
    assert json.loads(line)["name"] == "=1 Bcc: x[31m[bold]"
    from rich.console import Console

    console = Console(width=200, file=io.StringIO())
    console.print(table(rows))
    assert isinstance(console.file, io.StringIO)
    printed = console.file.getvalue()
    assert "\x1b" not in printed and "[bold]" in printed


@pytest.mark.parametrize(
    ("partstat", "bounced", "said"),
    [
        (PartStat.NEEDS_ACTION, "", "no answer"),
        (PartStat.NEEDS_ACTION, "has left", "could not be reached"),
        (PartStat.ACCEPTED, "5.1.1", "accepted (bounced)"),
    ],
)
def test_who_was_not_reached_has_not_kept_silent(partstat: PartStat, bounced: str, said: str) -> None:
    from rich.console import Console

    console = Console(width=200, file=io.StringIO())
    console.print(table([replace(ROW, partstat=partstat, bounced=bounced)]))
    assert isinstance(console.file, io.StringIO)
    assert f" {said}  " in console.file.getvalue()


def test_who_waits_for_room_has_accepted_and_is_marked(store: TinyStore) -> None:
    store.commit(Commit(invitees=(invitee(1, answer(PartStat.ACCEPTED, 2, standby=NOW)),)))
    (row,) = guests(store, CONFIG)
    assert (row.partstat, row.standby) == (PartStat.ACCEPTED, True)
    from rich.console import Console

    console = Console(width=200, file=io.StringIO())
    console.print(table([row]))
    assert isinstance(console.file, io.StringIO)
    assert "accepted (waits for room)" in console.file.getvalue()


def test_json_holds_every_field() -> None:
    told = json.loads(json_lines([ROW]))
    assert set(told) == set(GuestRow.__dataclass_fields__)
    assert (told["partstat"], told["names"], told["answered"]) == (
        "accepted",
        ["Ada Lovelace", "Charles Babbage"],
        "2016-09-12T09:00:00-04:00",
    )


def test_plain_letters_take_a_short_way_to_the_same_end() -> None:
    for char in map(chr, range(0x300)):
        for text in (f"Ada{char}Doe", f"Ad\xe1{char}Doe"):
            shown = one_line(text)
            assert shown == " ".join(one_line(text + " \xe1").split()[:-1])
            assert all(one.isprintable() for one in shown if one.isascii())
            assert folded(text) == folded(text + "\xe1")[:-1]
