"""Every language pack holds what its own examples say, and no phrase in it is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from rsvpbot.model import Kind
from rsvpbot.reading import pack as packs
from rsvpbot.reading import read
from rsvpbot.reading.clauses import parse
from rsvpbot.reading.pack import PackError, build, one_slip
from rsvpbot.reading.said import Writer
from tests.test_reading_english import EVENT, message

EXAMPLES = [
    (tag, example) for tag in packs.available() for pack in (packs.load(tag),) if pack for example in pack.examples
]


def test_every_pack_has_examples() -> None:
    assert packs.available()
    for tag in packs.available():
        assert sum(name == tag for name, _ in EXAMPLES) >= 10, tag


@pytest.mark.parametrize("tag", packs.available())
def test_every_phrase_is_well_written(tag: str) -> None:
    packs.check(tag)


@pytest.mark.parametrize(("tag", "example"), EXAMPLES, ids=lambda value: str(value)[:60])
def test_example(tag: str, example: Mapping[str, Any]) -> None:
    got = read(message(example["text"]), EVENT, Kind.HUMAN)
    told = (got.partstat, got.party, got.names, got.reasons)
    assert got.review == example.get("review", False), told
    if got.review:
        return
    assert (got.partstat.value if got.partstat else None) == example.get("partstat"), told
    assert got.party == example.get("party"), told
    if "names" in example:
        assert set(got.names) == set(example["names"]), told
    assert got.grounds_pass == example.get("grounds_pass"), told
    assert got.dietary == example.get("dietary"), told
    assert got.access == example.get("access"), told
    assert (got.asks.value if got.asks else None) == example.get("asks"), told


def test_a_compiled_pack_is_taken_only_while_its_sources_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("en.toml", "common.toml"):
        (tmp_path / name).write_bytes((packs._folder() / name).read_bytes())
    monkeypatch.setattr(packs, "_folder", lambda: tmp_path)
    monkeypatch.setattr(packs, "available", lambda: ("en",))
    built = packs.load.__wrapped__("en")
    packs.compile_into(tmp_path)
    monkeypatch.setattr(packs, "build", lambda *_, **__: pytest.fail("it was compiled already"))
    compiled = packs.load.__wrapped__("en")
    assert built is not None and compiled is not None
    assert compiled.vocabulary == built.vocabulary
    text = "My colleague Ana Lopez and I shall attend, but cannot stay for lunch."
    readings = [parse(text, pack, EVENT, Writer("Jane Roe")).clauses for pack in (built, compiled)]
    assert readings[0] == readings[1] != ()
    with (tmp_path / "en.toml").open("a", encoding="utf-8") as file:
        file.write("# a word more\n")
    monkeypatch.setattr(packs, "build", lambda *_, **__: built)
    assert packs.load.__wrapped__("en") is built


@pytest.mark.parametrize(
    ("word", "slip"),
    [
        ("atend", True), ("attennd", True), ("attand", True), ("attedn", True), ("tatend", True), ("tattend", False),
        ("xttend", False), ("xattend", False), ("ttend", False), ("attend", True), ("atten", True), ("attendd", True),
        ("attendq", False), ("attqnd", False), ("", False), ("a", False),
    ],
)  # fmt: skip
def test_one_slip(word: str, slip: bool) -> None:
    assert one_slip(word, "attend", frozenset("atend")) == slip


SMALL: dict[str, Any] = {"tag": "xx", "name": "Test", "come": ["attend"]}


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ({"yes": ["be {nowhere}"]}, "[yes] 'be {nowhere}': there is no class {nowhere}"),
        ({"yes": ["(maybe)"]}, "[yes] '(maybe)': every word of it may be missing"),
        ({"no": {"alone": ["be [there"]}}, "[no] 'be [there': [ is not closed"),
        ({"away": ["... there"]}, "[away] '... there': '...' stands between words, not at an end"),
        ({"yes": {"you": ["come"]}}, "[yes] has no list 'you'"),
        ({"yess": ["come"]}, "there is no section [yess]"),
        ({"people": {"titels": ["mr"]}}, "[people] has no list 'titels'"),
        ({"classes": {"event": ["a ... b"]}}, "class event: 'a ... b': only plain words may stand in a class"),
    ],
)
def test_a_mistake_is_reported_with_its_place(section: dict[str, Any], expected: str) -> None:
    with pytest.raises(PackError) as caught:
        build({**SMALL, **section}, {}, "xx.toml")
    assert str(caught.value).startswith(f"xx.toml: {expected}")


def test_a_missing_section_is_reported() -> None:
    with pytest.raises(PackError, match=r"xx\.toml: KeyError\('tag'\): a section is missing"):
        build({"name": "Test"}, {}, "xx.toml")


GRAMMAR: dict[str, Any] = {
    "tag": "xx",
    "name": "Test",
    "verb_first": True,
    "people": {"i": ["me"], "determiners": ["my"], "roles": ["friend"], "and": ["und"]},
    "words": {"fill": ["gladly"], "turn": ["so"]},
    "come": {"any": ["com"], "i": ["como"], "they": ["comet"], "would": ["comed"]},
    "presence": ["coming"],
    "not": {"any": ["na"], "concord": ["nobod"]},
    "fail": ["fails"],
    "can": {"any": ["can"], "i": ["cano"]},
    "want": {"i": ["wanto"]},
    "would": ["woul"],
    "confirm": {"i": ["confirmo"]},
    "unsure": ["maybe"],
    "if": ["if"],
    "past": ["yester"],
    "away": {"i": ["traveling"]},
    "instead": ["instead"],
    "represented": ["repped by {who}"],
}


@pytest.mark.parametrize(
    ("text", "meanings"),
    [
        ("como", ["yes"]),
        ("na como", ["no"]),
        ("na fails como", ["yes"]),
        ("nobod na como", ["no"]),
        ("nobod como", ["no"]),
        ("cano com", ["yes"]),
        ("com na cano", ["no"]),
        ("na cano gladly com", ["no"]),
        ("com", ["yes"]),
        ("comed", []),
        ("comed woul", ["wish"]),
        ("wanto com", ["wish"]),
        ("maybe como", ["maybe"]),
        ("como if blah blah", ["maybe"]),
        ("if blah blah, como", ["maybe"]),
        ("yester como", []),
        ("confirmo coming", ["yes"]),
        ("na confirmo coming", ["maybe"]),
        ("coming", []),
        ("traveling, so na como", ["away", "no"]),
        ("comet my friend", ["yes"]),
        ("instead comet my friend", ["substitute"]),
    ],
)
def test_what_is_said_of_coming_is_composed(text: str, meanings: list[str]) -> None:
    """The rules of composition, in a language of twenty words."""
    parsed = parse(text, build(GRAMMAR, {}, "xx.toml"), EVENT, Writer("Jane Roe"))
    assert [clause.meaning for clause in parsed.clauses] == meanings


def test_no_pack_for_an_unknown_language() -> None:
    assert packs.load("tlh") is None
    assert packs.load("../en") is None
    assert packs.load("en-GB") is packs.load("en") or packs.load("en-GB") is not None
