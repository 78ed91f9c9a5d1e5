"""The only module of Arrimage that a plugin may import. What is here is kept stable; what isn't may change any day.

- Hooks and contributions: `hookimpl`, `Manifest`, `Card`, … (docs/hooks.md).
- Database: `Base` and the column classes; a plugin's tables are named `<plugin>_…`, and every column says whether it is
  `public()`, `internal()` or `sealed()` (personal, always ciphertext). Nobody commits.
- Access: `Viewer`, `Role`, `can(viewer, action, facts)` for one thing, `visible(viewer, action)` for a list.
- Web: `get()`, `post()`, the values a handler returns, and forms.
- Events, jobs, e-mail, time, words.
- Committees: `committee_by_slug`, `seats_of`, `is_member`; votes: `open_vote`, `cast_ballot`, `recuse`, `close_vote`,
  `vote_view`, then subscribe to `VOTE_CLOSED`, whose reference is the vote's code (docs/committees.md).
- A person's consent to a plugin's own purpose, by a referral's code: `purpose_wording`, `grant_for_referral`, then
  `consent_stands` at every step, and a subscriber of `REFERRAL_WITHDRAWN` with `mark_of_referral`.
- References begun elsewhere: `open_prefilled` with one `Prefill`, or several (twins): drafts to fill with her, each
  with a recipient and an agreement of its own.
- What a plugin follows beside a referral, by its code: `hold_alongside` (in whose hands, whose consent to the plugin's
  purpose shows what to whom), `tell_alongside`, `note_alongside`, `end_purpose`, and `case_is_over` for a subscriber of
  `REFERRAL_CLOSED` and `REFERRAL_WITHDRAWN`.
- Files, cleaned then encrypted: `clean_file` (in a `Compute`), `store_file`, `read_file`, `shred_file`; tables:
  `write_csv`, `write_xlsx`, where nothing is a formula; `bar_chart`, to stand beside a table that says the same.
- Short texts of a plugin's `sealed()` columns: `seal_text`, `open_text` (a rotation of the master key takes them over).
- Free texts that may name nobody: `check_texts` with `looks_like_a_person`, or `singles_out` where an exact day, age or
  place would tell too; `NamesSomebody` goes back to the form, `macros/guard.html` shows what was found.
- Sheets of the directory: `directory_sheets`; what an organisation does to its own, `change_own`, `confirm_exact`,
  `take_back_confirmation`; to another’s, `propose_edit`; all by a `DirectoryTarget`.
- Hours given to committees: `enter_hours(session, viewer, HoursGiven(…), key=…)`, the same key once; each organisation
  approves its own. Charts: `shares`. Attempts counted: `too_many` with `Window`s. Printed figures: `printed_rows`.
- Journal: `record()` in the same transaction as what it says; codes only, after `lock_case()` when it is about a case;
  `lock_chains()` before the first line of an act that writes in several chains; `record_each()` for one act that
  several organisations see.
"""

from __future__ import annotations

