"""What several tables share: closed codes as checked text, and a foreign key that follows its owner."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey


def codes(column: str, words: type[StrEnum], name: str, *, without: frozenset[str] = frozenset()) -> CheckConstraint:
    """A CHECK that the column holds one of the enumeration's codes (NULL passes)."""
    listed = ", ".join(f"'{word.value}'" for word in words if word.value not in without)
    return CheckConstraint(f"{column} IN ({listed})", name=name)


def owned_by(target: str) -> ForeignKey:
    return ForeignKey(target, ondelete="CASCADE")
