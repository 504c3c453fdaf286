"""The words of an organiser's reply -> commands.

Liberal in how it may be said ("accept", "Accepted, for 2 please", "Jane Doe accepts 2", in any of the six languages),
strict in what is done by it: a line that is not understood to its last word does nothing, and says so.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from rsvpbot import schema
from rsvpbot.letters.values import checked_name
from rsvpbot.model import Act, Address
from rsvpbot.organisers.rulings import Command

MOST_COMMANDS = 50
"""Lines of one mail that are looked at."""

LONGEST_LINE = 300
"""Characters; a command is short, and what is longer is prose."""

_ADDRESS = re.compile(r"[^\s<>,;:()]{1,64}@[^\s<>,;:()]{1,190}$")
_BULLETS = ' \t\u00a0>*•-–—"“«'
_STOPS = ' \t\u00a0"”».!。'
LONGEST_NAME = 120
"""Characters."""

_TOKENS = re.compile(r"\d+|[^\W\d_]+(?:['’\-][^\W\d_]+)*|\+|[?？]", re.UNICODE)
_IDEOGRAPHS = re.compile(r"[\u3400-\u9fff]")
_GUESTS = frozenset({"guest", "guests", "colleague", "colleagues", "collegue", "collegues", "colega", "colegas"})
_TITLES = frozenset({"mr", "mrs", "ms", "dr", "prof", "h.e", "e", "h", "m", "mme", "sr", "sra"})


class NotUnderstood(ValueError):
    """The line that is no command."""


@dataclass(frozen=True, slots=True)
class _Named:
    """`Jane Doe <jane@…>` at the end of a line, also without the brackets, or the address alone."""

    start: int
    name: str
    address: str

    @classmethod
    def at_end(cls, line: str) -> _Named | None:
        """From the end to the front, step by step: one expression for all of it took seconds on a line of blanks."""
        found = _ADDRESS.search(line.rstrip(" \t\n\r.,;").removesuffix(">").rstrip())
        if found is None:
            return None
        before = line[: found.start()].rstrip().removesuffix("<").rstrip(" \t\n\r,:")
        name = re.split(r"[<>,;:]", before)[-1][-LONGEST_NAME:]
        return cls(len(before) - len(name), name, found.group())


@dataclass(frozen=True, slots=True)
class _Words:
    acts: tuple[tuple[tuple[str, ...], Act], ...]
    """Phrases, the longest first."""
    fillers: tuple[str, ...]
    courtesy: tuple[tuple[str, ...], ...]
    numbers: Mapping[str, int]
    turning: frozenset[str]
    """Words that turn what is said round, or make it somebody else's."""


def commands(text: str) -> tuple[Command, ...]:
    """The commands in what an organiser newly wrote, one a line. Raises NotUnderstood with the first line that is none;
    () where nothing is written but courtesy."""
    found: list[Command] = []
    ended = False
    """Something was said, so that a name may follow."""
    written = [line.strip() for line in text.splitlines() if line.strip()]
    for number, whole in enumerate(written[:MOST_COMMANDS]):
        line = _bare(whole)
        reply = _as_reply(whole, written[number + 1 :])
        if reply is not None:
            found.append(reply)
            break
        if not line:
            continue
        if len(line) > LONGEST_LINE:
            # Prose, and looking for courtesy in it would take as long as it is.
            raise NotUnderstood(line)
        if _is_courtesy(line) or (ended and _is_signature(line)):
            ended = True
            continue
        found.append(_command(line))
        ended = True
    return tuple(found)


def of_subject(subject: str) -> Command | None:
    """The command at the beginning of the Subject that one of our links made ("accept 2 [token]"); None for any other
    subject."""
    words = re.sub(r"\[[^\]]*\]\s*$", "", subject[: 2 * LONGEST_LINE]).strip()
    try:
        return _command(words) if words and not words.lower().startswith(("re:", "aw:")) else None
    except NotUnderstood:
        return None


def person(written: str) -> Address | None:
    """`Jane Doe <jane@…>`, `Jane Doe` or `jane@…`; None for what names nobody."""
    named = _Named.at_end(written)
    try:
        return _person(named.name if named else written, named, written)
    except NotUnderstood:
        return None


def is_plain_sentence(text: str) -> bool:
    """One short sentence that says one thing: what it denies, hangs on something, or reports of others is not."""
    sentences = [part for part in re.split(r"[.!?。！？\n]+", text) if part.strip()]
    spoken = [word for sentence in sentences[:1] for word in _norms(sentence.replace(",", " , "))]
    turned = any(word in _known().turning for word in spoken) or "," in text
    return len(sentences) == 1 and len(spoken) <= 12 and not turned


