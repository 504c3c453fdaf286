"""Backups of the record, and its repair, for whoever looks after the machine: what is done, and what it means."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path

from rsvpbot.config import Config
from rsvpbot.store import StoreError, no_store, open_store, repair_store
from rsvpbot.store.repair import Repair


def backup(config: Config, file: Path) -> str:
    """Write the whole record into `file`; says so. Raises StoreError."""
    with open_store(config.store_url, config.path.parent, read_only=True) as store:
        store.backup(file)
        held = f"{_many(len(store.invitees()), 'invitee')}, {_many(len(store.replies()), 'reply', 'replies')}"
    return f"Wrote {file}: {held}. It holds personal data; it is yours to keep safe, and to delete."


def repair(config: Config, now: datetime, source: Path | None, *, dry_run: bool) -> Iterator[str]:
    """Repair the record, or put a backup in its place; says what was done, a line each. Raises StoreError."""
    wrong = no_store(config)
    if wrong:
        raise StoreError(wrong)

    def forget(file: Path, hashes: Collection[str]) -> None:
        _forget_again(file, hashes, config)

    done = repair_store(config.store_url, config.path.parent, now, source, forget, dry_run=dry_run)
    if done.damage is None and done.source is None:
        yield f"Nothing is damaged in {config.store_file}: {_many(done.kept, 'commit')}. Nothing was done."
        return
    if source is None and done.source is not None:
        yield f"Lost: {config.store_file}. {done.source.name} is as it was before it was last made compact."
    yield from _told(done, config, dry_run=dry_run)


def _forget_again(file: Path, hashes: Collection[str], config: Config) -> None:
    """Take out of a record that is to be put back who was forgotten after it was written. Raises StoreError."""
    from rsvpbot.mail.tokens import KeyFileError, all_keys
    from rsvpbot.organisers import privacy
    from rsvpbot.store.lock import KEY_FILE

    key = config.state_folder / KEY_FILE
    if not key.exists():
        raise StoreError(f"{key} is missing, by which alone it is known who that was; put it back from a backup")
    try:
        keys = all_keys(config.state_folder)
    except KeyFileError as error:
        raise StoreError(str(error)) from error
    with open_store(f"tinydb:{file}", file.parent) as store:
        privacy.forget_again(store, config, hashes, keys)


def _told(done: Repair, config: Config, *, dry_run: bool) -> Iterator[str]:
    would = "Would be " if dry_run else ""
    if done.damage is not None:
        yield f"Damaged: line {done.damage.line} (at byte {done.damage.byte}) of {config.store_file}."
    if done.mended:
        yield f"{'It can be' if dry_run else 'It is'} as it was written: it was made again, and its checksum is right."
    place = ", all before the damage" if done.put_aside else ", all that there were"
    if done.source is not None:
        place = f", from {done.source}"
    yield f"{would}{'kept' if would else 'Kept'}: {_many(done.kept, 'commit')}{place}."
    if done.put_aside:
        where = f" in {done.aside}" if done.aside else ""
        yield f"{would}{'put' if would else 'Put'} aside: {_many(done.put_aside, 'line')}{where}."
    lie = f"in {config.mailbox.folders}/Recorded and {config.mailbox.folders}/Review"
    anew = "what is moved from there to INBOX is handled anew, and answered anew."
    if done.messages:
        yield (
            f"{_many(done.messages, 'handled message')} in the record no more; the next summary says so. The mails lie "
            f"{lie}: {anew}"
        )
    elif done.blind:
        yield f"What was recorded after that is unknown. The mails that have come since lie {lie}: {anew}"
    if done.forgotten:
        yield (
            f"{_many(done.forgotten, 'address', 'addresses')} forgotten since: nothing of them "
            f"{'would be' if would else 'is'} put back, and no list takes them in again."
        )
    if done.blind:
        yield (
            "Whom rsvpbot was asked to forget after that may be in it again: run rsvpbot forget for each once more, "
            "before the start."
        )
    if done.letters:
        yield f"{_many(done.letters, 'letter')} in the record no more; of what has gone out nothing is known."
    if done.doubtful:
        yield (
            f"{_many(done.doubtful, 'letter')} that waited may have gone out since: in doubt, shown in the next "
            "summary, and not sent again by itself."
        )
    if done.put_aside and not (done.messages or done.letters or done.doubtful or done.blind):
        yield "No handled message and no letter was found in what is put aside."
    if dry_run:
        yield "Nothing was changed."
    elif done.aside:
        yield (
            "What was put aside holds personal data. Delete it when you need it no more; rsvpbot forget and "
            "[retention] delete it, too."
        )


def _many(number: int, thing: str, things: str = "") -> str:
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"
