"""How the tables of a version are laid out, and statements that fit them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha224

FLAT = "v20"
"""The folder of the statements for pg-boss 7.4 to 9.0."""

QUEUED = "v25"
"""The folder of those for pg-boss 11 and 12."""

CONDITION = re.compile(rb"-- (if|unless) (\w+\.\w+)$")
"""Ends a line of a statement that is for some versions only."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The tables in a schema, as far as it decides on statements.

    Attributes:
        schema: where they are.
        folder: where the statements are that fit them.
        columns: those that there are, as `table.column`.
    """

    schema: str
    folder: str = FLAT
    columns: frozenset[str] = frozenset()

    @property
    def queued(self) -> bool:
        """Whether queues have rows with options of their own, as from pg-boss 11 on."""
        return self.folder == QUEUED

    @property
    def channel(self) -> str:
        """Where Node notifies of jobs in queues that are made with `notify: true`."""
        return f"pgboss_{sha224(self.schema.encode()).hexdigest()[:24]}"

    def has(self, column: str) -> bool:
        """Whether there is this column, `table.column`."""
        return column in self.columns

    def fitted(self, sql: bytes) -> bytes:
        """A statement without its lines for other versions.

        A line that ends with `-- if job.blocked` is for versions in which there is this column, one
        that ends with `-- unless job.blocked` for the others.
        """
        return b"\n".join(line for line in sql.split(b"\n") if self._takes(line))

    def _takes(self, line: bytes) -> bool:
        found = CONDITION.search(line)
        return found is None or self.has(found[2].decode()) == (found[1] == b"if")
