"""Organisers steer by e-mail: what waits for a decision is put to them, and what they answer is carried out.

A letter about a message that waits carries a token which names that message; so does each of its links. An answer acts
only with such a token and from an organiser's address. Where nothing shows that the address is not forged, it acts
after one confirmation: a letter to the organiser's own address, whose token nobody else has seen. These tokens count as
long after the event as there is a record (`decisions.last_word`).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from rsvpbot.config import Config
from rsvpbot.examine import Examined
from rsvpbot.letters.compose import Envelope, assemble, compose
from rsvpbot.letters.facts import sequence_of
from rsvpbot.letters.templates import Templates
from rsvpbot.letters.values import QuestionValues, make_values
from rsvpbot.letters.whom import GONE, former_delegates, has_had
from rsvpbot.mail.identify import claimed
from rsvpbot.mail.tokens import Tokens
from rsvpbot.model import (
    Act,
    Answer,
    Body,
    Dmarc,
    Folder,
    Invitee,
    Kind,
    Letter,
    LetterKind,
    LetterRequest,
    Mailbox,
    Message,
    PartStat,
    Reply,
    Ruling,
    Voice,
    question_id,
)
from rsvpbot.organisers.commands import NotUnderstood, commands, is_plain_sentence, of_subject, with_name
from rsvpbot.organisers.decisions import SUMMARY, Decisions, last_word
from rsvpbot.organisers.figures import read_as, said, who
from rsvpbot.organisers.glance import is_asked, summary_zone
from rsvpbot.organisers.held import Released
from rsvpbot.organisers.history import Unclear, find
from rsvpbot.organisers.rulings import Case, Command, NotPossible, Ruled, answered, rule
from rsvpbot.organisers.shown import lines, one_line
from rsvpbot.organisers.wording import Phrases, in_words
from rsvpbot.reading import read
from rsvpbot.reading.newtext import new_text
from rsvpbot.store.base import Commit, Store

MOST_QUESTIONS_AN_HOUR = 40
"""Letters about messages that wait: whoever floods the mailbox shall not flood the organisers. The rest is in the
summary."""

MOST_ANSWERS_AN_HOUR = 20
"""Letters that tell one organiser what came of a command: if a program answers them, it ends there."""

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Steered:
    """What came of an organiser's mail: what is to be written, and one line for the log."""

    batch: Commit
    outcome: str
    folder: Folder = Folder.RECORDED


