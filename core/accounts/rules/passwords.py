"""What a password must be."""

from __future__ import annotations

#: A password typed by hand, without a second factor yet: length is what protects it.
SHORTEST_PASSWORD = 12
