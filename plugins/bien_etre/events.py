"""What the fund tells: a kind and a request's code, nothing else."""

from __future__ import annotations

SENT = "bien_etre.request_sent"
QUESTION = "bien_etre.question"
ANSWERED = "bien_etre.answered"
ASIDE = "bien_etre.aside"
SIGNED = "bien_etre.signed"
CHANGED = "bien_etre.amount_changed"
DECIDED = "bien_etre.decided"
PAUSED = "bien_etre.paused"
RESUMED = "bien_etre.resumed"
PAID = "bien_etre.paid"
UNPAID = "bien_etre.unpaid"
CLOSED = "bien_etre.closed"
WITHDRAWN = "bien_etre.withdrawn"
WAITING_FUNDS = "bien_etre.waiting_funds"