class Steering:
    """For one mailbox and one store. `tokens` are those of invitees."""

    def __init__(
        self, store: Store, config: Config, templates: Templates, tokens: Tokens, new_id: Callable[[], str]
    ) -> None:
        self._store = store
        self._config = config
        self._templates = templates
        self._invitees = tokens
        self.decisions = Decisions(tokens, config)
        self._tokens = self.decisions.tokens
        self._new_id = new_id
        self._say = self.decisions.say
        self._organisers = {address.email for address in config.organisers.addresses}
        self._asked = _Pace(MOST_QUESTIONS_AN_HOUR)
        self._told: dict[str, _Pace] = {}
        self._not_understood: set[tuple[str, str, str]] = set()
        """By whom, about what, and in which words: who says the same again has been told, or is a program."""

    # -------------------------------------------------------------- asking

    def ask(self, reply: Reply, invitee: Invitee | None, now: datetime) -> tuple[Letter, ...]:
        """The letter that puts a message to the organisers, where they want to be asked at once."""
        organisers = self._config.organisers
        if organisers.review != "at once" or not organisers.addresses or is_asked(reply, invitee):
            return ()
        if not self._asked.take(now):
            return ()
        letter_id = f"{reply.digest[:16]}q"
        values = make_values(
            LetterKind.REVIEW, self._say.language, self._config, now, question=self._question(reply, invitee)
        )
        to = tuple(organisers.addresses)
        envelope = Envelope(
            letter_id=letter_id,
            kind=LetterKind.REVIEW,
            recipients=tuple(address.email for address in to),
            names=tuple(one_line(address.name) for address in to),
            message_id=self._tokens.message_id(question_id(reply.digest), letter_id, self._domain),
            mail_from=self._config.mailbox.address,
        )
        rendered = self._templates.render(LetterKind.REVIEW.value, self._say.language, values)
        return (assemble(envelope, rendered, self._config, now),)

    def _question(self, reply: Reply, invitee: Invitee | None) -> QuestionValues:
        reading = read_as(reply)
        known = who(invitee) if invitee else None
        sender = one_line(reply.sender.email)
        return QuestionValues(
            who=one_line(known.label if known else reply.sender.name or sender, 80) or self._say("no_sender"),
            organisation=one_line(known.organisation, 100) if known else "",
            address=sender,
            listed=invitee is not None,
            subject=one_line(reply.subject),
            lines=lines(reply.reading.text, 24, 3_000),
            reasons=tuple(one_line(reason) for reason in reply.reasons or reply.reading.reasons),
            reading=in_words(self._say, reading) if reading else "",
            recorded=in_words(self._say, said(invitee.answer)) if invitee and invitee.answer else "",
            options=self.decisions.options(reply, invitee),
        )

    # -------------------------------------------------------------- answering

    def take(self, seen: Examined, now: datetime) -> Steered | None:
        """Carry out what an organiser writes with a token of ours; None for any other mail, which takes the road."""
        message, sender = seen.message, seen.message.sender.email
        ours = len(message.senders) == 1 and sender in self._organisers
        if not ours or seen.verdict.kind is not Kind.HUMAN or seen.dmarc is Dmarc.FAIL:
            return None
        if now >= last_word(self._config):
            return None
        confirmation = self._tokens.meant_for(f"confirm {sender}")
        mailbox = self._config.mailbox.address
        proof = next(claimed(message, confirmation, mailbox), None)
        claim = proof or next(claimed(message, self._tokens, mailbox), None)
        if claim is None:
            return None
        if self._store.ruled_by(message.message_id):
            return Steered(Commit(), "organiser: the same mail again")
        mail = _Mail(self, seen, claim, now)
        trusted = seen.dmarc is Dmarc.PASS or proof is not None or sender in self._store.mailbox().confirmed
        steered = mail.carried_out() if trusted else mail.to_confirm(confirmation)
        if proof is not None and seen.dmarc is Dmarc.NONE:
            return replace(steered, batch=replace(steered.batch, mailbox=self._confirmed(sender)))
        return steered

    def _confirmed(self, sender: str) -> Mailbox:
        before = self._store.mailbox()
        return replace(before, confirmed=tuple(dict.fromkeys((*before.confirmed, sender))))

    # -------------------------------------------------------------- writing

    def is_told(self, sender: str, claim: str, text: str) -> bool:
        """Whether this was not understood before; from now on it was."""
        said = (sender, claim, re.sub(r"\d+", "0", " ".join(text.split())))
        before = said in self._not_understood
        self._not_understood.add(said)
        return before

    def batch_of(self, ruled: Ruled, case: Case) -> tuple[Commit, tuple[Letter, ...]]:
        """What a decision writes, and the letters that go out by it."""
        letters = self._letters(ruled, case)
        released = ruled.released or Released()
        ruling = replace(ruled.ruling, letters=tuple(letter.id for letter in letters))
        rulings = (ruling,) if ruled.undone is None else (ruling, ruled.undone)
        return Commit(
            invitees=(ruled.invitee,) if ruled.invitee is not None else (),
            replies=ruled.replies,
            letters=(*letters, *released.queued, *released.withdrawn),
            rulings=rulings,
            erased_letters=ruled.withdrawn,
        ), letters

    def _letters(self, ruled: Ruled, case: Case) -> tuple[Letter, ...]:
        if self._config.replies.mode == "off":
            return ()
        return tuple(
            # Not an automatic answer: a person decided, and the caps on those do not count it.
            replace(self._composed(request, ruled, case, f"{case.new_id}{number}"), reply="")
            for number, request in enumerate(ruled.letters)
        )

    def _composed(self, request: LetterRequest, ruled: Ruled, case: Case, letter_id: str) -> Letter:
        invitee = ruled.invitee or (self._store.invitee(request.invitee_id) if request.invitee_id else None)
        written = invitee is not None and bool(self._store.letters_to(invitee.id))
        return compose(
            replace(
                request,
                first=request.kind is LetterKind.WELCOME or not written,
                sequence=sequence_of(self._store.mailbox(), self._config),
                has_had=has_had(invitee, request.recipients, self._store) if invitee else (),
            ),
            invitee=invitee,
            message=answered(case.question),
            config=self._config,
            templates=self._templates,
            tokens=self._invitees,
            now=case.at,
            letter_id=letter_id,
        )

    def tell(
        self, message: Message, claim: str, note: str, words: Sequence[str], now: datetime, tokens: Tokens | None = None
    ) -> tuple[Letter, ...]:
        """The letter that says to an organiser what came of their mail."""
        sender = message.sender
        if not self._told.setdefault(sender.email, _Pace(MOST_ANSWERS_AN_HOUR)).take(now):
            return ()
        values = make_values(
            LetterKind.DONE, self._say.language, self._config, now, note=note, words=tuple(filter(None, words))
        )
        letter_id = f"{message.digest[:16]}d"
        envelope = Envelope(
            letter_id=letter_id,
            kind=LetterKind.DONE,
            recipients=(sender.email,),
            message_id=(tokens or self._tokens).message_id(claim, letter_id, self._domain),
            mail_from=self._config.mailbox.address,
            answers=message,
        )
        rendered = self._templates.render(LetterKind.DONE.value, self._say.language, values)
        return (replace(assemble(envelope, rendered, self._config, now), reply=""),)

    # -------------------------------------------------------------- in words

    def told(self, ruled: Ruled, case: Case, letters: Sequence[Letter]) -> Iterator[str]:
        """What a decision came to, line by line."""
        if (released := ruled.released) is not None:
            # Where nothing is to be written (mode "off"), what would be written anew is not.
            if number := len(released.queued) + len(letters):
                yield self.say("done_released", number)
            if number := len(released.withdrawn) - len(letters):
                yield self.say("done_outdated", number)
            return
        yield from self._in_words(ruled, case)
        yield from self._about_letters(letters, ruled)

    def _in_words(self, ruled: Ruled, case: Case) -> Iterator[str]:
        say, ruling = self.say, ruled.ruling
        name = self._name(ruled, case)
        words = self._said(ruling.after)
        match ruling.act:
            case Act.UNDO if ruled.invitee is None or ruled.undone is None or ruled.undone.after is None:
                yield say("done_undone_message", who=name)
            case Act.UNDO:
                yield say("done_undone", who=name, said=words)
            case Act.IGNORE:
                yield say("done_ignored", who=name)
            case Act.REPLY:
                yield say("done_replied", who=name)
            case Act.ADD:
                yield say("done_added", who=name)
            case Act.ADMIT:
                yield say("done_admitted_answer" if ruling.after else "done_admitted", who=name, said=words)
            case _:
                yield say("done_recorded", who=name, said=words)

    def _name(self, ruled: Ruled, case: Case) -> str:
        invitee = ruled.invitee or case.invitee
        if invitee is not None:
            return one_line(who(invitee).label, 80)
        sender = case.question.sender if case.question else None
        return one_line(sender.name or sender.email, 80) if sender else self.say("no_sender")

    def _said(self, answer: Answer | None) -> str:
        say = self.say
        return in_words(say, said(answer)) if answer is not None else say("needs-action")

    def _about_letters(self, letters: Sequence[Letter], ruled: Ruled) -> Iterator[str]:
        say = self.say
        if ruled.withdrawn:
            yield say("done_withdrawn", len(ruled.withdrawn))
        if ruled.ruling.act is Act.IGNORE:
            return
        to = dict.fromkeys(address for letter in letters for address in letter.recipients)
        yield say("done_letter", len(letters), to=say.list(map(one_line, to))) if letters else say("done_no_letter")
        if letters and self.config.replies.mode == "draft":
            yield say("done_drafts")
        if untold := self._untold(ruled) - to.keys():
            yield say("done_tell", to=say.list(map(one_line, sorted(untold))))

    def _untold(self, ruled: Ruled) -> set[str]:
        """Whoever has a letter of ours that is no longer so by this decision; asked before it is written down."""
        after = ruled.invitee
        if after is None:
            return set()
        if ruled.undone is not None:
            written = filter(None, map(self._store.letter, ruled.undone.letters))
            return {address for letter in written if letter.state in GONE for address in letter.recipients}
        before, letters = self._store.invitee(after.id), self._store.letters_to(after.id)
        if before is None:
            return set()
        return set(former_delegates(after, letters)) - set(former_delegates(before, letters))

    @property
    def _domain(self) -> str:
        return self._config.mailbox.address.rpartition("@")[2]

    @property
    def store(self) -> Store:
        return self._store

    @property
    def config(self) -> Config:
        return self._config

    @property
    def say(self) -> Phrases:
        return self._say

    @property
    def new_id(self) -> Callable[[], str]:
        return self._new_id


