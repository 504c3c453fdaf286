# ruff: noqa: E501 - mails are kept in one line each
"""English replies in many people's manners: what each must be read as.

A row: the text, the answer, the head-count, the names, whether a person must look. JR is the sender, Jane Roe.
Where a person must look, the answer given is the one shown to them; "any" where it does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from rsvpbot.model import Address, Body, Event, Kind, Message, Reading, Venue
from rsvpbot.reading import read

ZONE = ZoneInfo("America/New_York")
EVENT = Event(
    uid="roundtable-2016-09-20@roundtable.example",
    title="High-Level Roundtable: Working Together to End Child Immigration Detention",
    starts=datetime(2016, 9, 20, 12, 30, tzinfo=ZONE),
    ends=datetime(2016, 9, 20, 15, 30, tzinfo=ZONE),
    timezone="America/New_York",
    venue=Venue(
        name="UNICEF House",
        address="3 UN Plaza, New York, NY 10017",
        floor="14th floor",
        pass_name="UN (NY) grounds pass",
        reception="UNICEF reception",
    ),
)


def message(text: str, name: str = "Jane Roe", subject: str = "Re: Invitation") -> Message:
    return Message(
        digest="0" * 64,
        size=len(text),
        message_id="<1@sender.example>",
        subject=subject,
        senders=(Address(name, "jane.roe@sender.example"),),
        recipients=(Address("", "rsvp@roundtable.example"),),
        bodies=(Body("plain", text),),
    )


def reading(text: str, name: str = "Jane Roe") -> Reading:
    return read(message(text, name), EVENT, Kind.HUMAN)


@dataclass(frozen=True)
class Row:
    text: str
    partstat: str
    party: int | None = None
    names: tuple[str, ...] = ()
    review: bool = False
    sender: str = "Jane Roe"


JR = ("Jane Roe",)


def yes(text: str, party: int = 1, names: tuple[str, ...] = JR, sender: str = "Jane Roe") -> Row:
    return Row(text, "accepted", party, names, False, sender)


def no(text: str, sender: str = "Jane Roe") -> Row:
    return Row(text, "declined", 0, (), False, sender)


def maybe(text: str, party: int | None = None, names: tuple[str, ...] = JR, sender: str = "Jane Roe") -> Row:
    return Row(text, "tentative", party, names, False, sender)


def instead(text: str, party: int = 1, names: tuple[str, ...] = (), sender: str = "Jane Roe") -> Row:
    return Row(text, "delegated", party, names, False, sender)


def nothing(text: str) -> Row:
    return Row(text, "none")


def look(text: str, partstat: str = "any", sender: str = "Jane Roe") -> Row:
    return Row(text, partstat, None, (), True, sender)


ROWS = [
    # ---- plain yes
    yes("I will attend."),
    yes("Yes, I will attend."),
    yes("Yes"),
    yes("yes!!"),
    yes("Yep, count me in"),
    yes("Confirmed, thanks."),
    yes("I confirm my attendance.\n\nBest regards,\nJane Roe"),
    yes(
        "Dear organisers,\n\nThank you for the kind invitation. I am pleased to confirm my participation.\n\nKind regards\nJane"
    ),
    yes("I'd be delighted to attend, thank you!"),
    yes("Thank you so much for the invitation. I would be honoured to take part."),
    yes("It will be my pleasure to attend the roundtable."),
    yes("Happy to join. See you on the 20th."),
    yes("Looking forward to it!"),
    yes("I am looking forward to seeing you there."),
    yes("Please count me in."),
    yes("Could you put me down for the roundtable?"),
    yes("Please add me to the list of participants, thanks."),
    yes("I accept your kind invitation with pleasure."),
    yes("im in"),
    yes("ill be there"),
    yes("sure, c u there"),
    yes("Wouldn't miss it for the world."),
    yes("There is no way I would not come."),
    yes("Nothing could keep me away!"),
    yes("I plan to attend."),
    yes("I would like to attend."),
    yes("We accept."),
    yes("I can make it, many thanks."),
    yes("Works for me. I'll be there at noon."),
    yes("I have blocked my calendar and will be there."),
    yes("Save me a seat please!"),
    yes("I will atend the roundtable, I can confrim."),
    yes("Of course I'll come."),
    yes("Unfortunately my first mail was wrong. I can come after all."),
    yes("I was not sure last week, but now I can confirm that I will attend."),
    yes("Sorry for the late reply. Yes, I'll be there."),
    yes("No problem at all, I'll be there."),
    yes("I will be there, though a few minutes late."),
    yes("I'll attend but have to leave early, around 2."),
    yes("I'm happy to confirm that I will participate in the Roundtable on 20 September."),
    yes("I shall be present.\nJ. Roe"),
    yes("Dear all,\nI will be coming.\nBest,\nJane"),
    yes("You can count on me!"),
    yes("Attending. Just me."),
    yes("Yes I will, only me, no plus one."),
    yes("👍"),
    yes("Name: Jane Roe\nAttending: yes\nDietary needs: none"),
    yes("I don't need anything special. I will attend."),
    yes("I have not been to UNICEF House before, but I'll find it. I will attend."),
    # ---- with others
    yes("My wife and I will attend.", 2),
    yes("I will come with my husband.", 2),
    yes("I will attend together with my colleague John Doe.", 2, ("Jane Roe", "John Doe")),
    yes("John Doe and I will attend.", 2, ("Jane Roe", "John Doe")),
    yes("I will bring two colleagues.", 3),
    yes("Yes please, plus one.", 2),
    yes("Count me in +1", 2),
    yes("I'll be there with three colleagues from our Geneva office.", 4),
    yes("There will be three of us.", 3),
    yes(
        "We will be four: John Doe, Mary Major, Ali Hassan and myself.",
        4,
        ("John Doe", "Mary Major", "Ali Hassan", "Jane Roe"),
    ),
    yes("Both of us will attend.", 2),
    yes("I will attend accompanied by Ms. Mary Major, Second Secretary.", 2, ("Jane Roe", "Mary Major")),
    yes(
        "We confirm the participation of our delegation:\n\n- H.E. Mr. John Doe, Ambassador\n- Ms. Mary Major, Counsellor",
        2,
        ("John Doe", "Mary Major"),
        "Permanent Mission of Kestria",
    ),
    yes("Ambassador John Doe will attend.", 1, ("John Doe",), "Office of the Ambassador"),
    yes("On behalf of Ambassador John Doe, I am pleased to confirm that he will attend.", 1, ("John Doe",)),
    yes(
        "The Permanent Mission of Kestria has the honour to inform that it will be represented by Mr. John Doe, First Secretary.",
        1,
        ("John Doe",),
        "Permanent Mission of Kestria",
    ),
    yes("Dr. Mary Major has asked me to confirm that she will be with you. She is vegetarian.", 1, ("Mary Major",)),
    yes("Our director, Mary Major, will participate.", 1, ("Mary Major",), "Registry"),
    yes("Thank you for writing to both of us. I will come, John Doe is away that week.", 1),
    # ---- plain no
    no("No"),
    no("No, sorry."),
    no("No thank you."),
    no("I will not attend."),
    no("No, I will not attend."),
    no("Unfortunately I cannot attend."),
    no("I'm afraid I can't make it."),
    no("cant make it sry"),
    no("wont be able to come unfortunatly"),
    no("Regrets."),
    no("I regret to inform you that I am unable to attend."),
    no("I must regretfully decline."),
    no("I have to decline the invitation due to a prior commitment."),
    no("Thank you for the invitation, but I won't be able to make it."),
    no("I would have loved to attend, but I'm travelling that week."),
    no("I'd love to come but I have a conflicting meeting."),
    no("Would love to, but I'm in Geneva that week."),
    no("I wish I could be there! Alas, I am out of the country."),
    no("Please count me out."),
    no("Please take me off the list, I can't come."),
    no("I'll have to pass this time. Good luck with the event!"),
    no("Sadly I am on leave that week."),
    no("Unfortunately, I will be on mission in Nairobi on 20 September."),
    no("Due to a prior engagement I am not in a position to participate."),
    no("It will not be possible for me to attend."),
    no("Neither I nor my colleagues will be able to attend."),
    no("Nobody from our office can attend."),
    no("The Mission regrets that no representative will be able to attend.", "Permanent Mission of Kestria"),
    no("The Ambassador regrets that he is unable to attend.", "Office of the Ambassador"),
    no("Ambassador Doe will not be able to attend. He thanks you for the invitation.", "Office of the Ambassador"),
    no("I don't think I can make it."),
    no("Much as I'd like to join you, I can't."),
    no("I said yes last week, but my plans have changed: I can't come."),
    no("Please cancel my registration, something has come up."),
    no("Not this time, sorry."),
    no("I am declining, thanks."),
    no("Can't, flying home that day. Have a great meeting!"),
    no("My apologies, I will be unable to join."),
    no("I send my regrets and wish you every success."),
    no("Hope to attend next time, but this time I can't."),
    no("We are unable to send anyone. No one from our organisation will participate."),
    no(
        "What a wonderful initiative! I would have been honoured to be part of it. I am recovering from surgery and can't travel."
    ),
    no("👎"),
    no("Sorry to miss it, I'll be in hospital that day."),
    # ---- maybe
    maybe("Maybe."),
    maybe("I hope to attend."),
    maybe("I hope to be able to join you, will confirm next week."),
    maybe("I'm not sure yet whether I can come."),
    maybe("I might be able to come."),
    maybe("I will try to attend."),
    maybe("Please pencil me in."),
    maybe("It depends on my visa."),
    maybe("I will let you know by Friday."),
    maybe("I cannot confirm yet."),
    maybe("I'll come if my flight arrives on time."),
    maybe("I would love to come but have to check with my boss first."),
    maybe(
        "Your invitation has been transmitted to capital and we shall inform you of the decision in due course.",
        names=(),
        sender="Permanent Mission of Kestria",
    ),
    maybe("I will probably attend."),
    maybe("Tentatively yes."),
    maybe("Subject to the Council's schedule I will attend."),
    maybe("I have not decided yet."),
    maybe("I will attend unless the Council meets."),
    maybe("50/50 at the moment, will know more next week."),
    # ---- somebody else
    instead("I cannot attend, but my colleague John Doe will come in my place.", 1, ("John Doe",)),
    instead("Unfortunately I am unable to attend. I will be represented by Ms. Mary Major.", 1, ("Mary Major",)),
    instead("My deputy, John Doe, will represent me.", 1, ("John Doe",)),
    instead("I can't come; John Doe will attend instead.", 1, ("John Doe",)),
    instead("I'm sending John Doe in my place.", 1, ("John Doe",)),
    instead(
        "Ambassador Smith regrets that she cannot attend; she will be represented by Counsellor Mary Major.",
        1,
        ("Mary Major",),
        "Office of the Ambassador",
    ),
    instead(
        "I will be away. Two colleagues will attend on my behalf: John Doe and Mary Major.",
        2,
        ("John Doe", "Mary Major"),
    ),
    instead("I am unable to attend but would like to nominate John Doe to attend in my place.", 1, ("John Doe",)),
    instead("I can't make it, a colleague will come instead of me.", 1),
    # ---- no answer, no review
    nothing("Thank you!"),
    nothing("Received with thanks."),
    nothing("Many thanks for the information, noted."),
    nothing("Do I need to bring photo ID?"),
    nothing("What time does the event start?"),
    nothing("Could you tell me on which floor it is?"),
    nothing("We acknowledge receipt of your letter."),
    # ---- a person must look
    look("Will you reimburse my travel?"),
    look("I will attend. Could you send me a visa invitation letter?", "accepted"),
    look("I'll come. Is there parking?", "accepted"),
    look("Can I follow online?"),
    look("I can't travel. Can I join by Zoom?", "declined"),
    look("I will attend online."),
    look("Can I bring a guest?"),
    look("I will attend a wedding that day."),
    look("I will attend. I will not attend."),
    look("Who else is coming?"),
    look("I'm outraged that survivors were not invited."),
    look("We will come as a delegation of nine.", "accepted"),
    look("I doubt that I will attend."),
    look("My boss says he will attend over his dead body."),
    look("I forgot to attend the last one."),
    look("Please confirm my registration number."),
    look("I was told that everyone will attend."),
    look("If I were in New York I would attend."),
    look("I never said that I would attend."),
    look("I am a journalist with the Daily Bugle and would like to film the event."),
    look("Please change my email address to jane@new.example."),
    look("I will attend. The photographer is not allowed to take my picture."),
    look("My colleague John Doe might come too. I will attend."),
    look("I'm vegetarian."),
    look("Please find attached our position paper."),
    look("I am in Geneva."),
    look("The previous mail was not from me."),
    look("Jane Roe has left the organisation."),
    look("I'll attend, but not in my official capacity."),
    look("I will not be able to attend the dinner, but will be there for the roundtable."),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.text[:60])
def test_row(row: Row) -> None:
    got = reading(row.text, row.sender)
    said = got.partstat.value if got.partstat else "none"
    told = (row.text, said, got.party, got.names, got.reasons)
    assert got.review == row.review, told
    if row.partstat != "any":
        assert said == row.partstat, told
    if not row.review and row.partstat != "none":
        assert got.party == row.party, told
        assert set(got.names) == set(row.names), told


MEANT = {"A": "accepted", "D": "declined", "T": "tentative", "G": "delegated", "N": None}


def replies() -> list[tuple[str, str]]:
    lines = (Path(__file__).parent / "english_replies.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split("|", 1) for line in lines if line and not line.startswith("#")]
    return [(letter, text.replace("\\n", "\n")) for letter, text in rows]


@pytest.mark.parametrize(("letter", "text"), replies(), ids=lambda value: value[:50])
def test_reply_is_right_or_left_to_a_person(letter: str, text: str) -> None:
    got = reading(text)
    if letter == "R" or got.review:
        assert got.review, (got.partstat, got.names)
    else:
        assert (got.partstat.value if got.partstat else None) == MEANT[letter], got.names


def test_most_replies_are_read_alone() -> None:
    plain = [(letter, text) for letter, text in replies() if letter != "R"]
    alone = [text for _, text in plain if not reading(text).review]
    assert len(alone) / len(plain) >= 0.9
