"""At the door: who is expected, one by one; the list of the desk, and how it is closed; badges. No name is obeyed."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rsvpbot.config import Config, RepliesConfig
from rsvpbot.letters.templates import TemplateError
from rsvpbot.model import Address, Answer, Invitee, PartStat, Venue
from rsvpbot.organisers import door
from rsvpbot.organisers.door import (
    Entry,
    badges,
    check_badges,
    desk,
    expected,
    freeze_if_due,
    group_name,
    html,
    size_of,
)
from rsvpbot.organisers.figures import figures
from rsvpbot.store.base import Commit
from rsvpbot.store.tinydb import TinyStore
from tests.test_summary import CONFIG, NOW, answer, invitee

CLOSING = replace(CONFIG, event=replace(CONFIG.event, freeze_at=NOW))
LATER = NOW + timedelta(hours=1)
VENUE = CONFIG.event.venue

SIX_SCRIPTS = ("محمد عبد الله", "陈伟", "Ольга Петрова", "José Núñez", "Δημήτρης Παπαδόπουλος", "שרה כהן")
HOSTILE = (
    '=HYPERLINK("http://x.example","y")',
    "@SUM(A1)",
    "<b>x</b>",
    "<script>alert(1)</script>",
    "[x](http://y.example)",
    "Two\r\nLines",
    "abc\u202egnp.exe",
    "{{ 7*7 }} {% raw %}",
    "<r><t>rich</t></r>",
    "_x0041_ &amp; Sons",
    "http://evil.example/x",
    "x" * 190,
)
SHOWN = tuple(name.replace("\r\n", " ").replace("\u202e", "") for name in HOSTILE)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TinyStore]:
    with TinyStore(tmp_path / "rsvp.json") as opened:
        yield opened


def comes(number: int, name: str, party: int | None = 1, names: tuple[str, ...] = (), **facts: Any) -> Invitee:
    """An invitee who accepts."""
    said = answer(PartStat.ACCEPTED, party, names, grounds_pass=facts.pop("pass_said", None))
    return invitee(number, said, name=name, **facts)


def answers(who: Invitee, **changes: Any) -> Invitee:
    assert who.answer is not None
    return replace(who, answer=replace(who.answer, **changes))


def five_hundred() -> tuple[Invitee, ...]:
    """More than a page of everything: names in six scripts, hostile ones, parties, delegates."""
    names = (*SIX_SCRIPTS, *HOSTILE, *(f"First{n} Family{n * 37 % 101}" for n in range(482)))
    found = []
    for number, name in enumerate(names):
        facts: dict[str, Any] = {
            "grounds_pass": (True, False, None)[number % 3],
            "organisation": f"Mission {number % 7}",
        }
        if number % 10 == 9 and number > 20:
            delegate = Address(f"Delegate {number}", f"d{number}@x.example")
            found.append(invitee(number, answer(PartStat.DELEGATED, 1, delegate=delegate), name=name, **facts))
        else:
            found.append(comes(number, name, 2 if number % 10 == 8 else 1, **facts))
    return tuple(found)


# ------------------------------------------------------------------ one by one

PEOPLE = [
    ("alone", comes(1, "Ada Lovelace"), ["Ada Lovelace"]),
    ("named as on the list", comes(1, "Ada Lovelace", 1, ("Ada Lovelace",)), ["Ada Lovelace"]),
    ("the fuller name stands", comes(1, "Ms Ada King Lovelace", 1, ("Ada Lovelace",)), ["Ms Ada King Lovelace"]),
    ("the answer has the fuller name", comes(1, "A. Lovelace", 1, ("Ada King Lovelace",)), ["Ada King Lovelace"]),
    ("how many was not said", comes(1, "Ada Lovelace", None, ("Ada", "Bob")), ["Ada Lovelace", "Bob"]),
    ("a guest with a name", comes(1, "Ada", 2, ("Ada", "Bob Babbage")), ["Ada", "Bob Babbage"]),
    ("only the guest is named", comes(1, "Ada", 2, ("Bob Babbage",)), ["Ada", "Bob Babbage"]),
    ("a guest without a name", comes(1, "Ada", 2), ["Ada", "Guest of Ada"]),
    ("one of each", comes(1, "Ada", 3, ("Bob", "Ada")), ["Bob", "Ada", "Guest of Ada"]),
    ("more names than people", comes(1, "Ada", 1, ("Ada", "Bob")), ["Ada", "Bob"]),
    ("a mission", comes(1, "", 2, ("Bob",), organisation="Belmora"), ["Bob", "Guest of Belmora"]),
    ("neither name nor organisation", comes(1, ""), ["Guest of p1@mission.example"]),
    ("another name", comes(1, "Ada", 1, ("Augusta",)), ["Augusta"]),
    ("an empty name is none", comes(1, "Ada", 2, ("\u202e", "Bob")), ["Ada", "Bob"]),
    ("declined", invitee(1, answer(PartStat.DECLINED, 0)), []),
    ("tentative", invitee(1, answer(PartStat.TENTATIVE, 2)), []),
    ("silent", invitee(1), []),
    ("waits for room", answers(comes(1, "Ada", 2, ("Ada", "Bob")), standby=NOW), []),
    ("off the list", comes(1, "Ada", listed=False), []),
]


@pytest.mark.parametrize(("case", "who", "called"), PEOPLE, ids=[case for case, _, _ in PEOPLE])
def test_who_comes_by_an_answer(case: str, who: Invitee, called: list[str]) -> None:
    assert [door.called(person) for person in expected(who, VENUE)] == called


def sends(party: int | None, names: tuple[str, ...], delegate: Address | None) -> Invitee:
    return invitee(1, answer(PartStat.DELEGATED, party, names, delegate=delegate), name="Ada", grounds_pass=True)


BOB = Address("Bob Babbage", "bob@x.example")
DELEGATES = [
    (sends(1, (), BOB), [("Bob Babbage", "in place of Ada")]),
    (sends(1, ("Bob Babbage",), BOB), [("Bob Babbage", "in place of Ada")]),
    (sends(1, (), Address("", "bob@x.example")), [("bob@x.example", "in place of Ada")]),
    (sends(1, (), None), [("Delegate of Ada", "")]),
    (sends(2, ("Bob Babbage",), BOB), [("Bob Babbage", "in place of Ada"), ("Guest of Bob Babbage", "")]),
    (
        sends(2, ("Bob Babbage", "Cy Young"), BOB),
        [("Bob Babbage", "in place of Ada"), ("Cy Young", "guest of Bob Babbage")],
    ),
]


@pytest.mark.parametrize(("who", "shown"), DELEGATES)
def test_who_comes_in_somebodys_place(who: Invitee, shown: list[tuple[str, str]], store: TinyStore) -> None:
    store.commit(Commit(invitees=(who,)))
    found = desk(store, CONFIG, NOW)
    assert sorted((line.name, line.note) for line in found.lines) == sorted(shown)
    assert all(line.entry is Entry.ASK for line in found.lines), "the pass on the list is the invitee's own"


def test_the_pass_of_the_list_is_the_invitees_and_that_of_the_answer_everybodys() -> None:
    of_the_list = comes(1, "Ada", 3, ("Bob", "Ada"), grounds_pass=True)
    assert [person.grounds_pass for person in expected(of_the_list, VENUE)] == [None, True, None]
    of_the_answer = comes(1, "Ada", 3, ("Bob", "Ada"), grounds_pass=True, pass_said=False)
    assert [person.grounds_pass for person in expected(of_the_answer, VENUE)] == [False, False, False]
    assert [person.grounds_pass for person in expected(of_the_list, Venue(reception="Front desk"))] == [False] * 3
    assert [person.grounds_pass for person in expected(of_the_list, Venue())] == [None] * 3


ANSWERS = st.builds(
    lambda partstat, party, names, holds, delegate: answer(
        partstat, party and max(party, len(names)), names, grounds_pass=holds, delegate=delegate
    ),
    st.sampled_from((PartStat.ACCEPTED, PartStat.DELEGATED, PartStat.DECLINED)),
    st.none() | st.integers(1, 4),
    st.lists(st.sampled_from(("Ada", "Bob", "Cy")), max_size=3, unique=True).map(tuple),
    st.none() | st.booleans(),
    st.none() | st.just(BOB),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(ANSWERS, st.none() | st.booleans(), st.sampled_from(("Ada", ""))), max_size=4))
def test_the_desk_counts_as_the_summary_does(
    tmp_path_factory: pytest.TempPathFactory, some: list[tuple[Answer, bool | None, str]]
) -> None:
    people = [invitee(n, said, name=name, grounds_pass=holds) for n, (said, holds, name) in enumerate(some)]
    with TinyStore(tmp_path_factory.mktemp("desk") / "rsvp.json") as store:
        store.commit(Commit(invitees=tuple(people)))
        found, counted = desk(store, CONFIG, NOW), figures(store, CONFIG, NOW)
    assert counted.door is not None
    assert len(found.lines) == counted.expected
    told = (counted.door.with_pass, counted.door.without, counted.door.unknown)
    assert told == tuple(map(found.count, (Entry.PASS, Entry.PHOTO_ID, Entry.ASK)))


# ------------------------------------------------------------------ the order, and the groups


def test_the_order_is_by_family_name_and_guests_stand_behind_their_host(store: TinyStore) -> None:
    store.commit(
        Commit(
            invitees=(
                comes(1, "Zoe Adams", 3, ("Zoe Adams", "Bo Zimmer")),
                comes(2, "Ahmed al-Hakim"),
                comes(3, "ZHANG Wei"),
                comes(4, "Ada Adams"),
                comes(5, "", 1, organisation="Permanent Mission of Belmora"),
                comes(6, "3M"),
            )
        )
    )
    found = desk(store, CONFIG, NOW)
    assert [(line.letter, line.name) for line in found.lines] == [
        ("#", "3M"),
        ("A", "Ada Adams"),
        ("A", "Zoe Adams"),
        ("A", "Guest of Zoe Adams"),
        ("H", "Ahmed al-Hakim"),
        ("P", "Guest of Permanent Mission of Belmora"),
        ("Z", "ZHANG Wei"),
        ("Z", "Bo Zimmer"),
    ]


def test_each_letter_is_one_heading(store: TinyStore) -> None:
    store.commit(Commit(invitees=five_hundred()))
    letters = [line.letter for line in desk(store, CONFIG, NOW).lines]
    headings = [letter for at, letter in enumerate(letters) if not at or letters[at - 1] != letter]
    assert len(headings) == len(set(headings))
    assert {"#", "F", "漢", "П", "ع"} & set(headings) >= {"#", "F", "漢", "П"}


def test_who_holds_no_pass_is_escorted_in_groups_of_the_order(store: TinyStore) -> None:
    people = [comes(n, f"Ada Name{n:02}", grounds_pass=n % 2 == 0 if n < 10 else None) for n in range(37)]
    store.commit(Commit(invitees=tuple(people)))
    found = desk(store, CONFIG, NOW)
    assert [(group.name, group.people) for group in found.groups] == [("A", 15), ("B", 15), ("C", 2)]
    assert (found.groups[0].first, found.groups[2].last) == ("Ada Name01", "Ada Name36")
    assert all((line.group == "") is (line.entry is Entry.PASS) for line in found.lines)


def test_without_a_pass_nobody_is_escorted(store: TinyStore) -> None:
    store.commit(Commit(invitees=(comes(1, "Ada"),)))
    open_house = replace(CONFIG, event=replace(CONFIG.event, venue=Venue()))
    at_desk = replace(CONFIG, event=replace(CONFIG.event, venue=Venue(reception="Front desk")))
    for config, entry in ((open_house, Entry.NOTHING), (at_desk, Entry.PHOTO_ID)):
        (line,) = desk(store, config, NOW).lines
        assert (line.entry, line.group) == (entry, "")
        assert "Escort" not in html(desk(store, config, NOW), config)
    assert "Pass or ID" not in html(desk(store, open_house, NOW), open_house)


@pytest.mark.parametrize(("number", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")])
def test_names_of_groups(number: int, name: str) -> None:
    assert group_name(number) == name


# ------------------------------------------------------------------ the page


class Page(HTMLParser):
    """What a page holds: its elements, and the text of those with a class."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.loads: list[str] = []
        self.names: list[str] = []
        self.directions: list[str | None] = []
        self._open: list[str] = []
        self._name = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        found = dict(attrs)
        self.loads += [f"{key}={value}" for key, value in attrs if key in ("src", "href", "style", "onclick")]
        classes = (found.get("class") or "").split()
        if tag == "div":
            self._open.append("name" if "name" in classes else "")
            if "name" in classes:
                self._name = ""
                self.directions.append(found.get("dir"))
        elif tag == "bdi" and "name" in self._open:
            self.directions[-1] = found.get("dir")

    def handle_endtag(self, tag: str) -> None:
        if tag == "div" and self._open.pop() == "name":
            self.names.append(self._name)

    def handle_data(self, data: str) -> None:
        if "name" in self._open:
            self._name += data


