"""What a limit held back goes out as far as it still says what is so; and nobody is left with what is no longer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from rsvpbot.config import Config
from rsvpbot.letters.facts import next_facts
from rsvpbot.letters.outbox import is_withdrawn
from rsvpbot.model import Done, Letter, LetterKind, LetterState, PartStat
from rsvpbot.organisers import announce, by_hand
from rsvpbot.organisers.figures import Replaced, figures
from rsvpbot.organisers.rulings import NotPossible
from rsvpbot.organisers.summary import render
from rsvpbot.store.base import Commit
from tests.steer_house import ADA, ANN, NOW, PASS, House, letters_of, plain, steered

XAV = "xav@lovelace.example"
YVA = "yva@lovelace.example"
ADAS = "mx.roundtable.example; dmarc=pass header.from=lovelace.example"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with steered(tmp_path) as opened:
        yield opened


def capped(house: House, *, person: int = 100, hour: int = 0) -> None:
    limits = replace(house.config.replies, max_per_person_day=person, max_per_hour=hour)
    house.intake._config = replace(house.config, replies=limits)


def in_summary(house: House, text: str) -> Done:
    return house.comes(text, ANN, auth=PASS, In_Reply_To=house.steering.decisions.summary_message_id("s1"))


def states(house: House, kind: LetterKind) -> list[LetterState]:
    return [letter.state for letter in house.letters(kind)]


def gone(house: House, *kinds: LetterKind) -> None:
    """The letters of these kinds have gone out."""
    out = [one for one in house.store.letters() if one.kind in kinds and one.state is LetterState.QUEUED]
    house.store.commit(Commit(letters=tuple(replace(one, state=LetterState.SENT, sent_at=NOW) for one in out)))


def told_since(house: House, config: Config, *, cancelled: bool = False) -> None:
    """The arrangements of `config` have been told to everybody by now."""
    mailbox = house.store.mailbox()
    facts = next_facts(mailbox.told, config, NOW + timedelta(minutes=1), cancelled=cancelled)
    house.store.commit(Commit(mailbox=replace(mailbox, told=facts, told_before=mailbox.told)))


def let_go(house: House, config: Config | None = None, at: datetime = NOW + timedelta(hours=1)) -> str:
    return "\n".join(by_hand.send_held(house.store, config or house.config, at))


# --------------------------------------------------------------------------- let go


def test_all_letters_of_an_answer_go_out_or_none(house: House) -> None:
    """One says that the other was written: told alone, it would not be true."""
    capped(house, person=1)
    house.comes(f"I cannot come; Xav Lovelace <{XAV}> will attend in my place.", auth=ADAS)
    assert states(house, LetterKind.DELEGATED) == states(house, LetterKind.WELCOME) == [LetterState.HELD]
    assert "2 letters that were held back go out." in let_go(house)
    assert states(house, LetterKind.DELEGATED) == states(house, LetterKind.WELCOME) == [LetterState.QUEUED]
    with pytest.raises(NotPossible, match="no letter is held back"):
        let_go(house)


def test_of_two_that_say_the_same_the_later_goes_out(house: House) -> None:
    house.comes("I will come.")
    capped(house, person=1)
    house.comes("I will come with my wife.", auth=ADAS)
    house.comes("I will come with my wife and my two sons.", auth=ADAS)
    first, second, third = house.letters(LetterKind.ACCEPTED)
    assert (first.state, second.state, third.state) == (LetterState.QUEUED, LetterState.HELD, LetterState.HELD)
    said = let_go(house)
    assert "One letter that was held back goes out." in said and "One does not go out" in said
    assert states(house, LetterKind.ACCEPTED) == [LetterState.QUEUED, LetterState.WITHDRAWN, LetterState.QUEUED]


def test_what_was_decided_since_is_not_contradicted(house: House) -> None:
    capped(house, hour=1)
    house.comes("I will come.", "bob@babbage.example")
    house.comes("I will come.")
    assert states(house, LetterKind.ACCEPTED)[-1] is LetterState.HELD
    in_summary(house, "Ada Lovelace declines")
    in_summary(house, "send held")
    assert "One does not go out: what it says is no longer so, or was said since." in house.told()
    assert states(house, LetterKind.ACCEPTED)[-1] is LetterState.WITHDRAWN
    assert states(house, LetterKind.DECLINED) == [LetterState.QUEUED]


@pytest.mark.parametrize("both", ["Ada Lovelace declines\nsend held", "send held\nAda Lovelace declines"])
def test_they_are_not_let_go_beside_another_decision(house: House, both: str) -> None:
    """It would be decided on the record as it stood before."""
    capped(house, hour=1)
    house.comes("I will come.", "bob@babbage.example")
    house.comes("I will come.")
    in_summary(house, both)
    assert "Nothing was done: “send held” needs a mail of its own" in house.told()
    assert states(house, LetterKind.ACCEPTED)[-1] is LetterState.HELD
    answer = house.ada().answer
    assert answer is not None and answer.partstat is PartStat.ACCEPTED


def test_a_welcome_goes_out_only_to_who_comes(house: House) -> None:
    capped(house, hour=1)
    house.comes("I will come.", "bob@babbage.example")
    house.comes(f"I cannot come; Xav Lovelace <{XAV}> will attend in my place.", auth=ADAS)
    in_summary(house, f"Ada Lovelace delegate Yva Lovelace <{YVA}>")
    let_go(house)
    assert [(one.recipients, one.state) for one in house.letters(LetterKind.WELCOME)] == [
        ((XAV,), LetterState.WITHDRAWN),
        ((YVA,), LetterState.QUEUED),
    ]


@pytest.mark.parametrize("announced", [True, False])
def test_what_tells_of_other_arrangements_is_written_anew(house: House, announced: bool) -> None:
    capped(house, person=1)
    house.comes(f"I cannot come; Xav Lovelace <{XAV}> will attend in my place.", auth=ADAS)
    event = house.config.event
    later = replace(house.config, event=replace(event, starts=event.starts.replace(hour=10, minute=15)))
    told_since(house, later if announced else house.config)
    assert "2 letters that were held back go out." in let_go(house, later)
    welcomes = house.letters(LetterKind.WELCOME)
    assert [one.state for one in welcomes] == [LetterState.WITHDRAWN, LetterState.QUEUED]
    anew = welcomes[-1]
    assert anew.recipients == (XAV,) and "10:15" in plain(anew) and "12:30" not in plain(anew)
    assert "written" in plain(house.letters(LetterKind.DELEGATED)[-1])


def test_of_a_cancelled_event_nothing_is_confirmed(house: House) -> None:
    capped(house, hour=1)
    house.comes("I will come.", "bob@babbage.example")
    house.comes("I will come.")
    told_since(house, house.config, cancelled=True)
    assert "One does not go out" in let_go(house)
    assert states(house, LetterKind.ACCEPTED)[-1] is LetterState.WITHDRAWN
    assert house.store.letters(LetterState.HELD) == ()


def test_who_was_only_told_by_a_held_letter_does_not_know(house: House) -> None:
    """News of the event goes to those as well whose later letter a limit held back."""
    event = house.config.event
    later = replace(house.config, event=replace(event, starts=event.starts.replace(hour=10, minute=15)))
    house.comes("I will come.")
    told_since(house, later)
    (letter,) = house.letters(LetterKind.ACCEPTED)
    after = replace(letter, id="after", queued_at=NOW + timedelta(hours=1))
    house.store.commit(Commit(letters=(after,)))
    assert announce.news(house.store, later, NOW + timedelta(hours=2)) is None
    house.store.commit(Commit(letters=(replace(after, state=LetterState.HELD),)))
    news = announce.news(house.store, later, NOW + timedelta(hours=2))
    assert news is not None and [one.id for one in news.todo] == [ADA.id]


# --------------------------------------------------------------------------- who comes no more


def delegated(house: House) -> Letter:
    house.comes(f"I cannot come; Xav Lovelace <{XAV}> will attend in my place.", auth=ADAS)
    (welcome,) = house.letters(LetterKind.WELCOME)
    return welcome


def test_a_welcome_that_still_waits_is_withdrawn_with_the_answer(house: House) -> None:
    welcome = delegated(house)
    assert not is_withdrawn(welcome, house.store, NOW)
    in_summary(house, "Ada Lovelace accepts")
    assert is_withdrawn(welcome, house.store, NOW)
    assert XAV not in house.told()


def test_organisers_learn_whom_to_tell_that_another_comes(house: House) -> None:
    delegated(house)
    gone(house, LetterKind.WELCOME, LetterKind.DELEGATED)
    assert figures(house.store, house.config, NOW).replaced == ()
    in_summary(house, "Ada Lovelace accepts")
    assert f"Please tell {XAV}, who had our letter" in " ".join(house.told().split())
    told = figures(house.store, house.config, NOW)
    assert [(one.who.label, one.delegate) for one in told.replaced] == [("Ada Lovelace", XAV)]
    assert isinstance(told.replaced[0], Replaced)
    page = " ".join(render(told, house.config).text.split())
    assert "one representative to be told" in page.lower() and XAV in page and "in the place of Ada Lovelace" in page


def test_undone_is_told_by_the_organiser_to_whom_it_was_told(house: House) -> None:
    in_summary(house, f"Ada Lovelace delegate Xav Lovelace <{XAV}>")
    gone(house, LetterKind.WELCOME, LetterKind.DELEGATED)
    in_summary(house, "undo")
    told = " ".join(house.told().split())
    assert house.ada().answer is None
    assert f"Please tell ada@lovelace.example and {XAV}, who had our letter of what is now taken back." in told
    assert [one.delegate for one in figures(house.store, house.config, NOW).replaced] == [XAV]


def test_a_cancellation_reaches_whoever_was_welcomed_before(house: House) -> None:
    delegated(house)
    gone(house, LetterKind.WELCOME, LetterKind.DELEGATED)
    in_summary(house, "Ada Lovelace accepts")
    store, config = house.store, house.config
    announce.note_first(store, config)
    for cancel, to in ((False, ("ada@lovelace.example",)), (True, ("ada@lovelace.example", XAV))):
        event = replace(config.event, title="Another title")
        changed = config if cancel else replace(config, event=event)
        found = announce.news(store, changed, NOW, cancel=cancel)
        assert found is not None
        telling = announce.Telling(store, changed, letters_of(config), house.tokens, found)
        letter = telling.written(house.ada(), NOW)
        assert letter is not None and letter.recipients == to


# --------------------------------------------------------------------------- decided by name


SECRETARY = "Pam Pym <pam@lovelace.example>"
FOR_HER = "On behalf of Ada Lovelace: she will attend with her husband. Both are vegetarians and have no grounds pass."


def test_a_decision_by_name_keeps_what_the_message_said_beside_it(house: House) -> None:
    house.comes(FOR_HER, SECRETARY)
    assert house.store.open_replies() and house.ada().answer is None
    in_summary(house, "Ada Lovelace accepts 2")
    answer = house.ada().answer
    assert answer is not None and house.store.open_replies() == ()
    assert (answer.partstat, answer.party, answer.dietary) == (PartStat.ACCEPTED, 2, "vegetarian")
    assert answer.grounds_pass is False


def test_a_forged_message_adds_nothing_to_a_decision_by_name(house: House) -> None:
    failed = "mx.roundtable.example; dmarc=fail header.from=lovelace.example"
    house.comes(FOR_HER, SECRETARY, auth=failed)
    in_summary(house, "Ada Lovelace accepts 2")
    answer = house.ada().answer
    assert answer is not None and (answer.dietary, answer.grounds_pass) == (None, None)
