"""Tables of the fund: requests and their votes in `requests`, money in `money`."""

from .requests import AidRequest, Aside, Dismissed, Question, Round, Signature

__all__ = ["AidRequest", "Aside", "Dismissed", "Question", "Round", "Signature"]
