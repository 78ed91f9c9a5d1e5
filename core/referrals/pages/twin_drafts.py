"""Twin references while they are drafts: what is common is typed once, what she agrees to is asked for each.

Her situation and how to reach her are hers, the same for everybody: saving them in one draft puts them in its twins
that are not sent yet. The needs differ (each recipient reads those it answers), and so does all about her agreement.
A twin whose answers change this way loses the agreement that was given on the others, as it would in a draft by itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from core.kernel.web.routes import PageRequest
from core.referrals.forms.situation import SituationForm
from core.referrals.pages.drafts import Kept, Typed, keep, load_draft
from core.referrals.services.prefill import twin_keys

#: Fields that a set of twins has in common, by step.
COMMON: Mapping[str, frozenset[str]] = {
    "situation": frozenset(SituationForm.model_fields) - {"needs"},
    "contact": frozenset(
        {
            "first_name",
            "way",
            "phone",
            "trusted",
            "times",
            "message",
            "if_someone_else",
            "parents",
            "at_school",
            "restricted",
            "word",
        }
    ),
}


def load_twins(session: Session, request: PageRequest, group: str) -> tuple[Kept, ...]:
    """The author's drafts of a set that are still drafts, in order; one statement for each possible twin."""
    found = (load_draft(session, request, key) for key in twin_keys(group))
    return tuple(one for one in found if one.group == group)


def share_with_twins(session: Session, request: PageRequest, kept: Kept, step: str) -> None:
    """Put what is common in a saved step into the other drafts of the set; those that hold it are left alone."""
    if not kept.group:
        return
    for twin in load_twins(session, request, kept.group):
        typed = with_common(twin.typed(step), kept.typed(step), step)
        if twin.key != kept.key and typed != twin.typed(step):
            keep(session, request, twin, step, typed)


def with_common(own: Typed, other: Typed, step: str) -> Typed:
    """`own` with the common fields of `other`, blank ones too."""
    common = COMMON[step]
    kept = {name: values for name, values in own.items() if name not in common}
    return {**kept, **{name: list(values) for name, values in other.items() if name in common}}