from core.access.assurance import require_second_factor
from core.access.permissions import PUBLIC, Permission, holds
from core.access.registry import can, registry
from core.access.rules import ALLOWED, Decision, deny
from core.access.viewer import ANONYMOUS, Role, Viewer
from core.accounts.queries.holders import PermissionHolder, holders_of
from core.accounts.rules import Window, address_prefix
from core.accounts.services import too_many
from core.committees.forms.votes import BallotForm, ExtendForm, RecusalForm
from core.committees.pages.words import WORDS as VOTE_WORDS
from core.committees.queries.structure import (
    CommitteeView,
    SeatView,
    admitted_organisations,
    committee_by_slug,
    is_member,
    seats_of,
)
from core.committees.queries.votes import (
    ClosedVote,
    OwnBallot,
    VoteLine,
    VoteView,
    closed_vote,
    open_votes,
    vote_by_code,
    vote_code,
    vote_view,
)
from core.committees.rules.amounts import parse_cents
from core.committees.rules.deadlines import DEADLINE_REFUSALS, deadline_refusal
from core.committees.rules.durations import format_duration
from core.committees.rules.hours import Kind as HoursKind
from core.committees.rules.terms import SeatRole
from core.committees.rules.votes import Choice, Method, Outcome, Result, Tie, VoteRule
from core.committees.services import (
    NotYet,
    VoteInvalid,
    VoteRefused,
    abandon_escalated,
    abandon_vote,
    cast_ballot,
    close_vote,
    extend_vote,
    lock_votes,
    open_vote,
    recuse,
)
from core.committees.services.hours import HoursGiven, HoursInvalid, enter_hours
from core.committees.services.telling import VOTE_CLOSED, VOTE_ESCALATED, people_with
from core.committees.services.telling import mail_to as mail_people
from core.consent.rules import AgeBand, Attestation, Modality
from core.consent.services import ConsentInput, ConsentMissing, Stopped
from core.consent.services import Invalid as ConsentInvalid
from core.consent.wordings import Wording
from core.directory.pages.words import WORDS as DIRECTORY_WORDS
from core.directory.queries.briefs import (
    ServiceShown,
    ServiceState,
    find_services,
    service_ids,
    service_states,
    services_shown,
)
from core.directory.queries.homes import Home, homes_of
from core.directory.queries.names import ServiceName, organisation_names, service_names
from core.directory.queries.organisations import organisation_by_slug
from core.directory.queries.places import areas, municipality_choices
from core.directory.queries.receiving import Receiving, receiving_organisations
from core.directory.queries.sheets import DirectorySheet, directory_sheets
from core.directory.rules.emergency import EmergencyLine, emergency_lines
from core.directory.rules.visibility import Area
from core.directory.services.edits import OWN_FIELDS, change_own, confirm_exact, propose_edit, take_back_confirmation
from core.directory.services.fields import Target as DirectoryTarget
from core.directory.services.fields import current_value
from core.journal import lock_case, lock_chains, record, record_each
from core.journal.queries.people import people as people_names
from core.kernel.clock import TORONTO
from core.kernel.codes import new_code
from core.kernel.codes import normalise as normal_code
from core.kernel.crypto import Keyring
from core.kernel.db import Base, UtcDateTime, dialect_name, identifier, internal, lock_row, new_id, public, sealed
from core.kernel.errors import DomainError, Forbidden, Missing, Stale, StartupError
from core.kernel.events import Event, emit, snapshot_cursor
from core.kernel.files import (
    MAX_FILE_BYTES,
    CleanFile,
    UnacceptableFile,
    read_file,
    shred_file,
    store_file,
)
from core.kernel.files import clean as clean_file
from core.kernel.guard import KINDS as FINDING_KINDS
from core.kernel.guard import (
    NAMES_SOMEBODY,
    Finding,
    NamesSomebody,
    check_texts,
    findings_of,
    left_over,
    looks_like_a_person,
    singles_out,
)
from core.kernel.guard import Kind as FindingKind
from core.kernel.hooks.contributions import (
    ActSpec,
    Asking,
    CalendarEvent,
    Card,
    Command,
    CommitteeSpec,
    EventSpec,
    FactSpec,
    Manifest,
    NavItem,
    Panel,
    PanelPage,
    PermissionSpec,
    PersonalData,
    PluginSettings,
    PublicPage,
    PurposeSpec,
    ReportPeriod,
    ReportSection,
    ReportTable,
    Restriction,
    RetentionRule,
    Seeder,
    Subscriber,
    ViewerFact,
)
from core.kernel.hooks.hookspecs import hookimpl
from core.kernel.i18n import N_
from core.kernel.jobs import Job
from core.kernel.mail import MailSeal, MailText, register_template, send_later
from core.kernel.sheets import CSV_TYPE, XLSX_TYPE, UnreadableSheet, read_sheet, write_csv, write_xlsx
from core.kernel.texts import open_text, seal_text
from core.kernel.web.forms import FieldError, Form, Parsed, filled, parse
from core.kernel.web.house import House
from core.kernel.web.routes import (
    Assurance,
    Compute,
    Data,
    File,
    Page,
    PageRequest,
    Redirect,
    Refusal,
    Route,
    get,
    not_found,
    post,
)
from core.referrals.events import CLOSED as REFERRAL_CLOSED
from core.referrals.pages.words import ATTESTATION_LABELS, MODALITY_LABELS
from core.referrals.queries.acceptance import ACCEPTED as REFERRAL_ACCEPTED
from core.referrals.queries.acceptance import acceptance_of
from core.referrals.rules.vocabulary import AGE_BANDS, LANGUAGES, NEEDS
from core.referrals.services.alongside import (
    Alongside,
    PartnerAlongside,
    alongside,
    case_is_over,
    codes_in_hand,
    end_purpose,
    hold_alongside,
    note_alongside,
    partners_alongside,
    tell_alongside,
)
from core.referrals.services.prefill import MOST_TWINS, Prefill, open_prefilled
from core.referrals.services.purposes import (
    WITHDRAWN as REFERRAL_WITHDRAWN,
)
from core.referrals.services.purposes import (
    CaseConsent,
    consent_stands,
    grant_for_referral,
    mark_of_referral,
    purpose_wording,
)
from core.reports.charts import Bar as ChartBar
from core.reports.charts import Stack, shares
from core.reports.charts import bars as bar_chart
from core.reports.exports.pdf import alone, as_document, pdf_available
from core.reports.pages.parts import NetworkPart, network_part
from core.reports.queries.published import printed_rows
from core.reports.queries.referral_flows import FlowFact, areas_told, referral_flows, report_quarters, told_lengths
from core.reports.rules.cells import Cell as ReportCell
from core.reports.rules.dimensions import ORIGINS as REPORT_ORIGINS
from core.reports.rules.suppression import few as is_few
from core.reports.services.facts import coarse_between as coarse_minutes
from core.reports.services.facts import quarter_at as fiscal_quarter

