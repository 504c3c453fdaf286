"""A full room: who waits, in which order seats are offered, and until when."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rsvpbot.clock import ShiftedClock
from rsvpbot.decide import expected_people
from rsvpbot.letters import standby
from rsvpbot.mail.tokens import Tokens
from rsvpbot.model import Answer, Folder, Invitee, LetterKind, LetterState, Order, PartStat
from rsvpbot.organisers import summary
from rsvpbot.store import open_store
from rsvpbot.store.base import Commit, Store
from tests.steer_house import House, letters_of, parsed, plain, steered

NEW_YORK = ZoneInfo("America/New_York")
TOKENS = Tokens((b"a key of thirty-two bytes, really",), "roundtable-2016-09-20@roundtable.example")


def at(day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(2016, 9, day, hour, minute, tzinfo=NEW_YORK)


NAMES = ("Ada Lovelace", "Bob Babbage", "Cleo Carr", "Dan Dole", "Eva Ende")


def guest(number: int, category: str = "") -> Invitee:
    name = NAMES[number]
    return Invitee(
        f"{'abcde'[number] * 8}", (f"{name.split()[0].lower()}@x.example",), f"u{number}", name, "", category
    )


class Full:
    """A room for three, and those who want to come."""

    def __init__(self, house: House, capacity: int = 3, **reserved: int) -> None:
        event = replace(house.config.event, capacity=capacity, capacity_by_category=reserved)
        self.config = replace(house.config, event=event)
        self.house = House(house.store, self.config)
        self.store = house.store

    def says(self, number: int, text: str, to_letter: bool = False) -> None:
        invitee = self.of(number)
        letters = self.store.letters_to(invitee.id)
        fields = {"In_Reply_To": letters[-1].message_id} if to_letter and letters else {}
        self.house.comes(text, f"{invitee.name} <{invitee.addresses[0]}>", **fields)

    def works(self, now: datetime) -> int:
        return standby.work(self.store, self.config, letters_of(self.config), TOKENS, now)

    def sends(self) -> None:
        """Everything that waits goes out."""
        letters = self.store.letters(LetterState.QUEUED)
        self.store.commit(Commit(letters=tuple(replace(one, state=LetterState.SENT, raw=None) for one in letters)))

    def of(self, number: int) -> Invitee:
        found = self.store.invitee(guest(number).id)
        assert found is not None
        return found

    def answer(self, number: int) -> Answer:
        found = self.of(number).answer
        assert found is not None
        return found

    def last(self, number: int) -> LetterKind:
        return self.store.letters_to(guest(number).id)[-1].kind

    @property
    def expected(self) -> int:
        return sum(expected_people(invitee.answer) for invitee in self.store.invitees())


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with steered(tmp_path) as opened:
        opened.store.commit(
            Commit(invitees=tuple(map(guest, range(5))), erased=tuple(i.id for i in opened.store.invitees()))
        )
        yield opened


@pytest.fixture
def full(house: House) -> Full:
    """Ada comes with one more and Bob alone: every seat is taken; Cleo waits for two, Dan for one."""
    room = Full(house)
    room.says(0, "I will come with my husband.")
    room.says(1, "I will come.")
    room.says(2, "I will come with a colleague.")
    room.says(3, "I will attend.")
    return room


def test_over_capacity_a_party_waits_and_is_told_its_place(full: Full) -> None:
    assert full.expected == 3
    assert [full.last(n) for n in range(4)] == [LetterKind.ACCEPTED] * 2 + [LetterKind.STANDBY] * 2
    assert full.answer(2).standby is not None and full.answer(2).partstat is PartStat.ACCEPTED
    places = [plain(full.store.letters_to(guest(n).id)[-1]) for n in (2, 3)]
    assert "for 2 people; your place on it is number 1" in " ".join(places[0].split())
    assert "your place on it is number 2" in " ".join(places[1].split())
    assert not any(
        part.get_content_type() == "text/calendar" for part in parsed(full.store.letters_to(guest(2).id)[-1]).walk()
    )
    assert full.store.open_replies() == ()


def test_asked_again_it_keeps_its_place(full: Full) -> None:
    since = full.answer(2).standby
    full.says(2, "We shall be two, as I said.", to_letter=True)
    assert full.answer(2).standby == since and full.last(2) is LetterKind.STANDBY


def test_a_clock_that_is_set_back_lets_nobody_past(full: Full) -> None:
    earlier = ShiftedClock(full.house.clock.now() - timedelta(hours=1))
    full.house.clock.now = earlier.now  # type: ignore[method-assign]
    full.says(4, "I will attend.")
    assert full.answer(4).standby == full.answer(3).standby + timedelta(microseconds=1)  # type: ignore[operator]
    assert "your place on it is number 3" in " ".join(plain(full.store.letters_to(guest(4).id)[-1]).split())


def test_a_smaller_party_that_fits_comes_at_once(full: Full) -> None:
    full.says(1, "I cannot come after all.", to_letter=True)
    full.says(2, "Then I will come alone.", to_letter=True)
    assert full.answer(2).standby is None and full.last(2) is LetterKind.ACCEPTED


def test_the_next_that_fits_is_offered_a_freed_seat(full: Full) -> None:
    assert full.works(at(12)) == 0
    full.says(1, "I cannot come after all.", to_letter=True)
    assert full.works(at(12, 10)) == 1
    # One seat: Cleo's two do not fit, Dan does; his seat is kept, so nobody else is offered it.
    assert full.last(3) is LetterKind.OFFER and full.last(2) is LetterKind.STANDBY
    assert full.answer(3).offered_until == at(14, 10) and full.expected == 3
    assert full.works(at(12, 10, 5)) == 0
    offer = " ".join(plain(full.store.letters_to(guest(3).id)[-1]).split())
    assert "until Wednesday, 14 September 2016, 10:00" in offer


def test_an_offer_is_confirmed_by_a_word(full: Full) -> None:
    full.says(1, "I cannot come after all.", to_letter=True)
    full.works(at(12, 10))
    full.says(3, "Yes.", to_letter=True)
    assert full.answer(3).offered_until is None and full.answer(3).standby is None
    assert LetterKind.ACCEPTED in {letter.kind for letter in full.store.letters_to(guest(3).id)}
    assert full.works(at(15)) == 0 and full.expected == 3


def test_an_offer_that_is_declined_passes_on(full: Full) -> None:
    full.says(0, "We cannot come.", to_letter=True)
    assert full.works(at(12, 10)) == 1  # two seats, and Cleo's party was first
    assert full.answer(2).offered_until is not None
    full.says(2, "No, thank you, I have made other plans.", to_letter=True)
    assert full.answer(2).partstat is PartStat.DECLINED
    assert full.works(at(12, 11)) == 1 and full.answer(3).offered_until is not None


def test_an_offer_that_nobody_answers_lapses_and_is_not_repeated(full: Full) -> None:
    full.says(1, "I cannot come after all.", to_letter=True)
    full.works(at(12, 10))
    full.sends()
    full.says(4, "I will attend.")
    assert full.last(4) is LetterKind.STANDBY
    assert full.works(at(14, 9, 59)) == 0
    assert full.works(at(14, 10)) == 1  # Eva is next; Dan had his time
    assert full.answer(4).offered_until is not None and full.answer(3).standby is not None
    assert full.works(at(14, 11)) == 0
    full.says(4, "No, I cannot.", to_letter=True)
    assert full.works(at(14, 12)) == 0, "who did not answer is not asked over and over"
    full.says(3, "Yes, I will come, is there still a place for me? I will attend.", to_letter=True)
    assert full.answer(3).standby is None, "but a word of theirs takes a seat that is free"


def test_an_offer_that_never_left_is_made_again(full: Full) -> None:
    full.says(1, "I cannot come after all.", to_letter=True)
    assert full.works(at(12, 10)) == 1
    assert full.works(at(14, 11)) == 1, "nobody has kept silent: the server was out of reach"
    assert full.answer(3).offered_until == at(16, 11)
    assert [one.kind for one in full.store.letters_to(guest(3).id)].count(LetterKind.OFFER) == 1


def test_a_delegates_yes_for_more_takes_no_seat_that_is_not_there(full: Full) -> None:
    full.says(1, "I cannot come. Jane Doe <jane@doe.example> will attend in my place.", to_letter=True)
    assert full.expected == 3
    passed = "mx.roundtable.example; dmarc=pass header.from=doe.example"
    full.house.comes("I will come with two colleagues.", "Jane Doe <jane@doe.example>", auth=passed)
    assert full.expected == 3
    assert any("no room for more" in reason for reply in full.store.open_replies() for reason in reply.reasons)


def test_offers_are_made_by_day_and_not_at_the_last_minute(full: Full) -> None:
    full.says(1, "I cannot come after all.", to_letter=True)
    assert full.works(at(12, 22)) == 0 and full.works(at(13, 7, 59)) == 0
    assert standby.deadline(full.config, at(19, 12)) == at(20, 0, 30)
    assert standby.deadline(full.config, at(19, 19)) is None
    assert full.works(at(19, 19)) == 0
    assert full.works(at(13, 8)) == 1


def test_whoever_has_seats_does_not_lose_them_by_asking_for_more(full: Full) -> None:
    full.says(1, "I will come with my wife and my son.", to_letter=True)
    assert full.answer(1).party == 1 and full.answer(1).standby is None
    (reply,) = full.store.open_replies()
    assert reply.folder is Folder.REVIEW and any("no room for more" in reason for reason in reply.reasons)


def test_organisers_may_seat_anybody(full: Full) -> None:
    full.house.comes(
        "Dan Dole accepts", "ann@unicef.example", auth="mx.roundtable.example; dmarc=pass header.from=unicef.example",
        In_Reply_To=full.house.steering.decisions.summary_message_id("s1"),
    )  # fmt: skip
    assert full.answer(3).standby is None and full.expected == 4


def test_a_raised_capacity_is_offered(full: Full) -> None:
    event = replace(full.config.event, capacity=6)
    full.config = replace(full.config, event=event)
    assert full.works(at(12, 10)) == 2


def test_seats_kept_for_a_category_are_its_own(house: House) -> None:
    people = (guest(0, "Member States"), guest(1, "experts"), guest(2, "Experts"), guest(3, "Member States"))
    house.store.commit(Commit(invitees=people))
    room = Full(house, 3, **{"Member States": 2, "experts": 1})
    for number in (1, 2, 0, 3):
        room.says(number, "I will come.")
    assert room.answer(2).standby is not None
    assert room.answer(0).standby is None and room.answer(3).standby is None
    room.says(0, "I cannot come after all.", to_letter=True)
    assert room.works(at(12, 10)) == 0, "a seat of Member States is none for an expert"
    room.says(1, "I cannot come after all.", to_letter=True)
    assert room.works(at(12, 11)) == 1 and room.answer(2).offered_until is not None


def test_each_waits_in_the_line_of_their_own_seats(house: House) -> None:
    room = Full(house, capacity=3, press=1)
    press = [replace(room.of(n), category="Press") for n in (0, 2)]
    room.store.commit(Commit(invitees=tuple(press)))
    for number in (0, 1, 2, 3):
        room.says(number, "I will attend.")
    told = [" ".join(plain(room.store.letters_to(guest(n).id)[-1]).split()) for n in (1, 2, 3)]
    # Ada has the seat of the press; the others have none kept for them.
    assert [re.findall(r"your place on it is number (\d)", one) for one in told] == [["1"], ["1"], ["2"]]


def test_where_there_is_no_limit_nobody_waits(house: House) -> None:
    event = replace(house.config.event, capacity=None)
    room = House(house.store, replace(house.config, event=event))
    for number in range(5):
        room.comes("I will come.", f"{NAMES[number]} <{guest(number).addresses[0]}>")
    assert house.store.standby() == ()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("yes"), st.integers(0, 4), st.integers(1, 3)),
        st.tuples(st.just("no"), st.integers(0, 4), st.just(0)),
        st.tuples(st.just("hours"), st.integers(1, 30), st.just(0)),
    ),
    max_size=25,
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_offers_never_fill_the_room(tmp_path_factory: pytest.TempPathFactory, steps: object) -> None:
    """Whatever comes and goes: seats taken and offered stay within capacity, and nobody has two offers open."""
    with steered(tmp_path_factory.mktemp("room")) as opened:
        opened.store.commit(Commit(invitees=tuple(map(guest, range(5)))))
        config = replace(opened.config, event=replace(opened.config.event, capacity=4))
        now, store = at(5), opened.store
        for kind, which, party in steps:  # type: ignore[attr-defined]
            if kind == "hours":
                now += timedelta(hours=which)
            else:
                invitee = store.invitee(guest(which).id)
                assert invitee is not None
                store.commit(Commit(invitees=(replace(invitee, answer=_after(store, invitee, kind, party, now)),)))
            standby.work(store, config, letters_of(config), TOKENS, now)
            assert sum(expected_people(each.answer) for each in store.invitees()) <= 4
        offers = [letter for letter in store.letters() if letter.kind is LetterKind.OFFER]
        assert len({letter.id for letter in offers}) == len(offers)
        assert all(letter.state is LetterState.QUEUED for letter in offers)


def _after(store: Store, invitee: Invitee, kind: str, party: int, now: datetime) -> Answer | None:
    """What the road would record: seats where there is room, else a place on the list."""
    if kind == "no":
        return Answer(PartStat.DECLINED, 0, (), Order(now, 1), "d", now)
    others = sum(expected_people(each.answer) for each in store.invitees() if each.id != invitee.id)
    has = expected_people(invitee.answer)
    if others + party <= 4:
        return Answer(PartStat.ACCEPTED, party, (), Order(now, 1), "d", now)
    if has:
        return invitee.answer
    since = invitee.answer.standby if invitee.answer and invitee.answer.standby else now
    return Answer(PartStat.ACCEPTED, party, (), Order(now, 1), "d", now, standby=since)


def test_the_store_finds_who_waits(tmp_path: Path) -> None:
    with open_store("tinydb:rsvp.json", tmp_path) as store:
        yes = Answer(PartStat.ACCEPTED, 1, (), Order(at(1), 1), "d", at(1))
        waits, offered = replace(yes, standby=at(2)), replace(yes, offered_until=at(3))
        store.commit(
            Commit(
                invitees=(
                    replace(guest(0), answer=yes),
                    replace(guest(1), answer=waits),
                    replace(guest(2), answer=offered),
                    guest(3),
                )
            )
        )
        assert [invitee.id for invitee in store.standby()] == [guest(1).id, guest(2).id]
        store.commit(Commit(invitees=(replace(guest(1), answer=yes),)))
        assert [invitee.id for invitee in store.standby()] == [guest(2).id]


def test_the_summary_tells_who_waits_and_who_was_asked(full: Full) -> None:
    full.says(1, "I cannot come after all.", to_letter=True)
    full.works(at(12, 10))
    full.sends()
    text = " ".join(summary.render(summary.figures(full.store, full.config, at(12, 11)), full.config).text.split())
    assert "2 parties on the waiting list" in text
    assert "Dan Dole seats are offered until 14 Sept, 10:00" in text
    assert "Cleo Carr 2 people" in text and "waits since 12 Sept, 09:00" in text
    late = " ".join(summary.render(summary.figures(full.store, full.config, at(14, 12)), full.config).text.split())
    assert "did not answer an offer that ended on 14 Sept, 10:00" in late
    assert "3 people expected" in text
    assert "Waiting list: 2 people" in text
    found = summary.figures(full.store, full.config, at(12, 11))
    assert found.growth.columns[-1].people == found.expected == 3


# --------------------------------------------------------------------------- after the list was closed


def test_nobody_new_gets_on_a_closed_list_but_who_leaves_is_heard(house: House) -> None:
    event = replace(house.config.event, freeze_at=at(12, 8))
    before = House(house.store, house.config)
    for number, text in enumerate(
        ("I will come with my husband.", "I will come.", "I am not sure yet whether I can come.")
    ):
        before.comes(text, f"{NAMES[number]} <{guest(number).addresses[0]}>")
    closed = House(house.store, replace(house.config, event=event))
    closed.uid = before.uid

    def says(number: int, text: str) -> Invitee:
        letters = house.store.letters_to(guest(number).id)
        thread = {"In_Reply_To": letters[-1].message_id} if letters else {}
        closed.comes(text, f"{NAMES[number]} <{guest(number).addresses[0]}>", **thread)
        found = house.store.invitee(guest(number).id)
        assert found is not None
        return found

    assert says(2, "I will attend.").partstat is PartStat.TENTATIVE
    assert says(3, "I will attend.").answer is None
    assert says(1, "I cannot come. Jane Doe will attend in my place.").partstat is PartStat.ACCEPTED
    reasons = [reason for reply in house.store.open_replies() for reason in reply.reasons]
    assert sum("when it was closed" in reason for reason in reasons) == 3
    assert says(0, "I will come, as I said.").answer is not None
    assert says(1, "I cannot come after all.").partstat is PartStat.DECLINED
