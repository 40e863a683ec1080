from __future__ import annotations

import os

from sqlalchemy import URL, CheckConstraint, ForeignKey, make_url
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "item"
    __table_args__ = (CheckConstraint("stock >= 0", "enough_in_stock"),)

    name: Mapped[str] = mapped_column(primary_key=True)
    price: Mapped[int]
    stock: Mapped[int]


class Order(Base):
    __tablename__ = "order"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer: Mapped[str]
    item_name: Mapped[str] = mapped_column(ForeignKey("item.name"))
    quantity: Mapped[int]
    job_id: Mapped[str | None]
    invoice: Mapped[str | None]


def database_url() -> URL:
    """`DATABASE_URL`, by way of psycopg 3."""
    return make_url(os.environ["DATABASE_URL"]).set(drivername="postgresql+psycopg")
