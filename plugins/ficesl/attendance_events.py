"""Kinds of events of attendance and evaluations. A kind and a code, nothing else."""

from __future__ import annotations

#: Somebody was noted at a block; the session's code.
PRESENCE = "ficesl.presence"
#: A credit was written or changed; the course's code.
CREDITED = "ficesl.credited"
#: An evaluation closed, its results may be read; the session's code.
EVALUATED = "ficesl.evaluated"
