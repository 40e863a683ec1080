from __future__ import annotations

from examples.fastapi_shop.models import Item, Order
from jobs_runtime import Context, Jobs

jobs = Jobs()


@jobs.job(retry_limit=3, retry_backoff=True, expire_in=60)
def render_invoice(order_id: int, context: Context) -> int:
    """Write an order's invoice, and give what there is to pay."""
    with context.transaction():
        session = context.session
        order = session.get_one(Order, order_id)
        item = session.get_one(Item, order.item_name)
        total = item.price * order.quantity
        order.invoice = (
            f"Invoice {order.id} for {order.customer}\n"
            f"{order.quantity} {item.name} at {item.price} = {total}\n"
        )
    context.logger.info("invoice %d: %d", order_id, total)
    return total