def with_name(text: str, name: str) -> str:
    """The same with whoever the question is about by name, where a pronoun stands: a reader that knows nothing of the
    question can tell then who is meant."""
    return _pronoun().sub(name, text)


# ------------------------------------------------------------------ one line


def _bare(line: str) -> str:
    """Without bullets, marks of quotation and the stop at its end."""
    return line.strip().lstrip(_BULLETS).rstrip(_STOPS)


def _as_reply(line: str, after: Sequence[str]) -> Command | None:
    """`reply` and what follows it, to the end of the mail."""
    words = _known()
    head, _, rest = re.match(r"([^:：]*)([:：]?)(.*)", line, re.DOTALL).groups()  # type: ignore[union-attr]
    called = {phrase for phrase, act in words.acts if act is Act.REPLY}
    if _norms(_bare(head)) not in called:
        # "reply" is the command itself, and may stand right before the words; any other word may be part of a remark.
        head, _, rest = line.partition(" ")
        if _norms(_bare(head)) != ("reply",):
            return None
    return Command(Act.REPLY, words="\n".join(filter(None, (rest.strip(), *after))))


def _command(line: str) -> Command:
    if len(line) > LONGEST_LINE or "?" in line or "？" in line:
        raise NotUnderstood(line)
    person = _Named.at_end(line)
    head = line[: person.start] + " " + person.name if person else line
    spoken, places = _spoken(head)
    at, length, act = _act(spoken, line)
    before, after = spoken[:at], spoken[at + length :]
    who = head[: places[at]] if _is_somebody(before) else ""
    if act in (Act.DELEGATE, Act.ADD):
        named = _person(head[places[at + length] :] if after else "", person, line)
        if named is not None and not _may_be_called(named.name):
            raise NotUnderstood(line)
        return Command(act, _name(who), person=named)
    if person is not None:
        if act is Act.ADMIT:
            return Command(act, person=_person(_name(head[places[at + length] :] if after else ""), person, line))
        # "jane@x.example accepts 2": the address may stand on either side of the decision
        who = person.address
    return Command(act, _name(who), party=_number(after, line))


def _may_be_called(name: str) -> bool:
    """Whether this is a name and no prose: few words, the first and the last of them not in small letters."""
    words = name.split()
    return not words or (len(words) <= 6 and checked_name(name) != "" and not (words[0][0] + words[-1][0]).islower())


def _spoken(head: str) -> tuple[list[str], list[int]]:
    """The words, as they are compared, and where each begins in what was written."""
    spoken: list[str] = []
    places: list[int] = []
    for match in _TOKENS.finditer(head):
        word = _fold(match.group())
        # Chinese is not written in words: each sign is looked at.
        if _IDEOGRAPHS.search(word):
            spoken += list(word)
            places += range(match.start(), match.start() + len(word))
        else:
            spoken.append(word)
            places.append(match.start())
    return spoken, [*places, len(head)]


def _act(spoken: Sequence[str], line: str) -> tuple[int, int, Act]:
    """Where the decision stands, how many words it takes, and which it is. Two that differ are none."""
    found: list[tuple[int, int, Act]] = []
    at = 0
    while at < len(spoken):
        hit = next(((len(p), act) for p, act in _known().acts if _begins(spoken[at:], p)), None)
        if hit is None:
            at += 1
            continue
        found.append((at, *hit))
        at += hit[0]
    acts = {act for _, _, act in found}
    if len(acts) != 1 or _denies(spoken[: found[0][0]]):
        raise NotUnderstood(line)
    return found[0]


def _denies(before: Sequence[str]) -> bool:
    return any(
        word in {"not", "no", "don't", "dont", "never", "ne", "pas", "не", "нет", "لا", "不", "别", "勿"}
        for word in before
    )


def _is_somebody(words: Sequence[str]) -> bool:
    """Whether these words name a person, and are not all mere fillers."""
    return any(not _is_filler(word) and not word.isdecimal() for word in words)


