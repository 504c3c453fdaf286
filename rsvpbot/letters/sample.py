"""A letter of each kind to somebody who is on nobody's list: for pictures, for a look before anything is sent."""

from __future__ import annotations

from datetime import timedelta

from rsvpbot.config import Config
from rsvpbot.letters.cases import other_facts, sample_answer, sample_invitee
from rsvpbot.letters.compose import compose
from rsvpbot.letters.templates import Templates
from rsvpbot.letters.values import Values, make_values
from rsvpbot.mail.tokens import Tokens
from rsvpbot.model import TO_ORGANISERS, Answer, Letter, LetterKind, LetterRequest, PartStat

_SAYS = {
    LetterKind.DECLINED: PartStat.DECLINED,
    LetterKind.TENTATIVE: PartStat.TENTATIVE,
    LetterKind.DELEGATED: PartStat.DELEGATED,
    LetterKind.WELCOME: PartStat.DELEGATED,
}
_TO_INVITEES = tuple(kind for kind in LetterKind if kind not in TO_ORGANISERS)
_PARTY = ("Ana Silva", "Omar Haddad")
_DELEGATE = ("Omar Haddad",)
_WORDS = ("There is a ramp at the side entrance.", "Please ring us when you arrive.")
_NOTE = "This is a sample. An alarm says here what happened and what to do."
TAG = "[sample]"


def sample_letter(
    kind: LetterKind, config: Config, templates: Templates, *, language: str = "en", grounds_pass: bool | None = False
) -> Letter:
    """A letter as it would be queued a week before the event. Its token is nobody's."""
    answer = _answer(kind, config, grounds_pass)
    return compose(
        LetterRequest(
            kind,
            "abcdefgh",
            ("ana.silva@mission.example",),
            language,
            answer=answer,
            note=_NOTE,
            words=_WORDS,
            was=other_facts(config),
        ),
        invitee=sample_invitee(_recorded(kind, config)),
        message=None,
        config=config,
        templates=templates,
        tokens=Tokens((b"sample" * 4,), config.event.uid),
        now=config.event.starts - timedelta(days=7),
        letter_id=f"sample{kind}",
    )


def sample_values(
    kind: LetterKind, config: Config, *, language: str = "en", grounds_pass: bool | None = False
) -> Values:
    """What a sample letter speaks of, for `Templates.render`."""
    return make_values(
        kind,
        language,
        config,
        config.event.starts - timedelta(days=7),
        invitee=sample_invitee(_recorded(kind, config)),
        answer=_answer(kind, config, grounds_pass),
        tag=TAG,
        note=_NOTE,
        words=_WORDS,
        was=other_facts(config),
        place=2,
        deadline=config.event.starts - timedelta(days=5),
        calendar=kind in (LetterKind.ACCEPTED, LetterKind.WELCOME),
    )


def own_words(config: Config, templates: Templates) -> tuple[str, ...]:
    """What our letters to invitees say, in every language that they go out in: whoever repeats it quotes us."""
    return tuple(
        templates.text(kind, language, sample_values(kind, config, language=language, grounds_pass=grounds_pass))
        for language in config.replies.languages
        for kind in _TO_INVITEES
        for grounds_pass in (True, False, None)
    )


def _answer(kind: LetterKind, config: Config, grounds_pass: bool | None) -> Answer:
    partstat = _SAYS.get(kind, PartStat.ACCEPTED)
    names = _DELEGATE if partstat is PartStat.DELEGATED else _PARTY
    return sample_answer(partstat, config, party=len(names), names=names, grounds_pass=grounds_pass, needs=True)


def _recorded(kind: LetterKind, config: Config) -> Answer | None:
    """The sample changes its mind where the letter is about that, and has not answered elsewhere."""
    return sample_answer(PartStat.DECLINED, config) if kind is LetterKind.CONFIRM_CHANGE else None
