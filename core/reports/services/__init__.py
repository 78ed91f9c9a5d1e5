"""What reports write: facts of endings, words of sections."""

from core.reports.services.facts import settle_facts, write_fact
from core.reports.services.texts import adopt_text, save_text

__all__ = ["adopt_text", "save_text", "settle_facts", "write_fact"]
