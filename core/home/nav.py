"""The main navigation, drawn from what the viewer may do; plugins' links come after the core's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.access.viewer import Viewer
from core.kernel.i18n import N_
from core.kernel.web.routes import PageRequest


@dataclass(frozen=True)
class NavLink:
    """One link as `base.html` draws it. `label` is French source text; `count` is shown when above zero."""

    url: str
    label: str
    count: int = 0
    current: bool = False


@dataclass(frozen=True)
class NavEntry:
    """A place of the core: who may go there (one of `permissions`), and where it stands in the bar."""

    url: str
    label: str
    permissions: frozenset[str]


CORE: tuple[NavEntry, ...] = (
    NavEntry("/demandes", N_("Demandes reçues"), frozenset({Permission.REFERRAL_RECEIVE})),
    NavEntry("/references", N_("Nos références"), frozenset({Permission.REFERRAL_READ})),
    NavEntry("/annuaire", N_("Annuaire"), frozenset()),
    NavEntry("/comites", N_("Comités"), frozenset({Permission.COMMITTEE_READ})),
    NavEntry(
        "/organisation", N_("Notre organisme"), frozenset({Permission.ORGANISATION_MANAGE, Permission.CAPACITY_UPDATE})
    ),
    NavEntry("/heures", N_("Heures"), frozenset({Permission.HOURS_ENTER})),
    NavEntry("/rapports", N_("Rapports"), frozenset({Permission.REPORT_READ})),
    NavEntry("/journal", N_("Journal"), frozenset({Permission.JOURNAL_READ})),
    NavEntry("/approbations", N_("Approbations"), frozenset({Permission.ADMISSION_APPROVE})),
    NavEntry("/reseau", N_("Réseau"), frozenset({Permission.NETWORK_OVERSEE})),
)

PUBLIC_LINKS: tuple[NavEntry, ...] = (
    NavEntry("/annuaire", N_("Trouver de l’aide"), frozenset()),
    NavEntry("/suivre", N_("Suivre ma demande"), frozenset()),
)


def navigation(
    session: Session,
    request: PageRequest,
    *,
    queue_size: Callable[[Session, Viewer], int | None],
) -> tuple[NavLink, ...]:
    """Links for this request. `queue_size`: how many requests wait, None when the organisation receives none."""
    viewer: Viewer = request.viewer
    if viewer.is_anonymous:
        return tuple(_link(entry, request) for entry in PUBLIC_LINKS)
    links = [NavLink("/", N_("À faire"), current=request.url_path == "/")]
    for entry in CORE:
        if entry.permissions and not any(request.house.holds(viewer, permission) for permission in entry.permissions):
            continue
        if entry.url == "/demandes":
            size = queue_size(session, viewer)
            if size is not None:
                links.append(_link(entry, request, size))
        else:
            links.append(_link(entry, request))
    links.extend(
        NavLink(item.href, item.title, current=request.url_path.startswith(item.href))
        for item in request.house.hooks.nav_items(viewer)
    )
    return tuple(links)


def _link(entry: NavEntry, request: PageRequest, count: int = 0) -> NavLink:
    # A referral's page may come from either list, so neither is lit there.
    below = entry.url != "/references" and request.url_path.startswith(entry.url + "/")
    current = request.url_path == entry.url or below
    return NavLink(entry.url, entry.label, count, current)