def test_five_hundred_stand_on_the_page_each_once_and_as_text(store: TinyStore) -> None:
    store.commit(Commit(invitees=five_hundred()))
    found = desk(store, CONFIG, NOW)
    text = html(found, CONFIG)
    page = Page(text)
    assert page.names == [line.name for line in found.lines]
    assert len(page.names) == 550
    assert set(SIX_SCRIPTS) <= set(page.names)
    assert set(SHOWN) <= set(page.names)
    assert set(page.directions) == {"auto"}, "each name has a direction of its own"
    assert not {"script", "img", "a", "link", "iframe", "r", "t"} & set(page.tags)
    assert page.loads == []
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", text)


def test_the_page_prints_on_both_papers_with_its_head_on_each_and_no_row_cut(store: TinyStore) -> None:
    store.commit(Commit(invitees=five_hundred()))
    page = html(desk(store, CONFIG, NOW), CONFIG)
    (paper,) = re.findall(r"@page \{([^}]*)", page)
    assert "size" not in paper, "the printer's paper is taken"
    for rule in (
        "thead { display: table-header-group; }",
        "tr { break-inside: avoid; }",
        "tr.letter { break-after: avoid",
    ):
        assert rule in page


def test_an_empty_list(store: TinyStore) -> None:
    found = desk(store, CONFIG, NOW)
    assert "Nobody is expected." in html(found, CONFIG)
    assert "0 people expected" in html(found, CONFIG)
    assert door.csv_text(found).count("\r\n") == 1
    assert "Nobody is expected." in badges((), CONFIG)


