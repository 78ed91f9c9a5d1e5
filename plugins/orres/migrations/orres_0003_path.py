"""Women's paths on the trajectory, and what statistics keep of them.

Revision ID: orres_0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "orres_0003"
down_revision = "orres_0001"
branch_labels = None
depends_on = None

_AT = sa.DateTime(timezone=True)
_CODES = "IN ('begun', 'done', 'not_for_her')"


def upgrade() -> None:
    op.create_table(
        "orres_paths",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_mark", sa.LargeBinary(length=32), nullable=False),
        sa.Column("started_at", _AT, nullable=False),
        sa.Column("touched_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orres_paths")),
        sa.UniqueConstraint("case_mark", name=op.f("uq_orres_paths_case_mark")),
    )
    op.create_index("ix_orres_paths_touched_at", "orres_paths", ["touched_at"], unique=False)
    op.create_table(
        "orres_steps",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("path_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("node_key", sa.String(length=60), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("before", sa.String(length=12), nullable=True),
        sa.Column("begun_at", _AT, nullable=True),
        sa.Column("marked_at", _AT, nullable=False),
        sa.CheckConstraint(f"status {_CODES}", name=op.f("ck_orres_steps_status_code")),
        sa.CheckConstraint(f"before IS NULL OR before {_CODES}", name=op.f("ck_orres_steps_before_code")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_orres_steps_organisation_id")),
        sa.ForeignKeyConstraint(
            ["path_id"], ["orres_paths.id"], name=op.f("fk_orres_steps_path_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orres_steps")),
        sa.UniqueConstraint(
            "path_id", "organisation_id", "node_key", name=op.f("uq_orres_steps_path_id_organisation_id_node_key")
        ),
    )
    op.create_table(
        "orres_step_facts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ended_quarter", sa.String(length=6), nullable=False),
        sa.Column("node_key", sa.String(length=60), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("wait_minutes", sa.Integer(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.CheckConstraint(f"status {_CODES}", name=op.f("ck_orres_step_facts_status_code")),
        sa.CheckConstraint("wait_minutes >= 0", name=op.f("ck_orres_step_facts_wait_not_negative")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_orres_step_facts_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orres_step_facts")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_orres_step_facts_ended_quarter", "orres_step_facts", ["ended_quarter"], unique=False)


def downgrade() -> None:
    op.drop_table("orres_step_facts")
    op.drop_table("orres_steps")
    op.drop_table("orres_paths")
