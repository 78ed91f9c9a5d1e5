"""What the trajectory tells: a kind and a version's number, nothing else."""

from __future__ import annotations

#: A draft is opened, changed, proposed, withdrawn or adopted. To the committee.
VERSION_CHANGED = "orres.version_changed"
#: A version comes into force. To the whole committee; partners read it when they open it.
VERSION_PUBLISHED = "orres.version_published"
