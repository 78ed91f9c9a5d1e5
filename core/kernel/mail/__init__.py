"""E-mail: `send_later` in a transaction, `MailSender` beside the requests, `purge_mail` as a job."""

from core.kernel.mail.outgoing import (
    SESSION_SEAL,
    MailSeal,
    MailText,
    OutgoingMail,
    purge_mail,
    register_template,
    send_later,
)
from core.kernel.mail.sender import MAX_ATTEMPTS, MailSender, Smtp

__all__ = [
    "MAX_ATTEMPTS",
    "SESSION_SEAL",
    "MailSeal",
    "MailSender",
    "MailText",
    "OutgoingMail",
    "Smtp",
    "purge_mail",
    "register_template",
    "send_later",
]
