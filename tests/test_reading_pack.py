"""Every language pack holds what its own examples say, and no phrase in it is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from rsvpbot.model import Kind
from rsvpbot.reading import pack as packs
from rsvpbot.reading import read
from rsvpbot.reading.pack import PackError, build
from tests.test_reading_english import EVENT, message

EXAMPLES = [
    (tag, example) for tag in packs.available() for pack in (packs.load(tag),) if pack for example in pack.examples
]


def test_every_pack_has_examples() -> None:
    assert packs.available()
    for tag in packs.available():
        assert sum(name == tag for name, _ in EXAMPLES) >= 10, tag


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


SMALL: dict[str, Any] = {
    "tag": "xx",
    "name": "Test",
    "lists": {"come": ["attend"]},
    "words": {},
    "titles": {"words": []},
}


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ({"phrases": ["{nowhere}"]}, "nowhere"),
        ({"phrases": ["(maybe)"]}, "may be missing"),
        ({"phrases": ["be [there"]}, "missing"),
        ({"phrases": ["... there"]}, "at an end"),
        ({"phrases": ["with <whom>"]}, "<who>"),
    ],
)
def test_a_wrong_phrase_is_reported_with_its_place(section: dict[str, list[str]], expected: str) -> None:
    with pytest.raises(PackError) as caught:
        build({**SMALL, "yes": section}, {}, "xx.toml")
    assert expected in str(caught.value)
    assert "xx.toml" in str(caught.value)
    assert "[yes]" in str(caught.value)


def test_a_missing_section_is_reported() -> None:
    with pytest.raises(PackError, match=r"xx\.toml"):
        build({"tag": "xx"}, {}, "xx.toml")


def test_no_pack_for_an_unknown_language() -> None:
    assert packs.load("tlh") is None
    assert packs.load("../en") is None
    assert packs.load("en-GB") is packs.load("en") or packs.load("en-GB") is not None
