from __future__ import annotations

from django.db import models


class Order(models.Model):
    customer = models.CharField(max_length=100)
    total = models.PositiveIntegerField()
    placed_at = models.DateTimeField(auto_now_add=True)
    receipt = models.TextField(blank=True)
    job_id = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(total__lte=1000), name="total_within_credit")
        ]
