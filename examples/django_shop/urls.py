from __future__ import annotations

from django.urls import path

from examples.django_shop import views

urlpatterns = [
    path("", views.show, name="show"),
    path("orders", views.place_order, name="place_order"),
]
