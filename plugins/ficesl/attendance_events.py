"""Kinds of events of attendance and evaluations. A kind and a code, nothing else."""

from __future__ import annotations

from uuid import UUID

#: Somebody was noted at a block; the session's code.
PRESENCE = "ficesl.presence"
#: A credit was written or changed; the course's code.
CREDITED = "ficesl.credited"
#: Minutes were taken back by a correction; the reference is `<course>:<module>`, told to subscribers alone.
TAKEN_BACK = "ficesl.taken_back"
#: An evaluation closed, its results may be read; the session's code.
EVALUATED = "ficesl.evaluated"
#: Nobody listens to this topic: for what only subscribers hear.
UNHEARD = f"user:{UUID(int=0)}"
