"""The phrase language, people and names, and any text at all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rsvpbot.model import Kind, PartStat
from rsvpbot.reading import pack as packs
from rsvpbot.reading import read
from rsvpbot.reading.pack import Pack
from rsvpbot.reading.people import Mentions, Person, Who, clean_name, display_name, merge_names, number_at
from rsvpbot.reading.phrases import Finder, Lists, compile_phrase
from rsvpbot.reading.tokens import sentences, tokenize
from tests.test_reading_english import EVENT, message, reading


@pytest.fixture(scope="module")
def pack() -> Pack:
    found = packs.load("en")
    assert found is not None
    return found


LISTS = Lists({"fill": ["gladly", "of course"], "come": ["attend (it)", "be there"]})


@pytest.mark.parametrize(
    ("phrase", "text", "end"),
    [
        ("be there", "be there", 2),
        ("be there", "be gladly there", 3),
        ("be there", "be, of course, there", 6),
        ("be there", "be not there", None),
        ("will {come}", "will attend it", 3),
        ("will {come}", "will gladly be there now", 4),
        ("[will|shall] {come}", "shall attend", 2),
        ("(i) will", "will", 1),
        ("atten*", "attendance", 1),
        ("from ... to here", "from the station to here", 5),
        ("from ... to here", "from not to here", None),
        ("from ... to here", "from a, to here", None),
    ],
)
def test_phrase(phrase: str, text: str, end: int | None) -> None:
    finder = Finder(tokenize(text), LISTS, lambda at: (), lambda at: at, frozenset({"not"}))
    hit = finder.find(compile_phrase(phrase), 0)
    assert (hit[0] if hit else None) == end


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("H.E. Mr. John Doe", "John Doe"),
        ("Ambassador Ana Lopez", "Ana Lopez"),
        ("Okello, Beatrice", "Beatrice Okello"),
        ("OKELLO Beatrice", "Beatrice OKELLO"),
        ("Prof. Dr. Mary Major", "Mary Major"),
        ("Joris van der Meulen", "Joris van der Meulen"),
        ("=HYPERLINK(1)", ""),
        ("{{ contact.name }}", ""),
        ("<b>Jane</b>", ""),
        ("jane@roe.example", ""),
        ("", ""),
        ("...", ""),
    ],
)
def test_clean_name(written: str, name: str, pack: Pack) -> None:
    assert clean_name(written, pack) == name


@pytest.mark.parametrize(
    ("shown", "name"),
    [
        ("Jane Roe", "Jane Roe"),
        ("Roe, Jane", "Jane Roe"),
        ("Jane Roe (UNHCR)", "Jane Roe"),
        ("Jane Roe/KESTRIA", "Jane Roe"),
        ("Jane Roe, UNHCR", "Jane Roe"),
        ("Milena Tavares, Office of the PR", "Milena Tavares"),
        ("Permanent Mission of Kestria", ""),
        ("Accounts, Blue Apron Catering", ""),
        ("Transport Desk, Mission of Orland", ""),
        ("${org} %(title)s", ""),
        ("http://evil.example Jane", ""),
        ("Jane\x00Roe", ""),
        ("王大伟", "王大伟"),
    ],
)
def test_display_name(shown: str, name: str, pack: Pack) -> None:
    assert display_name(shown, pack) == name


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("I", [Person(Who.SELF, role="i")]),
        ("John Doe and I", [Person(Who.NAMED, "John Doe"), Person(Who.SELF, role="i")]),
        ("my wife", [Person(Who.ROLE, role="my wife")]),
        ("Ambassador Ana Lopez", [Person(Who.NAMED, "Ana Lopez", "ambassador")]),
        ("my deputy, Ana Lopez", [Person(Who.NAMED, "Ana Lopez", "my deputy")]),
        ("two colleagues", [Person(Who.ROLE, role="colleagues", count=2)]),
    ],
)
def test_mentions(text: str, people: list[Person], pack: Pack) -> None:
    tokens = tokenize(text, pack.spelling)
    found = Mentions(tokens, text, pack).at(0)
    assert list(found[0].people) == people
    assert found[0].end == len(tokens)


@pytest.mark.parametrize(("text", "value"), [("two", 2), ("2", 2), ("a couple of", 2), ("three (3)", 3), ("few", 0)])
def test_number(text: str, value: int, pack: Pack) -> None:
    tokens = tokenize(text, pack.spelling)
    end, got = number_at(tokens, 0, pack)
    assert got == value
    assert end == (len(tokens) if value else 0)


def test_one_person_is_named_once() -> None:
    assert merge_names(["Grace", "Grace Lim", "LIM Grace", "John Doe"]) == ("Grace Lim", "John Doe")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("I will come. See you!", 2),
        ("H.E. Mr. John Doe will come. Yes.", 2),
        ("I will arrive\nat noon.", 1),
        ("Yes\nJane", 2),
        ("- one\n- two", 2),
        ("It starts at 12.30, no?", 1),
    ],
)
def test_sentences(text: str, count: int, pack: Pack) -> None:
    assert len(sentences(text, pack.spelling)) == count


def test_evidence_stands_where_it_says() -> None:
    got = reading("Dear all,\n\nThank you. I will attend with my wife. I am vegetarian.\n\nJane")
    assert got.partstat is PartStat.ACCEPTED
    assert got.evidence
    for mark in got.evidence:
        assert got.text[mark.start : mark.start + len(mark.words)] == mark.words


def test_a_language_without_a_pack_is_left_to_people() -> None:
    got = reading("Ich nehme sehr gerne an der Veranstaltung teil und freue mich auf die Diskussion mit Ihnen allen.")
    assert got.partstat is None
    assert got.reasons == ("written in German: no language pack",)


HOSTILE = [
    "On " * 2000,
    " " * 30_000,
    " \n" * 10_000,
    ">\n" * 10_000,
    "a" * 200_000,
    "i will " * 5000,
    "also " * 5000,
    "John Doe and " * 3000,
    "Dr. " * 5000,
    "not " * 5000,
    "," * 20_000,
    "我和两位同事" * 2000,
    "have the honour to inform that the Ambassador " * 500,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:12])
def test_hostile_text_is_never_decided(text: str) -> None:
    got = read(message(text), EVENT, Kind.HUMAN)
    assert got.review


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    read(message(text), EVENT, Kind.HUMAN)


WORDS = sorted((packs.load("en") or pytest.fail("no pack")).vocabulary)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from([*WORDS, ",", ".", "?", "\n", "Jane", "Doe", "😀"]), max_size=60).map(" ".join))
def test_any_words_are_read(text: str) -> None:
    got = read(message(text), EVENT, Kind.HUMAN)
    assert got.review or got.partstat is not PartStat.NEEDS_ACTION
