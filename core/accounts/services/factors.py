"""Showing a factor, and what a change of factors brings about."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.access.viewer import Viewer
from core.accounts.models import LoginSession, Passkey, PasskeyChallenge, RecoveryCode, TotpSecret, User
from core.accounts.rules.factors import (
    CHALLENGE_LASTS,
    CODE_WINDOWS,
    PASSKEY_WINDOWS,
    SETUP_LASTS,
    may_remove,
    normal_digits,
)
from core.accounts.services import mails
from core.accounts.services.codes import use_recovery, use_totp
from core.accounts.services.passkeys import RelyingParty, check_passkey
from core.accounts.services.people import read_personal
from core.accounts.services.sessions import end_other_sessions, end_sessions, rotate_session
from core.accounts.services.throttles import forget_attempts, give_back, too_many
from core.journal.services import record
from core.kernel.crypto import Keyring
from core.kernel.errors import DomainError, Missing
from core.kernel.mail import MailSeal, send_later

Method = Literal["passkey", "totp", "recovery", "provider", "demo"]
Change = Literal["factor_added", "factor_removed", "codes_printed", "code_spent"]

WRONG_FACTOR = "Ce code ou cette clé ne convient pas. Un code ne sert qu’une fois\u00a0: attendez le suivant."
THROTTLED_FACTOR = "Trop d’essais. Attendez quelques minutes, puis recommencez. Une clé d’accès fonctionne encore."


class LastFactor(DomainError):
    """Without a factor nothing could be opened: another one comes first."""

    message = "C’est votre seul moyen de confirmer que c’est vous\u00a0: ajoutez-en un autre avant de le retirer."


@dataclass(frozen=True)
class Proof:
    """What a person shows: the browser's JSON of a passkey, the application's code, or a printed code."""

    passkey: str = field(default="", repr=False)
    code: str = field(default="", repr=False)
    recovery: str = field(default="", repr=False)


@dataclass(frozen=True)
class Judged:
    """`method` says what convinced; without one, `problem` is the French sentence to show and `throttled` why."""

    method: Method | None
    problem: str = ""
    throttled: bool = False


def judge_factor(
    session: Session,
    keyring: Keyring,
    party: RelyingParty | None,
    user_id: UUID,
    proof: Proof,
    *,
    browser: bytes,
    address: str,
    now: datetime,
) -> Judged:
    """Whether this is `user_id`. Counts the attempt; a refusal is a value, so that what was spent stays spent.

    `browser`: the keyed hash under which the challenge was asked; `address`: prefix of the network address.
    """
    subjects = {"address": address, "account": str(user_id), "account_by_day": str(user_id), "everyone": ""}
    if proof.passkey:
        if too_many(session, keyring, "passkey", subjects, PASSKEY_WINDOWS, now):
            return Judged(None, THROTTLED_FACTOR, throttled=True)
        shown = check_passkey(session, party, proof.passkey, browser, now) if party else None
        right = shown is not None and shown.user_id == user_id
        if not right:
            return Judged(None, WRONG_FACTOR)
        give_back(session, keyring, "passkey", {name: subjects[name] for name in PASSKEY_WINDOWS})
        return Judged("passkey")
    if too_many(session, keyring, "factor", subjects, CODE_WINDOWS, now):
        return Judged(None, THROTTLED_FACTOR, throttled=True)
    method: Method | None = None
    if normal_digits(proof.code) and use_totp(session, keyring, user_id, proof.code, now):
        method = "totp"
    elif use_recovery(session, keyring, user_id, proof.recovery or proof.code, now):
        method = "recovery"
    if method is None:
        return Judged(None, WRONG_FACTOR)
    forget_attempts(session, keyring, "factor", "account", str(user_id))
    give_back(session, keyring, "factor", {name: subjects[name] for name in CODE_WINDOWS})
    return Judged(method)


def prove_factor(session: Session, user_id: UUID, session_id: UUID, method: Method, now: datetime) -> str:
    """Note that a factor was just shown in this session and give it a new token, which is returned (security S9).

    Put it in the answer: `Redirect(…, sign_in=token)` or `Page(…, sign_in=token)`.
    """
    session.execute(
        update(LoginSession)
        .where(LoginSession.id == session_id, LoginSession.user_id == user_id, LoginSession.ended_at.is_(None))
        .values(second_factor=True, factor=method, stepped_up_at=now)
    )
    return rotate_session(session, session_id, now)


def remove_factor(session: Session, viewer: Viewer, kind: Literal["passkey", "totp"], factor_id: UUID) -> None:
    """Take one's own factor away. Raises `Missing` when it is not one's own, `LastFactor` when no other stays."""
    assert viewer.user_id is not None
    # The person's row is held, so that two removals at once cannot take the last two.
    session.execute(select(User.id).where(User.id == viewer.user_id).with_for_update())
    keys = session.execute(select(Passkey.id, Passkey.suspect_at).where(Passkey.user_id == viewer.user_id)).all()
    codes = (
        session.execute(
            select(TotpSecret.id).where(TotpSecret.user_id == viewer.user_id, TotpSecret.confirmed_at.is_not(None))
        )
        .scalars()
        .all()
    )
    own = {row.id for row in keys} if kind == "passkey" else set(codes)
    if factor_id not in own:
        raise Missing
    sound = {row.id for row in keys if row.suspect_at is None} | set(codes)
    if not may_remove(len(sound - {factor_id})):
        raise LastFactor
    model = Passkey if kind == "passkey" else TotpSecret
    session.execute(delete(model).where(model.id == factor_id))


def announce_change(
    session: Session, keyring: Keyring, viewer: Viewer, change: Change, kind: str, now: datetime
) -> None:
    """Journal it, end the person's other sessions with their streams (security S11), and tell her by e-mail.

    A printed code that was spent ends nothing: no factor changed. A demo persona has no mailbox: nothing is sent.
    """
    assert viewer.user_id is not None
    record(
        session,
        case_id=None,
        organisation_id=viewer.organisation_id,
        actor=viewer,
        action=f"account.{change}",
        subject=f"factor:{kind}",
        facts={},
        now=now,
    )
    if change != "code_spent":
        end_other_sessions(session, viewer.user_id, viewer.session_id, now)
    row = session.execute(
        select(User.email_sealed, User.locale, User.demo_key).where(User.id == viewer.user_id)
    ).first()
    if row is not None and row.demo_key is None:
        address = read_personal(keyring, viewer.user_id, "email_sealed", row.email_sealed)
        send_later(session, address, mails.FACTORS, row.locale, now, seal=MailSeal(keyring))


def forget_factors(session: Session, keyring: Keyring, user_id: UUID, actor: Viewer, now: datetime) -> None:
    """Somebody who lost everything starts again from the password: every factor goes, every session ends, she is told.

    For the operator, once the organisation vouches for her by another way than the one that asks.
    """
    row = session.execute(
        select(User.organisation_id, User.email_sealed, User.locale).where(User.id == user_id).with_for_update()
    ).one()
    for model in (Passkey, TotpSecret, RecoveryCode):
        session.execute(delete(model).where(model.user_id == user_id))
    end_sessions(session, now, user_id=user_id)
    record(
        session,
        case_id=None,
        organisation_id=row.organisation_id,
        actor=actor,
        action="account.factors_reset",
        subject=f"user:{user_id}",
        facts={},
        now=now,
    )
    address = read_personal(keyring, user_id, "email_sealed", row.email_sealed)
    send_later(session, address, mails.FACTORS, row.locale, now, seal=MailSeal(keyring))


def forget_unused(session: Session, now: datetime) -> None:
    """Delete challenges nobody answered and secrets nobody confirmed."""
    session.execute(delete(PasskeyChallenge).where(PasskeyChallenge.created_at < now - CHALLENGE_LASTS))
    waiting = TotpSecret.confirmed_at.is_(None) & (TotpSecret.created_at < now - SETUP_LASTS)
    session.execute(delete(TotpSecret).where(waiting))
