"""What stands around a text: the greeting above it, the closing and the name below it."""

from __future__ import annotations

from rsvpbot.reading.pack import Pack
from rsvpbot.reading.people import Mentions, clean_name, name_words, title_at
from rsvpbot.reading.said import Writer
from rsvpbot.reading.tokens import Sentence


def without_sign_off(
    found: list[Sentence], text: str, pack: Pack, writer: Writer
) -> tuple[list[Sentence], str, tuple[str, ...]]:
    """The sentences without the names and titles under the text; the name; those lines."""
    last = len(found)
    lines: list[str] = []
    name = ""
    while last > 0 and len(lines) < 6:
        sentence = found[last - 1]
        words = text[sentence.start : sentence.end]
        kind = _sign_off_kind(sentence, words, pack, writer, first=last == 1)
        if not kind and last == len(found):
            signed = _closing_and_name(sentence, text, pack, writer)
            if signed:
                return found[: last - 1], clean_name(signed, pack), (words,)
        if not kind:
            break
        if kind == "name":
            name = words
        lines.insert(0, words)
        last -= 1
    closing_above = last > 0 and is_closing(found[last - 1], pack)
    if lines and not name and not closing_above:
        return found, "", ()
    if lines and not closing_above and not _own_name(name, writer) and not _short_signature(name, found, last):
        return found, "", ()
    return found[:last], clean_name(name, pack), tuple(lines)


def _short_signature(name: str, found: list[Sentence], last: int) -> bool:
    """A name on a line of its own after the text, one or two words."""
    return 0 < last < len(found) and found[last].own_line and len(found) - last <= 3 and not found[last].bullet


def _own_name(name: str, writer: Writer) -> bool:
    words = name_words(name)
    own = name_words(writer.name) | writer.known_words
    initials = {word[0] for word in own}
    return bool(words) and (words <= own or (bool(initials) and all(len(w) <= 3 and set(w) <= initials for w in words)))


def _sign_off_kind(sentence: Sentence, words: str, pack: Pack, writer: Writer, first: bool) -> str:
    tokens = [token for token in sentence.tokens if token.word]
    if sentence.bullet or not tokens or len(tokens) > 14 or sentence.question:
        return ""
    if _own_name(words, writer) and len(tokens) <= 5:
        return "name"
    if first or not sentence.own_line:
        return ""
    if any(token.norm in pack.words["verbs"] or token.norm in pack.words["self"] for token in tokens):
        return ""
    initials = len(tokens) <= 3 and all(len(token.norm) <= 2 and token.capital for token in tokens)
    if initials:
        return "name"
    mentions = Mentions(sentence.tokens, "", pack)
    written_as_name = len(tokens) <= 5 and all(t.capital or pack.has("particles", t.norm) for t in tokens)
    if written_as_name and mentions.name_end(0) == len(sentence.tokens):
        return "name"
    if (
        any(
            title_at(sentence.tokens, i, pack) or token.norm in pack.words["roles"] or token.norm in pack.words["group"]
            for i, token in enumerate(sentence.tokens)
        )
        and tokens[0].capital
    ):
        return "title"
    return ""


def _closing_and_name(sentence: Sentence, text: str, pack: Pack, writer: Writer) -> str:
    """The name of "Best, Jane", all in one line."""
    tokens = sentence.tokens
    for i, token in enumerate(tokens[:6]):
        if token.norm == "," and i + 1 < len(tokens):
            words = " ".join(t.norm for t in tokens[:i] if t.word)
            name = text[tokens[i + 1].start : sentence.end]
            if (
                words in pack.words["closings"]
                and len(tokens) - i <= 6
                and (_own_name(name, writer) or Mentions(tokens, text, pack).name_end(i + 1) == len(tokens))
            ):
                return name
    return ""


def is_closing(sentence: Sentence, pack: Pack) -> bool:
    words = [token.norm for token in sentence.tokens if token.word]
    return 0 < len(words) <= 6 and " ".join(words) in pack.words["closings"]


def greeting_end(sentence: Sentence, pack: Pack) -> int:
    """The token after a greeting with which the sentence begins; 0 for none."""
    tokens = sentence.tokens
    first = tokens[0].norm
    two = " ".join(token.norm for token in tokens[:2])
    if first not in pack.words["greetings"] and two not in pack.words["greetings"]:
        return 0
    for i, token in enumerate(tokens[:14]):
        if (
            not token.word
            and token.norm in ",-:"
            and not (i + 2 < len(tokens) and title_at(tokens, i + 1, pack) and len(tokens) <= 14)
        ):
            return i + 1
    if len(tokens) <= 14 and sentence.own_line:
        return len(tokens)
    length = 2 if two in pack.words["greetings"] else 1
    while length < len(tokens) and length < 4 and tokens[length].norm in pack.words["addressees"]:
        length += 1
    return length if first not in pack.words["dear"] or length == len(tokens) else 0


__all__ = ["greeting_end", "is_closing", "without_sign_off"]