def test_the_page_says_how_old_it_is_and_when_to_be_there(store: TinyStore) -> None:
    config = replace(CONFIG, event=replace(CONFIG.event, venue=replace(VENUE, arrive_by="12:00")))
    store.commit(Commit(invitees=(comes(1, "Ada"),)))
    page = html(desk(store, config, NOW), config)
    assert "As it stood on Monday 12 September 2016, 09:00. It still changes with every answer." in page
    assert "Escort groups, who should be here by 12:00" in page
    assert "1 person expected: 1 to be asked for either" in page


# ------------------------------------------------------------------ CSV


def test_the_csv_is_one_row_a_person_and_no_cell_is_obeyed(store: TinyStore) -> None:
    store.commit(Commit(invitees=five_hundred()))
    found = desk(store, CONFIG, NOW)
    read = list(csv.DictReader(io.StringIO(door.csv_text(found), newline="")))
    assert len(read) == 550
    assert {name.lstrip("'") for name in (row["name"] for row in read)} >= set(SIX_SCRIPTS)
    assert '\'=HYPERLINK("http://x.example","y")' in {row["name"] for row in read}
    for row in read:
        assert not any(cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in row.values())
    delegate = next(row for row in read if row["name"] == "Delegate 49")
    assert (delegate["in_place_of"], delegate["entry"], bool(delegate["group"])) == ("First31 Family36", "ask", True)


