"""What `manage.py` is elsewhere: `python -m examples.django_shop migrate`."""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "examples.django_shop.settings")
execute_from_command_line(sys.argv)
