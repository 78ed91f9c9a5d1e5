"""What can be done to a referral. Every function is sync, takes the `Session` first, flushes and never commits.

Codes are normalised; an unknown or invisible one raises `Missing` (404). A command the state table does not hold raises
`NotNow` (409, French explanation), the wrong person `Forbidden` (403), a lost compare-and-swap `Stale` (409), a wrong
field `Invalid` (422, `.field`), a consent that does not fit `ConsentMissing` (409, `.reason`), a form that must stop
`Stopped` (422, `.help`). `version` is the number the page was drawn from; None skips that check.

Before sending
    save_draft(session, keyring, viewer, key, content, now) -> SavedDraft        content: any JSON mapping of the form
    open_draft(session, keyring, viewer, key, now) -> Draft | None               latest_draft(...) -> Draft | None
    discard_draft(session, viewer, key, now) -> None
    submit_referral(session, keyring, viewer, submission, *, clock, now) -> Submitted
    enter_received(session, keyring, viewer, submission, *, channel, sender_id, clock, now) -> Submitted
    clock_settings(settings) -> ClockSettings
Before acceptance
    claim_referral(session, viewer, code, now, version=None) -> Done             release_referral(...) the same
    ask_sender(session, keyring, viewer, code, question, text, now) -> Done      question: key of vocabulary.QUESTIONS
    answer_receiver(session, keyring, viewer, code, text, now) -> Done
    accept_referral(session, keyring, viewer, code, now, version=None) -> Done
    decline_referral(session, viewer, code, reason, now, better_service_id=None, version=None) -> Done
    retract_referral(session, viewer, code, now, version=None) -> Done
After acceptance
    log_attempt(session, viewer, code, result, channel, now) -> Done             keys of ATTEMPTS, ATTEMPT_CHANNELS
    reconfirm_with_her(session, viewer, code, now) -> Done
    set_priority(session, viewer, code, priority, reason, now) -> Done           1 | 2 | 3 | None, OVERRIDE_REASONS
    copy_for_our_record(session, keyring, viewer, code, now) -> str              plain text, journaled
    join_referrals(session, viewer, code, other_code, now) -> Done
    close_referral(session, viewer, code, outcome, now, version=None) -> Done    key of OUTCOMES
    send_onward(session, keyring, viewer, code, onward, *, clock, now) -> Submitted   transfer, hand back, sub-referral
Whoever holds it
    amend_block(session, keyring, viewer, code, block, content, reason, now) -> Done
    amend_preview(session, viewer, code, changes, reason, now) -> Done           needs, facts, urgent, language, …
    renew_with_her(session, viewer, code, given, now) -> Done
    restrict_organisation(session, viewer, code, organisation_id, reason, now) -> Done
Any partner who is with her, and herself
    withdraw_case(session, keyring, viewer, code, now) -> None
    follow(session, keyring, code, word, now) -> FollowView | None               None: the same neutral answer for all
    withdraw_herself / resume_herself / stop_calls(session, keyring, code, word, now) -> FollowView | None
    change_contact(session, keyring, code, word, contact, now) -> FollowView | None   Invalid: no contact was shared
Somebody leaves her organisation
    take_back(session, leaving) -> Mapping[str, int]                             a step of the accounts' departure
Reading
    open_referral(session, keyring, viewer, code, now) -> ReferralPage           journaled in the same transaction
"""

from core.referrals.services.amending import amend_block, amend_preview, renew_with_her, restrict_organisation
from core.referrals.services.drafts import discard_draft, latest_draft, open_draft, save_draft
from core.referrals.services.follow import (
    FollowView,
    change_contact,
    follow,
    resume_herself,
    stop_calls,
    withdraw_herself,
)
from core.referrals.services.follow_up import (
    close_referral,
    copy_for_our_record,
    join_referrals,
    log_attempt,
    reconfirm_with_her,
    set_priority,
)
from core.referrals.services.handling import (
    Done,
    accept_referral,
    answer_receiver,
    ask_sender,
    claim_referral,
    decline_referral,
    release_referral,
    retract_referral,
)
from core.referrals.services.leaving import take_back
from core.referrals.services.loading import NotNow
from core.referrals.services.onward import Onward, send_onward
from core.referrals.services.reading import ReferralPage, open_referral
from core.referrals.services.submission import Submitted, clock_settings, enter_received, submit_referral
from core.referrals.services.withdrawal import withdraw_case

__all__ = [
    "Done",
    "FollowView",
    "NotNow",
    "Onward",
    "ReferralPage",
    "Submitted",
    "accept_referral",
    "amend_block",
    "amend_preview",
    "answer_receiver",
    "ask_sender",
    "change_contact",
    "claim_referral",
    "clock_settings",
    "close_referral",
    "copy_for_our_record",
    "decline_referral",
    "discard_draft",
    "enter_received",
    "follow",
    "join_referrals",
    "latest_draft",
    "log_attempt",
    "open_draft",
    "open_referral",
    "reconfirm_with_her",
    "release_referral",
    "renew_with_her",
    "restrict_organisation",
    "resume_herself",
    "retract_referral",
    "save_draft",
    "send_onward",
    "set_priority",
    "stop_calls",
    "submit_referral",
    "take_back",
    "withdraw_case",
    "withdraw_herself",
]
