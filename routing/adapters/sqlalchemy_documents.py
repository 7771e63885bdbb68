"""Documents on SQLAlchemy."""

from collections.abc import Callable, Mapping

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, update

from routing.adapters import tables as t
from storage.database import OnDatabase, in_transaction, on_view


class SqlAlchemyDocuments(OnDatabase):
    """What routing keeps."""

    @on_view
    def read(self, connection: Connection, kind: str, key: str) -> str | None:
        return connection.scalar(select(t.document.c.text).where(_is(kind, key)))

    @on_view
    def read_all(self, connection: Connection, kind: str) -> Mapping[str, str]:
        rows = connection.execute(
            select(t.document.c.key, t.document.c.text)
            .where(t.document.c.kind == kind)
            .order_by(t.document.c.key)
        )
        return {row.key: row.text for row in rows}

    @in_transaction
    def change(
        self,
        connection: Connection,
        kind: str,
        key: str,
        change: Callable[[str | None], str | None],
    ) -> str | None:
        before = connection.scalar(
            select(t.document.c.text).where(_is(kind, key)).with_for_update()
        )
        after = change(before)
        if after is None:
            connection.execute(delete(t.document).where(_is(kind, key)))
        elif before is None:
            connection.execute(insert(t.document).values(kind=kind, key=key, text=after))
        elif after != before:  # the row stays the same one, for whoever waits for it
            connection.execute(update(t.document).where(_is(kind, key)).values(text=after))
        return after


def _is(kind: str, key: str) -> ColumnElement[bool]:
    return and_(t.document.c.kind == kind, t.document.c.key == key)
