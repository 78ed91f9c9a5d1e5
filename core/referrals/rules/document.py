"""The state table written out for people: `python -m core.referrals.rules.document > docs/workflow.md`."""

from __future__ import annotations

import sys

from core.referrals.rules.workflow import LABELS, TABLE, State, diagram

_HEAD = """# A referral's life

Drawn from the state table in `core/referrals/rules/workflow.py`; a test keeps this page equal to it. A pair (state,
command) that is not listed is refused by pages and services alike, with a French explanation. Terminal states never
reopen.

"""


def document() -> str:
    """The page: diagram, then every line of the table."""
    lines = [
        "```mermaid",
        diagram(),
        "```",
        "",
        "| state | command | next | who | guard | effects |",
        "|---|---|---|---|---|---|",
    ]
    for state in State:
        for (of, command), rule in TABLE.items():
            if of is not state:
                continue
            following = "as before" if rule.next is None else rule.next.value
            effects = ", ".join(sorted(effect.value for effect in rule.effects))
            guard = "" if rule.guard.value == "none" else rule.guard.value
            cells = (f"{state.value} ({LABELS[state]})", command.value, following, rule.actor.value, guard, effects)
            lines.append(f"| {' | '.join(cells)} |")
    return _HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document())
