"""Database, events, jobs, e-mail, files, texts, tables, time and words."""

from __future__ import annotations

from core.kernel.clock import TORONTO
from core.kernel.codes import new_code
from core.kernel.codes import normalise as normal_code
from core.kernel.crypto import Keyring
from core.kernel.db import Base, UtcDateTime, dialect_name, identifier, internal, lock_row, new_id, public, sealed
from core.kernel.errors import DomainError, Forbidden, Missing, Stale, StartupError
from core.kernel.events import Event, emit, snapshot_cursor
from core.kernel.files import MAX_FILE_BYTES, CleanFile, UnacceptableFile, read_file, shred_file, store_file
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
from core.kernel.i18n import N_
from core.kernel.jobs import Job
from core.kernel.mail import MailSeal, MailText, register_template, send_later
from core.kernel.sheets import CSV_TYPE, XLSX_TYPE, UnreadableSheet, read_sheet, write_csv, write_xlsx
from core.kernel.texts import open_text, seal_text

__all__ = [
    "CSV_TYPE",
    "FINDING_KINDS",
    "MAX_FILE_BYTES",
    "NAMES_SOMEBODY",
    "N_",
    "TORONTO",
    "XLSX_TYPE",
    "Base",
    "CleanFile",
    "DomainError",
    "Event",
    "Finding",
    "FindingKind",
    "Forbidden",
    "Job",
    "Keyring",
    "MailSeal",
    "MailText",
    "Missing",
    "NamesSomebody",
    "Stale",
    "StartupError",
    "UnacceptableFile",
    "UnreadableSheet",
    "UtcDateTime",
    "check_texts",
    "clean_file",
    "dialect_name",
    "emit",
    "findings_of",
    "identifier",
    "internal",
    "left_over",
    "lock_row",
    "looks_like_a_person",
    "new_code",
    "new_id",
    "normal_code",
    "open_text",
    "public",
    "read_file",
    "read_sheet",
    "register_template",
    "seal_text",
    "sealed",
    "send_later",
    "shred_file",
    "singles_out",
    "snapshot_cursor",
    "store_file",
    "write_csv",
    "write_xlsx",
]
