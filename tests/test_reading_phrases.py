"""The phrase language, people and names, and any text at all."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rsvpbot.model import Kind, PartStat
from rsvpbot.reading import pack as packs
from rsvpbot.reading import read
from rsvpbot.reading.boxes import only_ticked
from rsvpbot.reading.names import clean_name, display_name, merge_names, same_person
from rsvpbot.reading.pack import Pack
from rsvpbot.reading.people import Mentions, Person, Who, number_at
from rsvpbot.reading.phrases import Lexicon, Rule
from rsvpbot.reading.tokens import Spelling, sentences, tokenize
from rsvpbot.reading.written import PhraseError, compiled
from tests.test_reading_english import EVENT, message, reading


@pytest.fixture(scope="module")
def pack() -> Pack:
    found = packs.load("en")
    assert found is not None
    return found


CLASSES = {"fill": ["gladly", "of course"], "event": ["the roundtable", "your meeting"]}


def lexicon(phrase: str) -> Lexicon:
    return Lexicon([(phrase, Rule("yes"))], CLASSES, frozenset({"not"}))


def nobody(at: int) -> tuple[int, ...]:
    return ()


@pytest.mark.parametrize(
    ("phrase", "text", "end"),
    [
        ("be there", "be there", 2),
        ("be there", "be gladly there", 3),
        ("be there", "be of course there", 4),
        ("be there", "be not there", None),
        ("be there", "be there gladly", 2),
        ("attend {event}", "attend the roundtable", 3),
        ("attend {event}", "attend gladly your meeting now", 4),
        ("attend {event}", "attend the meeting", None),
        ("will|shall come", "shall come", 2),
        ("[take|sit in] the chair", "sit in the chair", 4),
        ("(i) will", "will", 1),
        ("a (kind (and warm)) word", "a kind and warm word", 5),
        ("a (kind (and warm)) word", "a and warm word", None),
        ("atten*", "attendance", 1),
        ("we will be #", "we will be three", 4),
        ("we will be #", "we will be 3", 4),
        ("from ... to here", "from the station to here", 5),
        ("from ... to here", "from to here", 3),
        ("from ... to here", "from not to here", None),
        ("from ... to here", "from a, to here", None),
        ("from ... to here", "from one two three four five six to here", None),
    ],
)
def test_phrase(phrase: str, text: str, end: int | None, pack: Pack) -> None:
    tokens = tokenize(text)
    marks = lexicon(phrase).find(tokens, 0, nobody, lambda at: number_at(tokens, at, pack))
    assert max((mark.end for mark in marks if mark.start == 0), default=None) == end


def test_a_phrase_tells_whom_it_names_and_how_many(pack: Pack) -> None:
    text = "accompanied by my colleague Ana Lopez, we will be three"
    tokens = tokenize(text, pack.spelling)
    phrases = [("accompanied by {who}", Rule("bring")), ("we will be #", Rule("count"))]
    both = Lexicon(phrases, CLASSES, frozenset())
    mentions = Mentions(tokens, text, pack)
    bring, count = both.find(tokens, 0, mentions.ends_at, lambda at: number_at(tokens, at, pack))[:2]
    assert bring.who is not None
    named = mentions.between(*bring.who)
    assert named is not None
    assert [person.name for person in named.people] == ["Ana Lopez"]
    assert count.number == 3


@pytest.mark.parametrize(
    ("phrase", "wrong"),
    [
        ("(maybe)", "may be missing"),
        ("be [there", "not closed"),
        ("be there]", "out of place"),
        ("... there", "at an end"),
        ("be {there", "out of place"),
        ("will| come", "beside |"),
        (" ".join(["[a|b|c|d|e|f]"] * 41), "too long"),
    ],
)
def test_a_wrong_phrase_says_what_is_wrong(phrase: str, wrong: str) -> None:
    with pytest.raises(PhraseError, match=re.escape(wrong)):
        compiled(phrase, Rule("yes"))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("[x] will attend\n[ ] will not attend", "    will attend\n                   "),
        ("□ yes ☑ no", "        no"),
        ("( ) will attend (x) will not attend", "                    will not attend"),
        ("[ ] will attend", "[ ] will attend"),
        ("I will attend (no pass).", "I will attend (no pass)."),
        ("yes [ ] no [x]", "        no .  "),
        ("Attending: YES [ ] NO [x]", "Attending:         NO .  "),
        ("Yes:\nNo: X", "    \nNo.  "),
        ("Accept __\nDecline _X_", "         \nDecline .  "),
    ],
)
def test_only_what_is_ticked_was_said(text: str, left: str) -> None:
    assert only_ticked(text) == (left, "")


@pytest.mark.parametrize("text", ["Will come [ ] will not come [x] Ada", "Will attend\n[ ]\nWill not attend\n[x]"])
def test_a_box_between_two_labels_is_in_doubt(text: str) -> None:
    assert "not clear which box" in only_ticked(text)[1]


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
    ("one", "other", "same"),
    [
        ("Jane Roe", "ROE Jane", True),
        ("F. Dunbar", "Fergus Dunbar", True),
        ("Jane Roe", "John Roe", False),
        ("周启明", "启明", True),
        ("周启明", "周", True),
        ("周启明", "李明", False),
        ("Ивана Петрова", "Иван Петров", True),
        ("Анной Ли", "Анна Ли", True),
        ("Иван Петров", "Анна Петрова", False),
        ("", "Jane", False),
    ],
)
def test_whether_two_names_may_be_one_person_s(one: str, other: str, same: bool) -> None:
    assert same_person(one, other) is same
    assert same_person(other, one) is same


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("J'ai lu", ["j", "ai", "lu"]),
        ("L'ambassadeur", ["l", "ambassadeur"]),
        ("N'Guessan", ["n'guessan"]),
        ("sí, si", ["sí", ",", "si"]),
        ("está", ["esta"]),
    ],
)
def test_words_are_cut_and_accented_as_the_pack_says(text: str, words: list[str]) -> None:
    spelling = Spelling(elisions=frozenset({"j", "l", "n"}), accented=frozenset({"sí"}))
    assert [token.norm for token in tokenize(text, spelling)] == words


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Asistiré, ¿hay guardería?", 2),
        ("¡Hola! Voy.", 2),
        ("一、甲乙丙\n二、丁戊己", 2),
        ("姓名：柯孟儒\n出席：是", 2),
        ("今天我们在纽约开会讨论移民儿童的问题和各国的经验，请问各位\n代表何时到达", 1),
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
