"""A sync connection, seen as an async one: for coroutines that submit into a sandbox."""

from __future__ import annotations

from typing import Any


class Awaitable:
    """As much of an async connection as operations use, on a sync one."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        if name in ("cursor", "transaction", "copy"):

            def open_block(*args: object, **kwargs: object) -> AwaitableBlock:
                return AwaitableBlock(method(*args, **kwargs))

            return open_block
        if not callable(method):
            return method

        async def call(*args: object, **kwargs: object) -> Any:
            return method(*args, **kwargs)

        return method if name == "set_types" else call


class AwaitableBlock(Awaitable):
    """A block: a cursor, a transaction, a COPY."""

    async def __aenter__(self) -> Awaitable:
        return Awaitable(self._inner.__enter__())

    async def __aexit__(self, *error: object) -> Any:
        return self._inner.__exit__(*error)