#: SQL condition on rows equal to `can()` for each of them, every restriction included.
visible = registry.visible

__all__ = [
    "AGE_BANDS",
    "ALLOWED",
    "ANONYMOUS",
    "ATTESTATION_LABELS",
    "CSV_TYPE",
    "DEADLINE_REFUSALS",
    "DIRECTORY_WORDS",
    "FINDING_KINDS",
    "LANGUAGES",
    "MAX_FILE_BYTES",
    "MODALITY_LABELS",
    "MOST_TWINS",
    "NAMES_SOMEBODY",
    "NEEDS",
    "N_",
    "OWN_FIELDS",
    "PUBLIC",
    "REFERRAL_ACCEPTED",
    "REFERRAL_CLOSED",
    "REFERRAL_WITHDRAWN",
    "REPORT_ORIGINS",
    "TORONTO",
    "VOTE_CLOSED",
    "VOTE_ESCALATED",
    "VOTE_WORDS",
    "XLSX_TYPE",
    "ActSpec",
    "AgeBand",
    "Alongside",
    "Area",
    "Asking",
    "Assurance",
    "Attestation",
    "BallotForm",
    "Base",
    "CalendarEvent",
    "Card",
    "CaseConsent",
    "ChartBar",
    "Choice",
    "CleanFile",
    "ClosedVote",
    "Command",
    "CommitteeSpec",
    "CommitteeView",
    "Compute",
    "ConsentInput",
    "ConsentInvalid",
    "ConsentMissing",
    "Data",
    "Decision",
    "DirectorySheet",
    "DirectoryTarget",
    "DomainError",
    "EmergencyLine",
    "Event",
    "EventSpec",
    "ExtendForm",
    "FactSpec",
    "FieldError",
    "File",
    "Finding",
    "FindingKind",
    "FlowFact",
    "Forbidden",
    "Form",
    "Home",
    "HoursGiven",
    "HoursInvalid",
    "HoursKind",
    "House",
    "Job",
    "Keyring",
    "MailSeal",
    "MailText",
    "Manifest",
    "Method",
    "Missing",
    "Modality",
    "NamesSomebody",
    "NavItem",
    "NetworkPart",
    "NotYet",
    "Outcome",
    "OwnBallot",
    "Page",
    "PageRequest",
    "Panel",
    "PanelPage",
    "Parsed",
    "PartnerAlongside",
    "Permission",
    "PermissionHolder",
    "PermissionSpec",
    "PersonalData",
    "PluginSettings",
    "Prefill",
    "PublicPage",
    "PurposeSpec",
    "Receiving",
    "RecusalForm",
    "Redirect",
    "Refusal",
    "ReportCell",
    "ReportPeriod",
    "ReportSection",
    "ReportTable",
    "Restriction",
    "Result",
    "RetentionRule",
    "Role",
    "Route",
    "SeatRole",
    "SeatView",
    "Seeder",
    "ServiceName",
    "ServiceShown",
    "ServiceState",
    "Stack",
    "Stale",
    "StartupError",
    "Stopped",
    "Subscriber",
    "Tie",
    "UnacceptableFile",
    "UnreadableSheet",
    "UtcDateTime",
    "Viewer",
    "ViewerFact",
    "VoteInvalid",
    "VoteLine",
    "VoteRefused",
    "VoteRule",
    "VoteView",
    "Window",
    "Wording",
    "abandon_escalated",
    "abandon_vote",
    "acceptance_of",
    "address_prefix",
    "admitted_organisations",
    "alone",
    "alongside",
    "areas",
    "areas_told",
    "as_document",
    "bar_chart",
    "can",
    "case_is_over",
    "cast_ballot",
    "change_own",
    "check_texts",
    "clean_file",
    "close_vote",
    "closed_vote",
    "coarse_minutes",
    "codes_in_hand",
    "committee_by_slug",
    "confirm_exact",
    "consent_stands",
    "current_value",
    "deadline_refusal",
    "deny",
    "dialect_name",
    "directory_sheets",
    "emergency_lines",
    "emit",
    "end_purpose",
    "enter_hours",
    "extend_vote",
    "filled",
    "find_services",
    "findings_of",
    "fiscal_quarter",
    "format_duration",
    "get",
    "grant_for_referral",
    "hold_alongside",
    "holders_of",
    "holds",
    "homes_of",
    "hookimpl",
    "identifier",
    "internal",
    "is_few",
    "is_member",
    "left_over",
    "lock_case",
    "lock_chains",
    "lock_row",
    "lock_votes",
    "looks_like_a_person",
    "mail_people",
    "mark_of_referral",
    "municipality_choices",
    "network_part",
    "new_code",
    "new_id",
    "normal_code",
    "not_found",
    "note_alongside",
    "open_prefilled",
    "open_text",
    "open_vote",
    "open_votes",
    "organisation_by_slug",
    "organisation_names",
    "parse",
    "parse_cents",
    "partners_alongside",
    "pdf_available",
    "people_names",
    "people_with",
    "post",
    "printed_rows",
    "propose_edit",
    "public",
    "purpose_wording",
    "read_file",
    "read_sheet",
    "receiving_organisations",
    "record",
    "record_each",
    "recuse",
    "referral_flows",
    "register_template",
    "report_quarters",
    "require_second_factor",
    "seal_text",
    "sealed",
    "seats_of",
    "send_later",
    "service_ids",
    "service_names",
    "service_states",
    "services_shown",
    "shares",
    "shred_file",
    "singles_out",
    "snapshot_cursor",
    "store_file",
    "take_back_confirmation",
    "tell_alongside",
    "told_lengths",
    "too_many",
    "visible",
    "vote_by_code",
    "vote_code",
    "vote_view",
    "write_csv",
    "write_xlsx",
]
