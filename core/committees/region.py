"""The network's committees, as the annual report of 2023-2024 names them. A plugin that serves one completes it.

TIVSL has four sub-committees; the one on sexual exploitation, CRESL, works through ORRES, FICESL and Bien-être.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.committees.rules.terms import SeatRole
from core.kernel.i18n import N_


@dataclass(frozen=True)
class CommitteeSeed:
    """A committee of the region. `parent` is a slug; texts are French source texts."""

    slug: str
    parent: str | None
    title: str
    description: str
    mandate: str = ""


COMMITTEES: tuple[CommitteeSeed, ...] = (
    CommitteeSeed(
        "tivsl",
        None,
        N_("TIVSL"),
        N_("Table intersectorielle régionale en matière de violences sexuelles."),
    ),
    CommitteeSeed("prevention", "tivsl", N_("Prévention"), N_("Sous-comité de la TIVSL sur la prévention.")),
    CommitteeSeed(
        "centre-designe", "tivsl", N_("Centre désigné"), N_("Sous-comité de la TIVSL sur les centres désignés.")
    ),
    CommitteeSeed("justice", "tivsl", N_("Justice"), N_("Sous-comité de la TIVSL sur la justice.")),
    CommitteeSeed(
        "cresl",
        "tivsl",
        N_("CRESL"),
        N_("Comité régional en exploitation sexuelle de Lanaudière."),
        N_(
            "Réunir les partenaires communautaires, institutionnels et policiers contre l’exploitation sexuelle : "
            "quatre rencontres par année et une journée spéciale."
        ),
    ),
    CommitteeSeed(
        "orres",
        "cresl",
        N_("ORRES"),
        N_("Outil de références régional en exploitation sexuelle."),
        N_("Tenir la trajectoire régionale de services et l’outil de références, et animer les échanges cliniques."),
    ),
    CommitteeSeed(
        "ficesl",
        "cresl",
        N_("FICESL"),
        N_("Formations d’interventions concertées en exploitation sexuelle."),
        N_("Former les patrouilles, les équipes de réadaptation et les intervenantes et intervenants de la région."),
    ),
    CommitteeSeed(
        "bien-etre",
        "cresl",
        N_("Bien-être"),
        N_("Fonds d’urgence pour les femmes et les filles."),
        N_(
            "Répondre aux urgences des femmes et des filles qui vivent l’exploitation sexuelle ou qui veulent s’en "
            "éloigner, et à ce que LAFU laisse sans réponse."
        ),
    ),
)


@dataclass(frozen=True)
class SeatSeed:
    """A demo seat: a demo persona's key, and her or his role. The organisation is the persona's own."""

    committee: str
    persona: str
    role: SeatRole = SeatRole.MEMBER
    voting: bool = True


#: Invented people only: five voting seats of five organisations, and a chair who only settles ties.
DEMO_SEATS: tuple[SeatSeed, ...] = (
    SeatSeed("bien-etre", "bien-etre-presidence", SeatRole.CHAIR, voting=False),
    SeatSeed("bien-etre", "bien-etre-1"),
    SeatSeed("bien-etre", "bien-etre-2", SeatRole.VICE_CHAIR),
    SeatSeed("bien-etre", "bien-etre-3"),
    SeatSeed("bien-etre", "bien-etre-4"),
    SeatSeed("bien-etre", "bien-etre-5"),
    SeatSeed("ficesl", "ficesl-formation", SeatRole.CHAIR),
    SeatSeed("orres", "orres-comite", SeatRole.CHAIR),
    SeatSeed("orres", "bien-etre-2"),
    SeatSeed("orres", "bien-etre-3", SeatRole.VICE_CHAIR),
    SeatSeed("orres", "bien-etre-5"),
    SeatSeed("cresl", "coordination-cresl", SeatRole.CHAIR, voting=False),
)
