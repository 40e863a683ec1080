from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Request, status
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, PositiveInt
from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from examples.fastapi_shop.jobs import jobs, render_invoice
from examples.fastapi_shop.models import Base, Item, Order, database_url
from jobs_runtime import JobFailed, ResultTimeout

STOCK = [
    {"name": "teapot", "price": 40, "stock": 10},
    {"name": "kettle", "price": 60, "stock": 1},
]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    engine = create_async_engine(database_url())
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
        await connection.execute(insert(Item).values(STOCK).on_conflict_do_nothing())
    app.state.sessions = async_sessionmaker(engine, expire_on_commit=False)
    yield
    await jobs.aclose()
    await engine.dispose()


async def open_session(request: Request) -> AsyncGenerator[AsyncSession]:
    async with request.app.state.sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(open_session)]
app = FastAPI(title="Shop", lifespan=lifespan)


class NewOrder(BaseModel):
    customer: str
    item: str
    quantity: PositiveInt = 1


class Placed(BaseModel):
    order_id: int
    job_id: str


@app.post("/orders", status_code=status.HTTP_201_CREATED)
async def place_order(new: NewOrder, session: Session) -> Placed:
    """Take the items out of stock, and have the invoice rendered."""
    order = Order(customer=new.customer, item_name=new.item, quantity=new.quantity)
    try:
        async with session.begin():
            session.add(order)
            await session.flush()
            submitted = await render_invoice.asubmit(order.id, connection=session)
            order.job_id = submitted.job_id
            taken = Item.stock - new.quantity
            await session.execute(update(Item).where(Item.name == new.item).values(stock=taken))
    except IntegrityError as error:  # neither the order nor the job is there
        raise HTTPException(status.HTTP_409_CONFLICT, f"no {new.item} left") from error
    return Placed(order_id=order.id, job_id=submitted.job_id)


@app.get("/orders/{order_id}/invoice", response_class=PlainTextResponse)
async def show_invoice(order_id: int, session: Session, timeout: float = 10) -> str:
    """The invoice; wait for it if it is not there yet."""
    order = await session.get(Order, order_id)
    submitted = await jobs.aget(order.job_id) if order and order.job_id else None
    if order is None or submitted is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND)
    if order.invoice is None:
        await session.commit()  # nobody should wait in a transaction
        try:
            await submitted.aresult(timeout)
        except ResultTimeout as error:
            raise HTTPException(status.HTTP_202_ACCEPTED, "not rendered yet") from error
        except JobFailed as error:
            raise HTTPException(status.HTTP_500_INTERNAL_SERVER_ERROR, error.state) from error
        await session.refresh(order)
    return order.invoice or ""