# ------------------------------------------------------------------ the list is closed


def test_it_is_closed_once_and_later_changes_stand_apart(store: TinyStore) -> None:
    ada, bob, cy = comes(1, "Ada Adams", 3), comes(2, "Bob Brown"), comes(3, "Cy Clark", grounds_pass=False)
    store.commit(Commit(invitees=(ada, bob, cy)))
    assert not freeze_if_due(store, CLOSING, NOW - timedelta(seconds=1))
    assert not desk(store, CLOSING, NOW - timedelta(seconds=1)).closed
    assert freeze_if_due(store, CLOSING, NOW)
    before = desk(store, CLOSING, LATER)
    assert (before.closed, before.at, before.changes) == (True, NOW, ())
    assert "nothing has changed" in html(before, CLOSING)

    store.commit(
        Commit(
            invitees=(
                answers(ada, names=("Ada Adams", "Eve Evans")),
                answers(bob, partstat=PartStat.DECLINED, party=0),
                answers(cy, grounds_pass=True),
                comes(4, "Dan Dole"),
            )
        )
    )
    assert not freeze_if_due(store, CLOSING, LATER), "once"
    after = desk(store, CLOSING, LATER)
    assert after.lines == before.lines, "what came later is not mixed in"
    assert [(change.kind, change.line.name, change.was) for change in after.changes] == [
        ("added", "Dan Dole", ""),
        ("no longer coming", "Bob Brown", ""),
        ("changed", "Cy Clark", "photo ID"),
        ("changed", "Eve Evans", "Guest of Ada Adams"),
    ]
    page = html(after, CLOSING)
    listed, _, changed = page.partition("Since the list was closed")
    assert "Dan Dole" in changed and "Dan Dole" not in listed
    assert "Bob Brown" in changed and "Bob Brown" in listed
    read = list(csv.DictReader(io.StringIO(door.csv_text(after), newline="")))
    assert [row["change"] for row in read] == [""] * 5 + ["added", "no longer coming", "changed", "changed"]


