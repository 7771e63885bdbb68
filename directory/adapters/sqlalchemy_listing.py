"""The directory on SQLAlchemy."""

from collections.abc import Collection, Sequence
from dataclasses import asdict

from sqlalchemy import Connection, Row, and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from directory.adapters import tables as t
from directory.errors import ExtensionExists, ExtensionUnknown, PhoneUnknown
from directory.extension import Extension, Phone, Proofs, Registration
from storage.database import OnDatabase, in_transaction, on_view


class SqlAlchemyListing(OnDatabase):
    """Extensions and telephones."""

    def stamp(self) -> object:
        return self.database.stamp()

    @on_view
    def extensions(self, connection: Connection) -> Sequence[Extension]:
        rows = connection.execute(select(t.extension).order_by(t.extension.c.number))
        return [Extension(**row._mapping) for row in rows]

    @in_transaction
    def add_extension(
        self,
        connection: Connection,
        extension: Extension,
        phone: Phone | None,
        proofs: Proofs | None,
    ) -> None:
        try:
            connection.execute(insert(t.extension).values(asdict(extension)))
        except IntegrityError as taken:
            raise ExtensionExists(extension.number) from taken
        if phone is not None and proofs is not None:
            _keep_phone(connection, phone, proofs)

    @in_transaction
    def put_extension(self, connection: Connection, extension: Extension) -> None:
        same = t.extension.c.number == extension.number
        if not connection.execute(
            update(t.extension).where(same).values(asdict(extension))
        ).rowcount:
            raise ExtensionUnknown(extension.number)

    @in_transaction
    def remove_extension(self, connection: Connection, number: str) -> Sequence[Phone]:
        rows = connection.execute(select(t.phone).where(t.phone.c.extension == number))
        phones = [_phone(row) for row in rows]
        users = [phone.user for phone in phones]
        connection.execute(delete(t.registration).where(t.registration.c.user.in_(users)))
        connection.execute(delete(t.phone).where(t.phone.c.extension == number))
        if not connection.execute(
            delete(t.extension).where(t.extension.c.number == number)
        ).rowcount:
            raise ExtensionUnknown(number)
        return phones

    @on_view
    def phones(self, connection: Connection) -> Sequence[tuple[Phone, Proofs]]:
        rows = connection.execute(select(t.phone).order_by(t.phone.c.extension, t.phone.c.user))
        return [(_phone(row), Proofs(row.realm, row.md5, row.sha256)) for row in rows]

    @in_transaction
    def add_phone(self, connection: Connection, phone: Phone, proofs: Proofs) -> None:
        known = select(t.extension.c.number).where(t.extension.c.number == phone.extension)
        if connection.scalar(known.with_for_update()) is None:
            raise ExtensionUnknown(phone.extension)
        _keep_phone(connection, phone, proofs)

    @in_transaction
    def put_proofs(self, connection: Connection, user: str, proofs: Proofs) -> None:
        same = t.phone.c.user == user
        if not connection.execute(update(t.phone).where(same).values(asdict(proofs))).rowcount:
            raise PhoneUnknown(user)

    @in_transaction
    def remove_phone(self, connection: Connection, user: str) -> None:
        connection.execute(delete(t.registration).where(t.registration.c.user == user))
        if not connection.execute(delete(t.phone).where(t.phone.c.user == user)).rowcount:
            raise PhoneUnknown(user)


class SqlAlchemyRegistrations(OnDatabase):
    """Where telephones are."""

    @on_view
    def registrations(self, connection: Connection) -> Sequence[Registration]:
        rows = connection.execute(select(t.registration))
        return [Registration(**row._mapping) for row in rows]

    @in_transaction
    def write_registrations(
        self,
        connection: Connection,
        kept: Collection[Registration],
        gone: Collection[tuple[str, str]],
    ) -> None:
        rows = t.registration.c
        for user, contact in {*gone, *((each.user, each.contact) for each in kept)}:
            connection.execute(
                delete(t.registration).where(and_(rows.user == user, rows.contact == contact))
            )
        if kept:
            connection.execute(insert(t.registration), [asdict(each) for each in kept])


def _keep_phone(connection: Connection, phone: Phone, proofs: Proofs) -> None:
    connection.execute(insert(t.phone).values(asdict(phone) | asdict(proofs)))


def _phone(row: Row[tuple[object, ...]]) -> Phone:
    return Phone(row.user, row.extension, row.name, row.made)
