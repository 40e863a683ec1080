from __future__ import annotations

import csv
from dataclasses import dataclass

from jobs_runtime import Context, Discard, Jobs

jobs = Jobs()


@dataclass
class PriceList:
    lines: list[str]


@jobs.job(expire_in=600)
def import_prices(prices: PriceList, context: Context) -> int:
    """Store every price or, if a line is wrong or somebody cancels, none; give how many."""
    rows = list(csv.reader(prices.lines))
    with context.transaction() as connection:
        for number, row in enumerate(rows, 1):
            context.raise_if_cancelled()
            try:
                name, price = row[0].strip(), int(row[1])
            except (IndexError, ValueError) as error:
                # Another attempt would read the same.
                raise Discard(f"line {number} is not `name,price`") from error
            connection.execute(
                "INSERT INTO price VALUES (%s, %s)"
                " ON CONFLICT (name) DO UPDATE SET price = EXCLUDED.price",
                [name, price],
            )
            context.progress(number, len(rows), name)
    return len(rows)