def test_what_was_closed_outlives_a_restart(tmp_path: Path) -> None:
    with TinyStore(tmp_path / "rsvp.json") as store:
        store.commit(Commit(invitees=five_hundred()))
        freeze_if_due(store, CLOSING, NOW)
        before = desk(store, CLOSING, LATER)
    with TinyStore(tmp_path / "rsvp.json") as store:
        store.compact()
        assert not freeze_if_due(store, CLOSING, LATER)
        assert desk(store, CLOSING, LATER) == before
        assert before.closed and len(before.lines) == 550


def test_two_processes_close_it_once(tmp_path: Path) -> None:
    with TinyStore(tmp_path / "rsvp.json") as one, TinyStore(tmp_path / "rsvp.json") as other:
        one.commit(Commit(invitees=(comes(1, "Ada"),)))
        assert freeze_if_due(one, CLOSING, NOW)
        assert not freeze_if_due(other, CLOSING, LATER)
        kept = other.frozen()
        assert kept is not None and kept.at == NOW


def test_where_nothing_ran_it_is_closed_late_and_says_so(store: TinyStore) -> None:
    store.commit(Commit(invitees=(comes(1, "Ada"),)))
    open_still = desk(store, CLOSING, LATER)
    assert not open_still.closed
    assert "To be closed on Monday 12 September 2016, 09:00, and not kept yet" in html(open_still, CLOSING)
    freeze_if_due(store, CLOSING, LATER)
    told = html(desk(store, CLOSING, LATER), CLOSING)
    assert "Closed on Monday 12 September 2016, 10:00, as it stood then; it was to be closed on Monday" in told


def test_a_moment_that_was_moved_closes_it_anew_and_after_the_event_nothing_does(store: TinyStore) -> None:
    freeze_if_due(store, CLOSING, NOW)
    moved = replace(CLOSING, event=replace(CLOSING.event, freeze_at=LATER))
    assert not desk(store, moved, LATER).closed
    assert freeze_if_due(store, moved, LATER)
    kept = store.frozen()
    assert kept is not None and (kept.due, kept.at) == (LATER, LATER)
    again = replace(CLOSING, event=replace(CLOSING.event, freeze_at=LATER + timedelta(hours=1)))
    assert not freeze_if_due(store, again, CONFIG.event.ends)
    assert not freeze_if_due(store, CONFIG, NOW), "no moment, no closing"


def test_namesakes_of_one_party_are_two(store: TinyStore) -> None:
    ada = comes(1, "Ada", 3, ("Ada", "John Smith", "John Smith"))
    store.commit(Commit(invitees=(ada,)))
    freeze_if_due(store, CLOSING, NOW)
    store.commit(Commit(invitees=(answers(ada, party=2, names=("Ada", "John Smith")),)))
    (change,) = desk(store, CLOSING, LATER).changes
    assert (change.kind, change.line.name) == ("no longer coming", "John Smith")


# ------------------------------------------------------------------ badges


