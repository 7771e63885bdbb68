"""The tables of the directory, as the newest migration leaves them."""

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, String, Table

from storage.tables import Instant, new_metadata

metadata = new_metadata()

extension = Table(
    "extension",
    metadata,
    Column("number", String(10), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("language", String(8), nullable=False),
    Column("listed", Boolean, nullable=False),
)

phone = Table(
    "phone",
    metadata,
    Column("user", String(64), primary_key=True),
    Column("extension", ForeignKey("extension.number"), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("made", Instant, nullable=False),
    Column("realm", String(255), nullable=False),
    Column("md5", String(32), nullable=False),
    Column("sha256", String(64), nullable=False),
)

registration = Table(
    "registration",
    metadata,
    Column("user", String(64), primary_key=True),
    Column("contact", String(500), primary_key=True),
    Column("source", String(80), nullable=False),
    Column("instance", String(200), nullable=False),
    Column("call_id", String(255), nullable=False),
    Column("cseq", BigInteger, nullable=False),
    Column("preference", Float, nullable=False),
    Column("agent", String(200), nullable=False),
    Column("expires", Instant, nullable=False),
)