@dataclass(frozen=True, slots=True)
class _Mail:
    """One mail of an organiser, with a token of ours."""

    steering: Steering
    seen: Examined
    claim: str
    now: datetime

    def carried_out(self) -> Steered:
        """All of its commands, or none of them."""
        say = self.steering.say
        try:
            wanted = self._commands()
            done = self._ruled(wanted)
        except NotUnderstood as error:
            if self._again():
                return Steered(Commit(), "organiser: not understood, again")
            told = say("not_understood", line=one_line(str(error), 120))
            return self._told(say("subject_not_done"), (told, say("may_write")), "not understood")
        except (NotPossible, Unclear) as error:
            return self._told(say("subject_not_done"), (say("not_done", why=str(error)),), "not possible")
        if not done:
            return Steered(Commit(), "organiser: nothing to do")
        batch = Commit()
        words: list[str] = []
        for ruled, case in done:
            ruling = replace(ruled.ruling, message=self.seen.message.message_id)
            one, letters = self.steering.batch_of(replace(ruled, ruling=ruling), case)
            batch = _together(batch, one)
            words += self.steering.told(ruled, case, letters)
        letter = self.steering.tell(self.seen.message, self.claim, say("subject_done"), words, self.now)
        acts = ", ".join(ruled.ruling.act for ruled, _ in done)
        return Steered(replace(batch, letters=(*batch.letters, *letter)), f"organiser: {acts}")

    def to_confirm(self, confirmation: Tokens) -> Steered:
        """Nothing is done yet; the organiser is asked, at their own address."""
        say = self.steering.say
        try:
            wanted = self._commands()
        except NotUnderstood:
            if self._again():
                return Steered(Commit(), "organiser: not understood, again")
            wanted = (Command(Act.IGNORE),)
        if not wanted:
            return Steered(Commit(), "organiser: nothing to do")
        line = one_line(self.seen.reading.text or self.seen.message.subject, 120)
        letters = self.steering.tell(
            self.seen.message,
            self.claim,
            say("confirm_subject"),
            (say("confirm_why", line=line), say("confirm_how")),
            self.now,
            confirmation,
        )
        return Steered(Commit(letters=letters), "organiser: to be confirmed")

    def _again(self) -> bool:
        seen = self.seen
        return self.steering.is_told(seen.message.sender.email, self.claim, seen.reading.text)

    def _told(self, note: str, words: Sequence[str], outcome: str) -> Steered:
        letters = self.steering.tell(self.seen.message, self.claim, note, words, self.now)
        return Steered(Commit(letters=letters), f"organiser: {outcome}")

    # -------------------------------------------------------------- what is meant

    @property
    def _question(self) -> Reply | None:
        return None if self.claim == SUMMARY else self.steering.store.question(self.claim)

    def _commands(self) -> tuple[Command, ...]:
        try:
            found = commands(self.seen.reading.text)
        except NotUnderstood:
            spoken = self._of_reading()
            if spoken is None:
                raise
            return (spoken,)
        if found:
            return found
        by_link = of_subject(self.seen.message.subject)
        return (by_link,) if by_link is not None else ()

    def _of_reading(self) -> Command | None:
        """A whole sentence about the invitee ("She will come with her husband"), where it can be read as plainly as an
        invitee's own."""
        question = self._question
        if question is None:
            return None
        invitee = self.steering.store.invitee(question.invitee_id) if question.invitee_id else None
        name = (invitee.name if invitee else "") or question.sender.name or "The invitee"
        message, text = self.seen.message, self.seen.reading.text
        if not is_plain_sentence(text):
            return None
        spoken = replace(message, subject="", bodies=(Body("plain", with_name(text, name)),), calendars=())
        reading = read(spoken, self.steering.config.event, Kind.HUMAN, new_text(spoken))
        act = _ACTS.get(reading.partstat) if reading.partstat else None
        if act is None or not reading.decided or reading.voice is not Voice.INVITEE:
            return None
        return Command(act, party=reading.party or None)

    def _ruled(self, wanted: Sequence[Command]) -> list[tuple[Ruled, Case]]:
        if len(wanted) > 1 and any(command.act is Act.SEND for command in wanted):
            # Each command is decided on the record as it stands before the mail.
            raise NotPossible(self.steering.say("held_apart"))
        done: list[tuple[Ruled, Case]] = []
        meant: set[str] = set()
        for command in wanted:
            case = self._case(command)
            self._refuse_second(command, case)
            if case.invitee is not None and case.invitee.id in meant:
                name = one_line(who(case.invitee).label, 80)
                raise NotPossible(self.steering.say("twice", who=name))
            meant |= {case.invitee.id} if case.invitee is not None else set()
            done.append((rule(command, case, self.steering.store, self.steering.config), case))
        return done

    def _case(self, command: Command) -> Case:
        store, question = self.steering.store, self._question
        if question is None and self.claim != SUMMARY:
            raise NotPossible("the message that this was about is no longer in the record")
        invitee = store.invitee(question.invitee_id) if question and question.invitee_id else None
        if command.who:
            named = find(store, command.who, whole=True)
            if named is None:
                raise NotPossible(f"nobody on the list is meant by “{one_line(command.who, 80)}”")
            if invitee is None or named.id != invitee.id:
                invitee, question = named, None
        return Case(invitee, question, self.seen.message.sender.email, self.now, self.steering.new_id())

    def _refuse_second(self, command: Command, case: Case) -> None:
        """The first organiser's answer stands, and so does what the invitee said since."""
        question = case.question
        if question is None or command.act in (Act.UNDO, Act.REPLY):
            return
        say = self.steering.say
        first = self.steering.store.ruling_on(question.digest)
        stands = case.invitee.answer if case.invitee else None
        if first is not None and first.by == case.by and first.after is not None and stands != first.after:
            told = in_words(say, said(stands)) if stands else "–"
            raise NotPossible(say("settled_meanwhile", said=told))
        if first is not None and first.by != case.by:
            at = self._moment(first.at)
            raise NotPossible(say("decided_first", by=one_line(first.by), at=at, said=self._decided(first)))
        if first is None and not question.open:
            told = in_words(say, said(stands)) if stands else "–"
            raise NotPossible(say("settled_meanwhile", said=told))

    # -------------------------------------------------------------- in words

    def _decided(self, ruling: Ruling) -> str:
        say = self.steering.say
        if ruling.after is not None:
            return in_words(say, said(ruling.after))
        return say("decided_nothing") if ruling.act is Act.IGNORE else str(ruling.act)

    def _moment(self, moment: datetime) -> str:
        return self.steering.say.moment(moment.astimezone(summary_zone(self.steering.config)))


_ACTS = {
    PartStat.ACCEPTED: Act.ACCEPT,
    PartStat.DECLINED: Act.DECLINE,
    PartStat.TENTATIVE: Act.TENTATIVE,
}


def _together(one: Commit, other: Commit) -> Commit:
    return replace(
        one,
        invitees=(*one.invitees, *other.invitees),
        replies=(*one.replies, *other.replies),
        letters=(*one.letters, *other.letters),
        rulings=(*one.rulings, *other.rulings),
        erased_letters=(*one.erased_letters, *other.erased_letters),
    )


@dataclass(slots=True)
class _Pace:
    """So many an hour."""

    most: int
    taken: deque[datetime] = field(default_factory=deque)

    def take(self, now: datetime) -> bool:
        """Whether one more may go."""
        while self.taken and not timedelta(0) <= now - self.taken[0] < HOUR:
            self.taken.popleft()
        if len(self.taken) >= self.most:
            return False
        self.taken.append(now)
        return True
