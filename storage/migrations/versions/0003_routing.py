"""Extensions, their telephones and where these are; what routing is told by administrators."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of the directory and of routing."""
    op.create_table(
        "extension",
        sa.Column("number", sa.String(10), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("listed", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_extension"),
    )
    op.create_table(
        "phone",
        sa.Column("user", sa.String(64), nullable=False),
        sa.Column("extension", sa.String(10), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("made", sa.BigInteger, nullable=False),
        sa.Column("realm", sa.String(255), nullable=False),
        sa.Column("md5", sa.String(32), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("user", name="pk_phone"),
        sa.ForeignKeyConstraint(
            ["extension"], ["extension.number"], name="fk_phone_extension_extension"
        ),
    )
    op.create_index("ix_phone_extension", "phone", ["extension"])
    op.create_table(
        "registration",
        sa.Column("user", sa.String(64), nullable=False),
        sa.Column("contact", sa.String(500), nullable=False),
        sa.Column("source", sa.String(80), nullable=False),
        sa.Column("instance", sa.String(200), nullable=False),
        sa.Column("call_id", sa.String(255), nullable=False),
        sa.Column("cseq", sa.BigInteger, nullable=False),
        sa.Column("preference", sa.Float, nullable=False),
        sa.Column("agent", sa.String(200), nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("user", "contact", name="pk_registration"),
    )
    op.create_table(
        "routing_document",
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name="pk_routing_document"),
    )
