"""Judges what pip-audit found in constraints.txt:  pip-audit --format json … | python .ci/audit.py

Ends with 1 where a pinned version has a known vulnerability that is not listed here with a reason. Where nothing could
be looked up, it says so loudly and ends with 0: a machine without the advisory service must be able to test. (pip-audit
by itself calls that "no known vulnerabilities".)
"""

from __future__ import annotations

import json
import sys
from typing import Any

ACCEPTED: dict[str, str] = {}
"""By the id of an advisory or one of its aliases: why it does not concern rsvpbot."""


def judged(found: str) -> tuple[int, list[str]]:
    """The exit status, and what to say. `found`: pip-audit's JSON, or "" where it could not do its work."""
    try:
        packages: list[dict[str, Any]] = json.loads(found)["dependencies"]
    except (ValueError, KeyError, TypeError):
        packages = []
    audited = [package for package in packages if "vulns" in package]
    if not audited:
        return 0, [
            "*** NOT AUDITED: the advisory service could not be reached; known vulnerabilities were not looked for"
        ]
    said = [f"audited: {len(audited)} of {len(packages)} pinned packages"]
    said += [
        f"*** NOT AUDITED: {package['name']} ({package['skip_reason']})"
        for package in packages
        if "vulns" not in package
    ]
    wrong, met = 0, set()
    for package in audited:
        for advisory in package["vulns"]:
            ids = [advisory["id"], *advisory.get("aliases", ())]
            reason = next((ACCEPTED[each] for each in ids if each in ACCEPTED), "")
            met.update(ids)
            wrong += not reason
            fixed = ", ".join(advisory.get("fix_versions", ())) or "no version yet"
            verdict = f"accepted: {reason}" if reason else f"mended in {fixed}"
            said.append(f"{package['name']} {package['version']}: {ids[0]}, {verdict}")
    stale = sorted(ACCEPTED.keys() - met)
    said += [f"{each} is accepted in .ci/audit.py and no longer found: take it out" for each in stale]
    return (1 if wrong or stale else 0), said


if __name__ == "__main__":
    status, lines = judged(sys.stdin.read())
    print("\n".join(lines))
    sys.exit(status)
