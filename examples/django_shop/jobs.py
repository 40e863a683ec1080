from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from examples.django_shop.models import Order
from jobs_runtime import Context, Jobs, Schedule

jobs = Jobs()

KEPT = timedelta(days=365)


@dataclass
class Entities:
    Order: type[Order]


@jobs.job(entities=Entities(Order), retry_limit=3, retry_delay=10)
def write_receipt(order_id: int, context: Context[Entities]) -> str:
    """Write an order's receipt; a second attempt writes the same."""
    order = context.entities.Order.objects.get(pk=order_id)
    order.receipt = f"Received {order.total} from {order.customer}, with thanks."
    order.save(update_fields=["receipt"])
    return order.receipt


@jobs.job(schedule=Schedule("30 3 * * *", time_zone="Europe/Amsterdam"))
def forget_old_orders() -> int:
    """Delete the orders of more than a year ago; give how many."""
    deleted, _ = Order.objects.filter(placed_at__lt=timezone.now() - KEPT).delete()
    return deleted
