"""Kinds of events of exchanges and upkeep: a kind and a code, nothing else."""

from __future__ import annotations

#: A vignette is sent, read again, discussed, closed; its code. To those who may read it.
VIGNETTE_CHANGED = "orres.vignette_changed"
#: A lesson is written, joined to a draft, done; to the committee, with the code of its list.
LESSON_CHANGED = "orres.lesson_changed"
#: A campaign is planned, opens, ends; its number. To the network.
CAMPAIGN_CHANGED = "orres.campaign_changed"
#: An organisation said that a sheet is exact; the campaign's number. To the organisation and the committee.
SHEET_SAID = "orres.sheet_said"
