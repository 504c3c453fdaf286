"""What `rsvpbot init` writes: a configuration, a list of invitees, and a copy of the letters, all to be edited."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

from rsvpbot.config import builtin_templates
from rsvpbot.private import AlreadyThere, CannotWrite

EXAMPLE: Final = "config.example.toml"
LIST: Final = "invitees.csv"
LETTERS: Final = "templates"
_COMMENTED_OUT: Final = f'# templates = "{LETTERS}"'


def write(folder: Path) -> tuple[Path, ...]:
    """Write the files into the folder, which is made if need be, for its owner alone; returns them.

    Raises AlreadyThere, before anything is written, and CannotWrite, with nothing left of what was.
    """
    contents = _files()
    there = tuple(folder / name for name in ("config.toml", LIST, LETTERS) if (folder / name).exists())
    if there:
        raise AlreadyThere(there)
    made: list[Path] = []
    path = folder
    try:
        _make_folder(folder, made, 0o700)
        for name, content in contents.items():
            path = folder / name
            _make_folder(path.parent, made)
            # The list holds names and addresses; umask has its say on the rest.
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if name == LIST else 0o666)
            made.append(path)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
    except OSError as error:
        for one in reversed(made):
            with contextlib.suppress(OSError):
                one.rmdir() if one.is_dir() else one.unlink()
        raise CannotWrite(Path(error.filename or path), error) from None
    return tuple(folder / name for name in contents)


def _make_folder(folder: Path, made: list[Path], mode: int = 0o777) -> None:
    """Make it, and with the usual mode those above it that are missing; notes in `made` each that it makes."""
    if folder.is_dir():
        return
    if folder.parent != folder:
        _make_folder(folder.parent, made)
    folder.mkdir(mode)
    made.append(folder)


def _files() -> dict[str, bytes]:
    """By name below the folder, what is written."""
    source = builtin_templates()
    example = (source / EXAMPLE).read_text(encoding="utf-8").replace(_COMMENTED_OUT, _COMMENTED_OUT.removeprefix("# "))
    files = {"config.toml": example.encode(), LIST: (source / LIST).read_bytes()}
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source)
        if path.is_file() and str(name) not in {EXAMPLE, LIST} and "__pycache__" not in name.parts:
            files[f"{LETTERS}/{name}"] = path.read_bytes()
    return files


def next_steps(folder: Path) -> str:
    """What to do after `write`, for a person."""
    return f"""\
Wrote config.toml, {LIST} and the letters ({LETTERS}/) into {folder}.

Next:
  1. Describe your event, your servers and yourselves in {folder / "config.toml"}.
  2. Put the mailbox's password into a file that nobody else may read:
       (umask 077; cat > {folder / "imap-password"})
  3. Put your invitees into {folder / LIST}; change the letters if you like.
  4. rsvpbot check --config {folder / "config.toml"}
  5. rsvpbot run --config {folder / "config.toml"}
     Letters go to the Drafts folder until you write mode = "send" below [replies].
"""
