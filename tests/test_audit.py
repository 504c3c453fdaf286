"""What CI makes of pip-audit's findings: it fails for what is known, and never takes silence for "nothing is known"."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

_spec = importlib.util.spec_from_file_location("audit", Path(__file__).parent.parent / ".ci" / "audit.py")
assert _spec and _spec.loader
audit = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(audit)

CLEAN = {"name": "click", "version": "8.3.0", "vulns": []}
SKIPPED = {"name": "tinydb", "skip_reason": "Dependency not found on PyPI and could not be audited: tinydb (4.9.0)"}
ADVISORY = {"id": "PYSEC-2016-1", "fix_versions": ["2.7.4"], "aliases": ["CVE-2016-10745"], "description": "…"}
BROKEN = {"name": "jinja2", "version": "2.7.3", "vulns": [ADVISORY]}


def judged(*packages: dict[str, Any]) -> tuple[int, str]:
    status, said = audit.judged(json.dumps({"dependencies": packages, "fixes": []}))
    return status, "\n".join(said)


def test_a_known_vulnerability_fails_with_its_id() -> None:
    status, said = judged(CLEAN, BROKEN)
    assert status == 1 and "jinja2 2.7.3: PYSEC-2016-1, mended in 2.7.4" in said
    assert judged(CLEAN) == (0, "audited: 1 of 1 pinned packages")


@pytest.mark.parametrize(
    "found", ["", "no network", '{"dependencies": []}', json.dumps({"dependencies": [SKIPPED] * 2})]
)
def test_where_nothing_was_looked_up_it_says_so(found: str) -> None:
    status, said = audit.judged(found)
    assert status == 0 and said[0].startswith("*** NOT AUDITED")


def test_what_was_left_out_is_named() -> None:
    status, said = judged(CLEAN, SKIPPED)
    assert status == 0 and "*** NOT AUDITED: tinydb" in said and "audited: 1 of 2" in said


def test_what_is_accepted_has_a_reason_and_goes_with_what_it_is_about(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "ACCEPTED", {"CVE-2016-10745": "our templates are our own"})
    assert judged(BROKEN)[0] == 0 and "accepted: our templates" in judged(BROKEN)[1]
    status, said = judged(CLEAN)
    assert status == 1 and "take it out" in said
