"""Statement budgets: a list in six statements, a referral's page in ten, whatever the number of rows."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from core import features
from core.demo_requests import REQUESTS, send_request
from core.referrals import services
from core.testing.network import Network, visiting
from core.testing.statements import page_statements
from tests.support.edge import told

#: Who looks at what, and how many statements it may take. {…} are the codes of one referral of each kind.
BUDGETS: dict[str, tuple[tuple[str, int], ...]] = {
    "calacs-chrysalide": (
        ("/demandes", 6),
        ("/demandes?liste=waiting", 6),
        ("/demandes?liste=held", 6),
        ("/demandes?liste=closed", 6),
        ("/references", 6),
        ("/references/{pending}", 10),
        ("/references/{held}", 10),
        ("/references/{closed}", 10),
    ),
    "confidentialite-chrysalide": (("/journal", 6), ("/references/{held}/journal", 10)),
    "coordination-cresl": (("/reseau", 6),),
    "communautaire-ajrj": (("/references", 6), ("/references/{asked}", 10), ("/references/{held}", 10)),
}


def spread(network: Network, copies: int) -> dict[str, str]:
    """Send the demo's requests `copies` times and go on with some; the code of one referral of each kind."""
    now = network.clock.now() - timedelta(hours=1)
    keyring = network.keyring
    worker, sender = network.viewer("calacs-chrysalide"), network.viewer("communautaire-ajrj")
    codes: dict[str, str] = {}
    with network.database.transaction() as session:
        for number in range(copies):
            for seed in REQUESTS:
                send_request(session, keyring, replace(seed, key=f"{seed.key}-{number}"), now)
            codes["pending"] = send_request(session, keyring, replace(REQUESTS[0], key=f"budget-pending-{number}"), now)
            for kind in ("asked", "held", "closed"):
                again = replace(
                    REQUESTS[2], key=f"budget-{kind}-{number}", contact={"way": "phone", "phone": "450 555-0117"}
                )
                codes[kind] = send_request(session, keyring, again, now)
            for text in ("Et encore?",) * copies:
                services.ask_sender(session, keyring, worker, codes["asked"], "need", text, now)
                services.answer_receiver(session, keyring, sender, codes["asked"], "Voilà.", now)
            for kind in ("held", "closed"):
                services.accept_referral(session, keyring, worker, codes[kind], now)
                for _ in range(copies):
                    services.log_attempt(session, worker, codes[kind], "missed", "phone", now)
            services.close_referral(session, worker, codes["closed"], "not_reached", now)
    return codes


@pytest.mark.parametrize("copies", [1, 8])
def test_lists_and_pages_keep_their_budget(network: Network, copies: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same count with few rows and with many: requests, possible duplicates, lines of a thread, attempts.

    And each page bears the cursor of its own snapshot, read before whatever it shows: what is published while it is
    read comes by its stream.
    """
    monkeypatch.setattr(features, "jobs", lambda _hooks: ())
    codes = spread(network, copies)
    over = []
    with visiting(network) as visitor:
        told(network)
        for persona, pages in BUDGETS.items():
            visitor.become(persona)
            visitor.get("/compte")
            for path, budget in pages:
                with page_statements() as mine:
                    answer = visitor.get(path.format(**codes))
                assert answer.status_code == 200, path
                assert any("stream_heads" in one for one in mine[:2]), "after who asks, before all the rest"
                cursor = re.search(r'<body[^>]* data-live-cursor="([^"]+)"', answer.text)
                assert cursor is not None, path
                hub = visitor.http.app.state.house.hub  # type: ignore[attr-defined]
                assert hub.decode_cursor(cursor.group(1)) == hub.last_seq
                if len(mine) > budget:
                    over.append("\n".join([f"{path}: {len(mine)}", *(" ".join(one.split())[:110] for one in mine)]))
    assert not over, "\n".join(over)
