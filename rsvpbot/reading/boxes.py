"""Ticked boxes: of "[x] will attend [ ] will not attend" the first was said alone, of "yes [ ] no [x]" the second."""

from __future__ import annotations

import re

_CHOICES = re.compile(r"[(（][^()（）\n/]{1,8}/[^()（）\n/]{1,8}[)）](?=[ \t]*[:：])")

_SIGN = "xXхХ×✓✔√"
_EMPTY = rf"\[[ _]{{0,3}}\]|\([ _]{{1,3}}\)|（[ _\u3000]{{1,3}}）|[☐□◻⬜▢○◯]|(?<![\w_])_{{2,}}(?!_|[{_SIGN}]_)"
_TICKED = rf"[\[(（][{_SIGN}vV*][\])）]|[☑☒✅■◼✔✓√●◉⊠]|(?<![\w_])_+[{_SIGN}]_+"
_BOX = re.compile(rf"(?P<empty>{_EMPTY})|(?P<ticked>{_TICKED})")
_FILLED_IN = re.compile(rf"^[^:：\n]{{1,40}}[:：][ \t]*(?:(?P<ticked>[{_SIGN}])[ \t]*)?$", re.MULTILINE)
"""A line of a form that stands for a box: "No: X", and beside it "Yes:"."""

_LETTER = re.compile(r"[^\W\d_]{2}|[\u3400-\u9fff]")

_LOST = "it is not clear which box is ticked"


def only_ticked(text: str) -> tuple[str, str]:
    """The text with what belongs to empty boxes blanked, and ticks too, and why that is in doubt; as it is where no box
    is ticked.

    A box stands before its words, or behind them where its line begins with words. One character for one character, so
    that places in the text stay.
    """
    boxes = list(_BOX.finditer(text))
    if any(box["ticked"] for box in boxes) and any(box["empty"] for box in boxes):
        lines = [_line(line) for line in text.split("\n")]
        doubtful = next((line for line, (_, clear) in zip(text.split("\n"), lines, strict=True) if not clear), None)
        doubt = "" if doubtful is None else f"{_LOST}: “{' '.join(doubtful.split())}”"
        return "\n".join(kept for kept, _ in lines), doubt
    lines_of_a_form = list(_FILLED_IN.finditer(text))
    if any(line["ticked"] for line in lines_of_a_form) and not all(line["ticked"] for line in lines_of_a_form):
        return _FILLED_IN.sub(_of_a_form, text), ""
    return text, ""


def without_choices(text: str) -> str:
    """The text with the choices that a form offers blanked: "Grounds pass (Y/N): N". Places in it stay."""
    return _CHOICES.sub(lambda match: " " * len(match.group()), text) if "/" in text else text


def _of_a_form(line: re.Match[str]) -> str:
    """ "No: X" is a no; "Yes:" beside it is nothing."""
    if not line["ticked"]:
        return " " * len(line.group())
    words, _, tick = line.group().replace("：", ":").partition(":")
    return words + "." + " " * len(tick)


def _line(line: str) -> tuple[str, bool]:
    """A line with what was not ticked blanked, and whether it is clear to which words its boxes belong."""
    boxes = list(_BOX.finditer(line))
    if not boxes:
        return line, True
    before, after = line[: boxes[0].start()], line[boxes[-1].end() :]
    words_before, words_behind = bool(_LETTER.search(before)), bool(_LETTER.search(after))
    if not words_before:
        rule = all(box.group().strip("_") == "" for box in boxes)
        return _boxes_first(line, boxes), words_behind or rule
    if not words_behind:
        return _boxes_last(line, boxes), True
    if before.rstrip().endswith((":", "：", "?", "？")):
        return _boxes_first(line, boxes), True
    return line, len(boxes) == 1 and bool(boxes[0]["ticked"])


def _boxes_first(line: str, boxes: list[re.Match[str]]) -> str:
    kept = [line[: boxes[0].start()]]
    for i, box in enumerate(boxes):
        end = boxes[i + 1].start() if i + 1 < len(boxes) else len(line)
        option = line[box.end() : end]
        kept.append(" " * (box.end() - box.start()))
        kept.append(option if box["ticked"] else " " * len(option))
    return "".join(kept)


def _boxes_last(line: str, boxes: list[re.Match[str]]) -> str:
    kept: list[str] = []
    start = 0
    for box in boxes:
        option = line[start : box.start()]
        words = option.rstrip(" \t:：?？")
        said = max(map(words.rfind, ":：?？")) + 1  # "Attending: YES [ ]": the label belongs to all of them
        kept.append(option[:said])
        kept.append(option[said:] if box["ticked"] else " " * (len(option) - said))
        kept.append("." + " " * (box.end() - box.start() - 1) if box["ticked"] else " " * (box.end() - box.start()))
        start = box.end()
    return "".join((*kept, line[start:]))


__all__ = ["only_ticked", "without_choices"]
