"""Values kept as documents: one shelf for each kind."""

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from pydantic import TypeAdapter

from routing.ports import Documents

T = TypeVar("T")


class Shelf(Generic[T]):
    """All values of one kind, by key. A key that was never written has the value of `blank`."""

    def __init__(self, documents: Documents, kind: str, form: type[T], blank: T) -> None:
        self._documents = documents
        self._kind = kind
        self._form: TypeAdapter[T] = TypeAdapter(form)
        self._blank = blank

    async def get(self, key: str) -> T:
        """The value of a key."""
        return self._read(await self._documents.read(self._kind, key))

    async def all(self) -> Mapping[str, T]:
        """Every value that was written, by key."""
        texts = await self._documents.read_all(self._kind)
        return {key: self._read(text) for key, text in texts.items()}

    async def change(self, key: str, change: Callable[[T], T]) -> T:
        """Put what `change` makes of a value in its place; the new one. What it raises, undoes."""
        changed = self._blank

        def rewrite(text: str | None) -> str:
            nonlocal changed
            changed = change(self._read(text))
            return self._form.dump_json(changed).decode()

        await self._documents.change(self._kind, key, rewrite)
        return changed

    async def forget(self, key: str) -> None:
        """Let a key have the value of `blank` again."""
        await self._documents.change(self._kind, key, lambda _: None)

    def _read(self, text: str | None) -> T:
        return self._blank if text is None else self._form.validate_json(text)
