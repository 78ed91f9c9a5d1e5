"""`/references/{code}`: one referral, as its sender or its receiver may see it."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup
from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.kernel.formatting import tel_link
from core.kernel.hooks.contributions import PanelPage
from core.kernel.web.routes import Answer, Page, PageRequest, Route, get
from core.referrals.pages import choices, labels
from core.referrals.pages.words import enumerated, say
from core.referrals.rules import vocabulary
from core.referrals.rules.content import BLOCK_TITLES, answers
from core.referrals.rules.content import Answer as Line
from core.referrals.rules.workflow import HELD, PENDING
from core.referrals.services import open_referral
from core.referrals.services.reading import ReferralPage


@dataclass(frozen=True)
class Block:
    """One opened block in words."""

    kind: str
    title: str
    rows: tuple[tuple[str, str], ...]


def blocks_in_words(request: PageRequest, page: ReferralPage) -> tuple[Block, ...]:
    """Each opened block: its title, and (label, value) rows in the reader's language; what was typed stays as typed."""

    def row(line: Line) -> tuple[str, str]:
        if line.name == "phone":
            link = Markup('<a class="phone" href="{}">{}</a>').format(tel_link(line.values[0]), line.values[0])
            return say(request, line.label), link
        if line.coded:
            return say(request, line.label), enumerated(request, (say(request, value) for value in line.values))
        return say(request, line.label), ", ".join(line.values)

    found = (
        Block(block.kind, BLOCK_TITLES[block.kind], tuple(row(line) for line in answers(block.kind, block.content)))
        for block in page.blocks
    )
    return tuple(block for block in found if block.rows)


def show_referral(session: Session, request: PageRequest) -> Answer:
    """Open it: the read is journaled in this very transaction (network rules §3 (10))."""
    page = open_referral(session, request.house.keyring, request.viewer, request.path["code"], request.now)
    calacs = request.viewer.organisation_type == "calacs"
    context = {
        "page": page,
        "blocks": blocks_in_words(request, page),
        "commands": {command.value for command in page.commands},
        "pending": page.state in PENDING,
        "held": page.state in HELD,
        "calacs": calacs,
        "labels": labels,
        "words": vocabulary,
        "choices": choices.CHOICES,
        "form": None,
    }
    if request.wants_fragment:
        return Page("referrals/referral_body.html", context)
    facts = {
        "side": page.side,
        "urgent": "yes" if page.urgent else "no",
        "pending": "yes" if page.state in PENDING else "no",
        "held": "yes" if page.state in HELD else "no",
    }
    panels = request.house.hooks.panels(PanelPage("referral", page.code, facts), request.viewer, session, request.now)
    return Page("referrals/referral.html", {**context, "panels": panels})


routes: tuple[Route, ...] = (
    get("/references/{code}", show_referral, permission=Permission.REFERRAL_READ, mode="write", name="referrals.show"),
)
