"""Where `jobs-supervisor` finds the jobs: Django is set up before its models are imported."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "examples.django_shop.settings")
django.setup()

from examples.django_shop.jobs import jobs  # noqa: E402

__all__ = ["jobs"]
