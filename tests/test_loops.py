"""No conversation with a machine goes on: each partner of tests/loop_partners.py; and the limits, on the whole road."""

from __future__ import annotations

import subprocess
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from rsvpbot.model import LetterState, PartStat
from rsvpbot.store import open_store
from tests.corpus_mailbox import command
from tests.loop_partners import ADDRESS, ORGANISER, START, Bot, Got, Hand, Post, in_turn, talks
from tests.servers import Dovecot, Postfix, SmtpSink, until

TALKS = talks()


@pytest.mark.parametrize("name", TALKS)
def test_it_ends_after_one_exchange_at_most(name: str, dovecot: Dovecot, smtp_sink: SmtpSink, tmp_path: Path) -> None:
    """At the pace at which no limit and no sense for haste can help; the module runs both."""
    ended = TALKS[name](dovecot, smtp_sink, tmp_path, "days")
    assert ended.exchanges <= 1, ended


# ------------------------------------------------------------------ limits, for what nothing else ends


def polled(bot: Bot, *words: str) -> str:
    """A command as an admin runs it, at the moment of the bot's clock."""
    line = [*command(bot.path, *(words or ("poll",))), "--now", bot.clock.time.isoformat()]
    done = subprocess.run(line, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    return done.stdout


def states(bot: Bot) -> list[LetterState]:
    with open_store(bot.config.store_url, bot.folder, read_only=True) as store:
        return [letter.state for letter in store.letters() if letter.reply]


def test_the_limit_stops_a_program_that_changes_its_mind_and_an_organiser_lets_it_go_on(
    dovecot: Dovecot, smtp_sink: SmtpSink, tmp_path: Path
) -> None:
    """Yes and no in turn: each is news, so nothing but the limit ends it. Nothing is lost meanwhile."""
    wavers = in_turn("Yes, I will attend.", "I can no longer attend.")
    clock, user = Hand(START), dovecot.new_user("rsvp")
    limits = {"# max_per_person_day = 3": "max_per_person_day = 3"}
    bot = Bot(dovecot, user, smtp_sink, tmp_path, f"{ADDRESS},Ada Lovelace\n", clock, limits)
    bot.invite()
    post = Post(dovecot, smtp_sink, (bot,))
    for number in range(5):
        if number < 4:
            newest = [letter for letter in smtp_sink.received if ADDRESS in letter.recipients][-1]
            (mail,) = wavers(Got(newest, ADDRESS, number, clock.time))
            post.deliver(bot, mail.raw, mail.mail_from)
        clock.time += timedelta(minutes=1)
        bot.poll()
    bot.close()
    assert (post.exchanges(), states(bot)) == (3, [LetterState.SENT] * 3 + [LetterState.HELD])
    assert len(dovecot.messages(user, "RSVP/Recorded")) == 4
    with open_store(bot.config.store_url, bot.folder, read_only=True) as store:
        ada = store.invitee_by_address(ADDRESS)
        assert ada is not None and ada.partstat is PartStat.DECLINED

    clock.time = clock.time.replace(hour=13) + timedelta(days=1)
    polled(bot)
    (told,) = [letter for letter in smtp_sink.received if ORGANISER in letter.recipients]
    summary = message_from_bytes(told.raw, policy=policy.default)
    assert summary["Subject"].startswith("ALARM: answers held back")
    text = summary.get_body(("plain",))
    assert text is not None and "held: more automatic answers than the limit allows" in text.get_content()
    assert post.exchanges() == 3, "no letter goes by itself, however much time passes"

    assert "One letter that was held back goes out." in polled(bot, "outbox", "--send-held")
    polled(bot)
    assert (post.exchanges(), states(bot)) == (4, [LetterState.SENT] * 4)


def test_the_limits_of_the_hour_and_the_day_hold_for_all_and_end_with_their_time(
    dovecot: Dovecot, smtp_sink: SmtpSink, tmp_path: Path
) -> None:
    names = [f"p{number}@x.example" for number in range(8)]
    listed = "".join(f"{name},Guest\n" for name in names)
    clock, user = Hand(START), dovecot.new_user("rsvp")
    limits = {"# max_per_hour = 0": "max_per_hour = 2", "# max_per_day = 0": "max_per_day = 5"}
    bot = Bot(dovecot, user, smtp_sink, tmp_path, listed, clock, limits)
    post = Post(dovecot, smtp_sink, (bot,))
    bot.invite()
    asked = {letter.recipients[0]: letter for letter in smtp_sink.received}
    accepts = in_turn("Yes, I will attend.")
    went = []
    for name in names:
        (mail,) = accepts(Got(asked[name], name, 0, clock.time))
        post.deliver(bot, mail.raw.replace(ADDRESS.encode(), name.encode()), name)
        clock.time += timedelta(minutes=25)
        bot.poll()
        went.append(post.exchanges())
    bot.close()
    assert went == [1, 2, 2, 3, 4, 4, 5, 5], "two in each hour, five in all"
    assert states(bot).count(LetterState.HELD) == 3
    assert len(dovecot.messages(user, "RSVP/Recorded")) == len(names)


def test_two_of_us_over_a_real_mail_server(dovecot: Dovecot, postfix: Postfix, tmp_path: Path) -> None:
    """Both mailboxes at one Postfix, which carries between them; a third round finds nothing to do."""
    clock = Hand(START)
    here, there = dovecot.new_user("rsvp"), dovecot.new_user("forum")
    pairs = ((here, there, "a"), (there, here, "b"))
    bots = [Bot(dovecot, own, postfix, tmp_path / sub, f"{other.address},Other\n", clock) for own, other, sub in pairs]
    for bot in bots:
        bot.invite()
    for _ in range(3):
        until(lambda: postfix.queued() == 0, 30)
        clock.time += timedelta(minutes=1)
        for bot in bots:
            bot.poll()
    for bot in bots:
        bot.close()
        assert states(bot) == []
        assert [len(dovecot.messages(bot.user, folder)) for folder in ("INBOX", "RSVP/Ignored")] == [0, 1]
