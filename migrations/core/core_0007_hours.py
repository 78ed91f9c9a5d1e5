"""Hours: entries, their revisions (append-only), imports and the lines they stage.

Revision core_0007, after core_0006.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0007"
down_revision = "core_0006"
branch_labels = None
depends_on = None

# As the models had them at this revision
HANDMADE: dict[str, tuple[str, ...]] = {
    "sqlite": (
        "CREATE TRIGGER hours_revisions_no_update BEFORE UPDATE ON hours_revisions BEGIN SELECT RAISE(ABORT, 'hours revisions are append-only'); END",
        "CREATE TRIGGER hours_revisions_no_delete BEFORE DELETE ON hours_revisions BEGIN SELECT RAISE(ABORT, 'hours revisions are append-only'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION hours_revisions_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hours revisions are append-only' USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER hours_revisions_no_update BEFORE UPDATE ON hours_revisions FOR EACH ROW EXECUTE FUNCTION hours_revisions_refuse()",
        "CREATE TRIGGER hours_revisions_no_delete BEFORE DELETE ON hours_revisions FOR EACH ROW EXECUTE FUNCTION hours_revisions_refuse()",
    ),
}


def upgrade() -> None:
    op.create_table(
        "hours_imports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("mine", sa.Boolean(), nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("printed_total", sa.Integer(), nullable=True),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("written", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('staged', 'running', 'done', 'cancelled')", name=op.f("ck_hours_imports_state_code")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_hours_imports_organisation_id_organisations")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_hours_imports_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hours_imports")),
    )
    op.create_index("ix_hours_imports_organisation_id_first_day", "hours_imports", ["organisation_id", "first_day"])
    op.create_index(
        "ix_hours_imports_running",
        "hours_imports",
        ["id"],
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_table(
        "hours_import_lines",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("read", sa.JSON(), nullable=True),
        sa.Column("source_key", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "state IN ('ready', 'wrong', 'known', 'written')", name=op.f("ck_hours_import_lines_state_code")
        ),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["hours_imports.id"],
            name=op.f("fk_hours_import_lines_import_id_hours_imports"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_hours_import_lines")),
    )
    op.create_index("ix_hours_import_lines_import_id_state", "hours_import_lines", ["import_id", "state", "number"])
    op.create_table(
        "hours_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("entered_by", sa.Uuid(), nullable=True),
        sa.Column("committee", sa.String(length=60), nullable=True),
        sa.Column("activity", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("quarter_hours", sa.Integer(), nullable=False),
        sa.Column("other_figure", sa.Integer(), nullable=True),
        sa.Column("persons", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("source_key", sa.String(length=64), nullable=True),
        sa.Column("import_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("return_reason", sa.String(length=200), nullable=True),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_hours_entries_days_in_order")),
        sa.CheckConstraint(
            "kind IN ('meeting', 'preparation', 'travel', 'work', 'facilitation', 'follow_up', 'several')",
            name=op.f("ck_hours_entries_kind_code"),
        ),
        sa.CheckConstraint("persons IS NULL OR persons > 0", name=op.f("ck_hours_entries_persons_positive")),
        sa.CheckConstraint("quarter_hours > 0", name=op.f("ck_hours_entries_quarter_hours_positive")),
        sa.CheckConstraint("source IN ('manual', 'meeting', 'import')", name=op.f("ck_hours_entries_source_code")),
        sa.CheckConstraint(
            "state IN ('submitted', 'approved', 'returned', 'withdrawn')", name=op.f("ck_hours_entries_state_code")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_hours_entries_decided_by_users")),
        sa.ForeignKeyConstraint(["entered_by"], ["users.id"], name=op.f("fk_hours_entries_entered_by_users")),
        sa.ForeignKeyConstraint(
            ["import_id"], ["hours_imports.id"], name=op.f("fk_hours_entries_import_id_hours_imports")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_hours_entries_organisation_id_organisations")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_hours_entries_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hours_entries")),
        sa.UniqueConstraint("organisation_id", "source_key", name=op.f("uq_hours_entries_organisation_id_source_key")),
    )
    op.create_index(op.f("ix_hours_entries_entered_by"), "hours_entries", ["entered_by"])
    op.create_index(op.f("ix_hours_entries_import_id"), "hours_entries", ["import_id"])
    op.create_index(
        "ix_hours_entries_organisation_id_first_day", "hours_entries", ["organisation_id", "first_day", "id"]
    )
    op.create_index(
        "ix_hours_entries_organisation_id_state", "hours_entries", ["organisation_id", "state", "first_day"]
    )
    op.create_index("ix_hours_entries_user_id_first_day", "hours_entries", ["user_id", "first_day"])
    op.create_index("ix_hours_entries_first_day_committee", "hours_entries", ["first_day", "committee"])
    op.create_table(
        "hours_revisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(length=10), nullable=False),
        sa.Column("old", sa.JSON(), nullable=False),
        sa.Column("new", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "act IN ('correct', 'approve', 'return', 'withdraw', 'restore', 'undo')",
            name=op.f("ck_hours_revisions_act_code"),
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["hours_entries.id"], name=op.f("fk_hours_revisions_entry_id_hours_entries")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_hours_revisions_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hours_revisions")),
        sa.UniqueConstraint("entry_id", "version", name=op.f("uq_hours_revisions_entry_id_version")),
    )
    op.create_index(op.f("ix_hours_revisions_batch_id"), "hours_revisions", ["batch_id"])
    for statement in HANDMADE[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("hours_revisions")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION IF EXISTS hours_revisions_refuse")
    op.drop_table("hours_entries")
    op.drop_table("hours_import_lines")
    op.drop_table("hours_imports")
