"""The guest list as a workbook: every text is text, every sheet prints, and it goes with the summary that has news."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from rsvpbot.model import Letter, LetterState, PartStat
from rsvpbot.organisers import door, workbook
from rsvpbot.organisers.guests import Filter
from rsvpbot.organisers.summary import queue_if_due, queue_now
from rsvpbot.organisers.workbook import GUESTS, RECEPTION, guest_book, reception_book
from rsvpbot.store.base import Commit
from rsvpbot.store.tinydb import TinyStore
from tests.test_door import CLOSING, HOSTILE, LATER, SHOWN, SIX_SCRIPTS, comes, five_hundred
from tests.test_summary import CONFIG, GOOD, NOW, answer, ids, invitee

SHEETS = ["Guests", "Reception", "Catering", "Access"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TinyStore]:
    with TinyStore(tmp_path / "rsvp.json") as opened:
        yield opened


def opened(data: bytes) -> Any:
    return load_workbook(io.BytesIO(data))


def table(sheet: Any) -> list[dict[str, Any]]:
    """The rows below the head, by its titles."""
    rows = list(sheet.iter_rows(values_only=True))
    head = next(at for at, row in enumerate(rows) if sum(cell is not None for cell in row) > 1)
    return [dict(zip(rows[head], row, strict=True)) for row in rows[head + 1 :]]


def xml(data: bytes) -> str:
    """Every part of the file."""
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        return "".join(book.read(name).decode("utf-8") for name in book.namelist())


# ------------------------------------------------------------------ what stands in it


def test_all_invitees_and_what_they_said(store: TinyStore) -> None:
    ada = invitee(
        1,
        answer(PartStat.ACCEPTED, 2, ("Ada Lovelace", "Bob"), dietary="vegetarian", access="ramp", grounds_pass=True),
        name="Ada Lovelace",
        organisation="Engines",
        category="expert",
    )
    store.commit(Commit(invitees=(ada, invitee(2, name="Cy Silent", bounced="5.1.1"))))
    book = opened(guest_book(store, CONFIG, NOW))
    assert book.sheetnames == SHEETS
    first, second = table(book["Guests"])
    assert first == {
        "Name": "Ada Lovelace",
        "Organisation": "Engines",
        "Category": "expert",
        "Answer": "accepted",
        "People": 2,
        "Who comes": "Ada Lovelace; Bob",
        "Pass": "yes",
        "Needs": "vegetarian; ramp",
        "Answered": datetime(2016, 9, 12, 7, 0),  # noqa: DTZ001  (a cell knows no zone)
        "Address": "p1@mission.example",
        "To be seen to": None,
    }
    assert (second["Name"], second["Answer"], second["To be seen to"]) == (
        "Cy Silent",
        "no answer",
        "mail does not arrive",
    )
    assert [(row["Name"], row["Pass or photo ID"], row["Group"]) for row in table(book["Reception"])] == [
        ("Bob", "pass", None),
        ("Ada Lovelace", "pass", None),
    ]
    assert book["Reception"]["A1"].value.startswith("2 people expected: 2 with a pass. As it stood on Monday 12")
    (need,) = table(book["Access"])
    assert (need["Need"], need["Who"], need["Organisation"]) == ("ramp", "Ada Lovelace (one of 2)", "Engines")


def test_the_kitchen_reads_each_diet_once_with_its_number_and_names(store: TinyStore) -> None:
    def eats(number: int, diet: str, partstat: PartStat = PartStat.ACCEPTED) -> Any:
        return invitee(number, answer(partstat, 1, dietary=diet), name=f"Ada Name{number:02}")

    diets = [eats(1, "Halal"), eats(2, "vegetarian"), eats(3, "Vegetarian."), eats(4, "VEGETARIAN", PartStat.TENTATIVE)]
    waits = eats(8, "vegan")
    assert waits.answer is not None
    diets.append(replace(waits, answer=replace(waits.answer, standby=NOW)))
    gone = [eats(5, "vegan", PartStat.DECLINED), replace(eats(6, "vegan"), listed=False)]
    store.commit(Commit(invitees=(*diets, *gone, comes(7, "No Diet"))))
    sheet = opened(guest_book(store, CONFIG, NOW))["Catering"]
    assert sheet["A1"].value == "4 people expected in all"
    assert "waits for room" in [row["Answer"] for row in table(opened(guest_book(store, CONFIG, NOW))["Guests"])]
    assert [tuple(row.values()) for row in table(sheet)] == [
        ("vegetarian", 2, 1, "Ada Name02; Ada Name03; Ada Name04"),
        ("Halal", 1, None, "Ada Name01"),
        ("vegan", None, 1, "Ada Name08"),
    ]


def test_many_of_one_diet_fill_rows_that_can_be_printed(store: TinyStore) -> None:
    people = [
        invitee(n, answer(PartStat.ACCEPTED, 1, dietary="vegetarian"), name=f"Ada Name{n:03}") for n in range(300)
    ]
    store.commit(Commit(invitees=tuple(people)))
    sheet = opened(guest_book(store, CONFIG, NOW))["Catering"]
    rows = table(sheet)
    assert [row["Told by"] for row in rows] == [300, *[None] * 14]
    assert sum(len(row["Who"].split("; ")) for row in rows) == 300
    assert all(height.height is None or height.height <= 409 for height in sheet.row_dimensions.values())


def test_the_filters_hold_for_every_sheet(store: TinyStore) -> None:
    ada = replace(comes(1, "Ada"), category="expert")
    store.commit(Commit(invitees=(ada, comes(2, "Bob"))))
    book = opened(guest_book(store, CONFIG, NOW, Filter(categories=frozenset({"expert"}))))
    assert [row["Name"] for sheet in ("Guests", "Reception") for row in table(book[sheet])] == ["Ada", "Ada"]


# ------------------------------------------------------------------ text stays text


def test_no_text_is_a_formula_a_link_or_markup(store: TinyStore) -> None:
    people = [
        replace(
            invitee(
                number,
                answer(PartStat.ACCEPTED, 2, (name, name), dietary=name, access=name),
                name=name,
                organisation=name,
                category=name,
            ),
            addresses=(name,),
        )
        for number, name in enumerate(HOSTILE)
    ]
    store.commit(Commit(invitees=tuple(people)))
    config = replace(CONFIG, event=replace(CONFIG.event, title="7 &Good &&A <b> =1+1"))
    data = guest_book(store, config, NOW)
    book, whole = opened(data), xml(data)
    assert "<f>" not in whole and "<f " not in whole and "<hyperlink" not in whole and "externalLink" not in whole
    assert "<r><t>rich" not in whole and "<b>x" not in whole
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", whole)
    for sheet in book:
        for row in sheet.iter_rows():
            assert all(cell.data_type in ("s", "n", "d") and cell.hyperlink is None for cell in row)
    names = {row["Name"].rstrip(" ") for row in table(book["Guests"])}
    assert names == set(SHOWN)
    assert book["Guests"].oddHeader.left.text == "&B 7 ＆Good ＆＆A <b> =1+1"


@settings(max_examples=40, deadline=None)
@example("<r><t>x</t></r>")
@example("<r></r>")
@example("_x000D_")
@given(st.text(max_size=40))
def test_any_name_at_all(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    with TinyStore(tmp_path_factory.mktemp("book") / "rsvp.json") as store:
        store.commit(Commit(invitees=(comes(1, name, 1, (name,)),)))
        data = guest_book(store, CONFIG, NOW)
        found = door.desk(store, CONFIG, NOW)
    (row,) = table(opened(data)["Reception"])
    assert " ".join(str(row["Name"]).split()) == " ".join(found.lines[0].name.split())
    assert "<r>" not in xml(data)


def test_six_scripts_and_five_hundred(store: TinyStore) -> None:
    store.commit(Commit(invitees=five_hundred()))
    book = opened(guest_book(store, CONFIG, NOW))
    assert len(table(book["Guests"])) == 500
    names = [row["Name"] for row in table(book["Reception"])]
    assert [name.rstrip() for name in names] == [line.name for line in door.desk(store, CONFIG, NOW).lines]
    assert set(SIX_SCRIPTS) <= set(names)


# ------------------------------------------------------------------ it prints


@pytest.mark.parametrize("many", [0, 500])
def test_every_sheet_prints_and_can_be_filtered(store: TinyStore, many: int) -> None:
    store.commit(Commit(invitees=five_hundred()[:many]))
    book = opened(guest_book(store, CONFIG, NOW))
    for sheet in book:
        setup, head = sheet.page_setup, int(sheet.print_title_rows.partition(":")[2].lstrip("$"))
        assert (setup.fitToWidth or 1, setup.fitToHeight) == (1, 0) and sheet.sheet_properties.pageSetUpPr.fitToPage
        assert int(setup.paperSize) == 9
        assert (setup.orientation == "landscape") is (sheet.title in ("Guests", "Access"))
        assert sheet.freeze_panes and int(re.sub("[A-Z]", "", sheet.freeze_panes)) == head + 1
        assert sheet.auto_filter.ref.startswith(f"A{head}:")
        assert "of &N" in sheet.oddFooter.right.text
    if not many:
        assert book["Guests"]["A1"].value == "Nobody."


def test_a_row_is_as_high_as_its_text(store: TinyStore) -> None:
    store.commit(Commit(invitees=(comes(1, "Short"), comes(2, "Very " * 30 + "Long"))))
    sheet = opened(guest_book(store, CONFIG, NOW))["Reception"]
    heights = {sheet.cell(row, 2).value: sheet.row_dimensions[row].height for row in (3, 4)}
    assert heights["Very " * 30 + "Long"] > 4 * heights["Short"]


# ------------------------------------------------------------------ the closed list


def test_the_closed_list_and_what_came_later_are_two_sheets(store: TinyStore) -> None:
    store.commit(Commit(invitees=(comes(1, "Ada"),)))
    door.freeze_if_due(store, CLOSING, NOW)
    store.commit(Commit(invitees=(comes(2, "Bob"),)))
    for data in (guest_book(store, CLOSING, LATER), reception_book(door.desk(store, CLOSING, LATER), CLOSING)):
        book = opened(data)
        assert [row["Name"] for row in table(book["Reception"])] == ["Ada"]
        assert [(row["What"], row["Name"]) for row in table(book["Changes"])] == [("added", "Bob")]
    assert "Closed on Monday 12 September 2016, 09:00." in opened(data)["Reception"]["A1"].value
    assert "Changes" not in opened(guest_book(store, CONFIG, LATER)).sheetnames


# ------------------------------------------------------------------ with the summary


def files(letter: Letter) -> dict[str, bytes]:
    mail: Any = message_from_bytes(letter.raw or b"", policy=default)
    return {part.get_filename(): part.get_content() for part in mail.iter_attachments()}


def summaries(store: TinyStore) -> list[dict[str, bytes]]:
    return [files(letter) for letter in store.letters(LetterState.QUEUED)]


def test_it_goes_with_a_summary_that_has_news_and_with_no_other(store: TinyStore) -> None:
    store.commit(Commit(invitees=(comes(1, "Ada Lovelace"),), mailbox=GOOD))
    new_id, day = ids(), timedelta(days=1)
    assert queue_if_due(store, CONFIG, NOW, new_id)
    store.commit(Commit(mailbox=replace(GOOD, last_good=NOW + day)))
    assert queue_if_due(store, CONFIG, NOW + day, new_id)
    first, second = summaries(store)
    assert list(first) == [GUESTS] and second == {}
    assert [row["Name"] for row in table(opened(first[GUESTS])["Guests"])] == ["Ada Lovelace"]
    mail: Any = message_from_bytes(store.letters(LetterState.QUEUED)[0].raw or b"", policy=default)
    assert mail.get_body(("plain",)) is not None and mail.get_body(("html",)) is not None


@pytest.mark.parametrize("somebody", [True, False])
def test_the_closed_list_is_news_and_goes_with_the_next_summary_once(store: TinyStore, somebody: bool) -> None:
    new_id, day = ids(), timedelta(days=1)
    config = replace(CONFIG, event=replace(CONFIG.event, freeze_at=NOW + timedelta(hours=8)))
    store.commit(Commit(invitees=(comes(1, "Ada Lovelace"),) if somebody else (), mailbox=GOOD))
    assert queue_if_due(store, config, NOW, new_id)
    door.freeze_if_due(store, config, NOW + timedelta(hours=8))
    for days in (1, 2):
        store.commit(Commit(mailbox=replace(GOOD, last_good=NOW + days * day)))
        assert queue_if_due(store, config, NOW + days * day, new_id)
    first, second, third = summaries(store)
    assert (list(first), list(second), list(third)) == ([GUESTS] if somebody else [], [GUESTS, RECEPTION], [])
    assert opened(second[RECEPTION]).sheetnames == ["Reception", "Changes"]
    told = [plain_text(letter) for letter in store.letters(LetterState.QUEUED)]
    assert ["closed on 12 Sept, 17:00 and is enclosed (reception.xlsx)" in text for text in told] == [
        False,
        True,
        False,
    ]
    assert store.letters(LetterState.QUEUED)[1].subject.startswith("No news") is False


def plain_text(letter: Letter) -> str:
    mail: Any = message_from_bytes(letter.raw or b"", policy=default)
    return " ".join(mail.get_body(("plain",)).get_content().split())


def test_a_summary_that_is_sent_by_hand_brings_it_too(store: TinyStore) -> None:
    store.commit(Commit(invitees=(comes(1, "Ada"),), mailbox=GOOD))
    assert list(files(queue_now(store, CONFIG, NOW, ids()))) == [GUESTS]


def test_a_list_that_cannot_be_made_keeps_no_summary_back(store: TinyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> bytes:
        raise ValueError("Ada Lovelace")

    monkeypatch.setattr(workbook, "guest_book", fails)
    store.commit(Commit(invitees=(comes(1, "Ada"),), mailbox=GOOD))
    assert queue_if_due(store, CONFIG, NOW, ids())
    assert summaries(store) == [{}]
