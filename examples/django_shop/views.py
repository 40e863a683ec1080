from __future__ import annotations

from django.db import IntegrityError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from examples.django_shop.jobs import write_receipt
from examples.django_shop.models import Order


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    return render(request, "shop.html", {"orders": Order.objects.order_by("-pk")[:20]})


@require_POST
def place_order(request: HttpRequest) -> HttpResponse:
    """Place an order, and have its receipt written, if it is within the customer's credit."""
    customer, total = request.POST["customer"], int(request.POST["total"])
    try:
        with transaction.atomic():
            order = Order.objects.create(customer=customer, total=0)
            submitted = write_receipt.submit(order.pk, connection=connection)
            order.total, order.job_id = total, submitted.job_id
            order.save()
    except IntegrityError:  # neither the order nor the job is there
        return HttpResponse("that is more than your credit", status=402)
    return redirect("show")
