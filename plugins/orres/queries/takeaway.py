"""What a version’s page, its papers and its file read: services as that reader, or as that tier, sees them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from core.api import ANONYMOUS, Area, ServiceShown, Viewer, areas

from ..rules.graph import Trajectory
from ..rules.takeaway import PUBLIC, Stop, may_leave, stops_of, to_talk_to
from .trajectory import published, services_of


@dataclass(frozen=True)
class Leaflet:
    """A version with the services that may be shown with it. `doors`: whom to call when nothing fits."""

    version: Trajectory
    stops: tuple[Stop, ...]
    doors: tuple[ServiceShown, ...]
    areas: tuple[Area, ...]


def read_version(session: Session, viewer: Viewer, version: Trajectory, now: datetime) -> Leaflet:
    """The version on a screen: services as the directory shows them to this viewer."""
    services = services_of(session, viewer, {one.service_id for one in version.answers}, now)
    stops = stops_of(version, services)
    return Leaflet(version, stops, to_talk_to(version, stops), areas(session))


def read_leaflet(session: Session, viewer: Viewer, tier: str, now: datetime) -> Leaflet | None:
    """The published version as it may leave the platform; None while there is none.

    Paper and files travel: they are read as nobody in particular reads them, so that what only the viewer's own
    organisation may see (its confidential services, its direct numbers) stays out.
    """
    version = published(session)
    if version is None:
        return None
    reader = ANONYMOUS if tier == PUBLIC else replace(viewer, organisation_id=None)
    services = services_of(session, reader, {one.service_id for one in version.answers}, now)
    stops = stops_of(version, may_leave(services, tier))
    return Leaflet(version, stops, to_talk_to(version, stops), areas(session))