def _number(words: Sequence[str], line: str) -> int | None:
    """The party that is said after the decision; any word that is neither a number nor a filler is too much."""
    party: int | None = None
    more = False
    for position, word in enumerate(words):
        value = int(word) if word.isdecimal() and len(word) < 5 else _known().numbers.get(word)
        if word == "+":
            more = True
        elif value is not None:
            if party is not None:
                raise NotUnderstood(line)
            beside = words[position + 1 : position + 2]
            more = more or bool(beside and beside[0] in _GUESTS)
            party = value + 1 if more else value
        elif word in _GUESTS:
            party, more = party or 2, True
        elif not _is_filler(word):
            raise NotUnderstood(line)
    if more and party is None:
        raise NotUnderstood(line)
    return party


def _person(named: str, found: _Named | None, line: str) -> Address | None:
    name = _name(named)
    if any(sign in name for sign in "<>@"):
        raise NotUnderstood(line)
    if found is None:
        return Address(name, "") if name else None
    try:
        email = schema.addr_spec(found.address)
    except schema.Wrong:
        raise NotUnderstood(line) from None
    return Address(name, email)


def _name(written: str) -> str:
    """What was written where a name is, without fillers and titles at its ends."""
    words = [word.strip(" ,:;()\"'") for word in written.split()]
    words = [word for word in words if word]
    while words and (_is_filler(_fold(words[0])) or _fold(words[0]).rstrip(".") in _TITLES):
        words = words[1:]
    while words and _is_filler(_fold(words[-1])):
        words = words[:-1]
    return " ".join(words)


# ------------------------------------------------------------------ words


@lru_cache(maxsize=1)
def _pronoun() -> re.Pattern[str]:
    source = resources.files(__package__).joinpath("words", "commands.toml").read_text(encoding="utf-8")
    words = sorted(tomllib.loads(source)["pronouns"], key=len, reverse=True)
    in_words = "|".join(word for word in words if not _IDEOGRAPHS.search(word))
    in_signs = "|".join(word for word in words if _IDEOGRAPHS.search(word))
    return re.compile(rf"\b(?:{in_words})\b|{in_signs}", re.IGNORECASE)


@lru_cache(maxsize=1)
def _known() -> _Words:
    source = resources.files(__package__).joinpath("words", "commands.toml").read_text(encoding="utf-8")
    data = tomllib.loads(source)
    acts = [(_norms(phrase), act) for act in Act for phrase in data[act.value]]
    return _Words(
        tuple(sorted(acts, key=lambda known: -sum(len(word) for word in known[0]))),
        tuple(_fold(word) for word in data["fillers"]),
        tuple(_norms(phrase) for phrase in data["courtesy"]),
        {_fold(word): value for word, value in data["numbers"].items()},
        frozenset(_fold(word) for word in data["turning"]),
    )


def _norms(phrase: str) -> tuple[str, ...]:
    """A phrase as words, a star at the end of one kept; Chinese sign by sign."""
    words: list[str] = []
    for word in _fold(phrase).split():
        clean = word.strip(",.:;!，。：；！、()")
        if _IDEOGRAPHS.search(clean):
            words += list(clean)
        elif clean:
            words.append(clean)
    return tuple(words)


def _fold(text: str) -> str:
    flat = unicodedata.normalize("NFKD", text.replace("’", "'")).casefold()
    return "".join(char for char in flat if not unicodedata.combining(char))


def _begins(spoken: Sequence[str], phrase: Sequence[str]) -> bool:
    return len(spoken) >= len(phrase) and all(map(_fits, spoken, phrase))


def _fits(word: str, pattern: str) -> bool:
    return word.startswith(pattern[:-1]) if pattern.endswith("*") else word == pattern


def _is_filler(word: str) -> bool:
    return any(_fits(word, filler) for filler in _known().fillers)


def _is_courtesy(line: str) -> bool:
    """Nothing but courtesy, and perhaps a name after it: "Thanks, Ann"."""
    spoken = _norms(line)
    for phrase in _known().courtesy:
        pattern = phrase[:-1] if phrase[-1:] == ("*",) else phrase
        if pattern and _begins(spoken, pattern):
            return len(spoken) - len(pattern) <= 3 and not _has_act(spoken[len(pattern) :])
    return not spoken


def _is_signature(line: str) -> bool:
    """A name below the commands: a few words, none in small letters and none of which decides anything."""
    spoken = _norms(line)
    large = not any(word[:1].islower() for word in line.split())
    return large and len(spoken) <= 4 and not _has_act(spoken) and not any(word.isdecimal() for word in spoken)


def _has_act(spoken: Sequence[str]) -> bool:
    return any(_begins(spoken[at:], phrase) for at in range(len(spoken)) for phrase, _ in _known().acts)
