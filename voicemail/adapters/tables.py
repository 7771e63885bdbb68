"""The tables of the mailboxes, as the newest migration leaves them."""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from storage.tables import Instant, new_metadata

metadata = new_metadata()

mailbox = Table(
    "mailbox",
    metadata,
    Column("number", String(10), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("language", String(8), nullable=False),
    Column("zone", String(64), nullable=False),
    Column("max_message_s", Integer, nullable=False),
    Column("min_speech_s", Float, nullable=False),
    Column("max_messages", Integer, nullable=False),
    Column("attachment", String(8), nullable=False),
    Column("pin_hash", String(255), nullable=False),
    Column("store_on_server", Boolean, nullable=False),
    Column("zero", String(80), nullable=False),
    Column("star", String(80), nullable=False),
    Column("envelope", Boolean, nullable=False),
    Column("trust_own_phone", Boolean, nullable=False),
    Column("can_send", Boolean, nullable=False),
    Column("can_call_back", Boolean, nullable=False),
    Column("transcribe", Boolean, nullable=False),
    Column("trash_days", Integer, nullable=False),
    Column("retention_days", Integer, nullable=True),
    Column("welcomed", Boolean, nullable=False),
)

address = Table(
    "mailbox_address",
    metadata,
    Column("mailbox", ForeignKey("mailbox.number"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("address", String(320), nullable=False),
)

deposit = Table(
    "deposit",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("mailbox", ForeignKey("mailbox.number"), nullable=False, index=True),
    Column("node", String(64), nullable=False),
    Column("opened", Instant, nullable=False),
)

message = Table(
    "message",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("mailbox", ForeignKey("mailbox.number"), nullable=False, index=True),
    Column("caller_number", String(40), nullable=False),
    Column("caller_name", String(80), nullable=False),
    Column("received", Instant, nullable=False),
    Column("duration_s", Float, nullable=False),
    Column("sound", String(255), nullable=False),
    Column("folder", String(8), nullable=False),
    Column("deleted", Instant, nullable=True),
    Column("urgent", Boolean, nullable=False),
    Column("in_box", Boolean, nullable=False),
    Column("forwarded_by", String(10), nullable=False),
    Column("transcript", Text, nullable=False),
)

greeting = Table(
    "greeting",
    metadata,
    Column("mailbox", ForeignKey("mailbox.number"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("sound", String(255), nullable=False),
    Column("duration_s", Float, nullable=False),
    Column("kept", Instant, nullable=False),
    Column("until", Instant, nullable=True),
)

failure = Table(
    "failure",
    metadata,
    Column("subject", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("locked_until", Instant, nullable=True),
    Column("last", Instant, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("mailbox", String(10), nullable=False, index=True),
    Column("message", String(26), nullable=False, index=True),
    Column("state", String(8), nullable=False),
    Column("created", Instant, nullable=False),
    Column("due", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("lease_until", Instant, nullable=True),
    Column("worker", String(64), nullable=True),
    Column("handed_over", Integer, nullable=False),
    Index("ix_outbox_state_due", "state", "due"),
)

recipient = Table(
    "outbox_recipient",
    metadata,
    Column("task", ForeignKey("outbox.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("address", String(320), nullable=False),
    Column("state", String(8), nullable=False),
    Column("reply", Text, nullable=False),
)

history = Table(
    "history",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("actor", String(80), nullable=False),
    Column("action", String(40), nullable=False),
    Column("mailbox", String(10), nullable=False, index=True),
    Column("detail", Text, nullable=False),
)