def test_ten_badges_a_page_and_every_name_is_text(store: TinyStore) -> None:
    store.commit(Commit(invitees=five_hundred()))
    people = door.wanted(store, CONFIG)
    text = badges(people, CONFIG)
    page = Page(text)
    assert len(page.names) == 550 and text.count('<div class="page">') == 55
    assert {*SIX_SCRIPTS, *SHOWN} <= set(page.names)
    assert set(page.directions) == {"auto"}
    assert not {"script", "img", "a", "b", "r", "t"} & set(page.tags) and page.loads == []


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("Ada Lovelace", 1),
        ("Maximiliana Featherstone", 1),
        ("Bartholomew-Alexander Cole", 3),
        ("Ana María de la Luz Fernández", 2),
        ("Ana María de la Luz Fernández de Córdoba y Álvarez", 3),
        ("陈伟", 1),
        ("欧阳娜娜司马相如诸葛孔明东方不败", 2),
        ("w" * 32, 5),
        ("word " * 40, 5),
    ],
)
def test_long_names_shrink_in_steps(name: str, size: int) -> None:
    assert size_of(name) == size


def own_page(folder: Path, source: str) -> Config:
    (folder / "badges.html").write_text(source, encoding="utf-8")
    return replace(CONFIG, replies=RepliesConfig(templates=folder))


def test_organisers_may_have_a_page_of_their_own(tmp_path: Path) -> None:
    source = "{% for page in pages %}{% for badge in page %}[{{ badge.name }}|{{ title }}]{% endfor %}{% endfor %}"
    config = own_page(tmp_path, source)
    assert badges(expected(comes(1, "<b>x</b>"), VENUE), config) == "[&lt;b&gt;x&lt;/b&gt;|Roundtable]"
    assert check_badges(config) == ()
    (tmp_path / "badges.html").unlink()
    assert 'class="badge"' in badges(expected(comes(1, "Ada"), VENUE), config)


@pytest.mark.parametrize(
    ("source", "line", "wrong"),
    [
        ("<p>\n{% for badge in pages %}", 2, "Unexpected end of template"),
        ("<p>\n\n{{ nobody }}", 3, "'nobody' is undefined"),
        ("{{ pages[0][0].shoe_size }}", 1, "shoe_size"),
        ("{{ pages.__class__.__mro__ }}", 1, "unsafe"),
    ],
)
def test_a_broken_page_is_told_with_its_line(tmp_path: Path, source: str, line: int, wrong: str) -> None:
    config = own_page(tmp_path, source)
    (problem,) = check_badges(config)
    assert (problem.file, problem.key) == (str(tmp_path / "badges.html"), f"line {line}")
    assert wrong in problem.wrong
    with pytest.raises(TemplateError):
        badges(expected(comes(1, "Ada"), VENUE), config)


def test_badges_of_some(store: TinyStore) -> None:
    store.commit(Commit(invitees=(comes(1, "Ada", 2), comes(2, "Bob"))))
    assert [door.called(one) for one in door.wanted(store, CONFIG, {"inv00001"})] == ["Ada", "Guest of Ada"]


def test_a_date_has_its_zone(store: TinyStore) -> None:
    in_utc = datetime.fromisoformat("2016-09-12T13:00:00+00:00")
    assert "12 September 2016, 09:00" in door.standing(desk(store, CONFIG, in_utc), CONFIG)


@pytest.mark.parametrize("paper", ["A4", "letter"])
def test_printed_on_either_paper(store: TinyStore, tmp_path: Path, paper: str) -> None:
    """Ten badges fill a page and do not run over it; the list fills as few as its letters allow."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("chromium is not installed: what is printed is not looked at")
    store.commit(Commit(invitees=five_hundred()))
    of_badges = printed(program, badges(door.wanted(store, CONFIG), CONFIG), paper, tmp_path)
    assert of_badges == 55
    of_the_desk = printed(program, html(desk(store, CONFIG, NOW), CONFIG), paper, tmp_path)
    assert 550 / 30 < of_the_desk < 550 / 12


def printed(program: str, page: str, paper: str, folder: Path) -> int:
    """How many pages a page takes on this paper."""
    file, pdf = folder / "page.html", folder / "page.pdf"
    file.write_text(page.replace("</style>", f"@page {{ size: {paper}; }}</style>"), encoding="utf-8")
    arguments = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
    subprocess.run(
        [program, *arguments, f"--user-data-dir={folder / 'profile'}", f"--print-to-pdf={pdf}", file.as_uri()],
        capture_output=True,
        timeout=90,
        check=True,
    )
    return len(re.findall(rb"/Type\s*/Page\b", pdf.read_bytes()))
