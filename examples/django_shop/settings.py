from __future__ import annotations

import os

from psycopg.conninfo import conninfo_to_dict

address = conninfo_to_dict(os.environ.get("DATABASE_URL", ""))

SECRET_KEY = os.environ.get("SECRET_KEY", "for-development-only")
DEBUG = True
ALLOWED_HOSTS = ["*"]
USE_TZ = True
ROOT_URLCONF = "examples.django_shop.urls"
INSTALLED_APPS = ["examples.django_shop"]
MIDDLEWARE = ["django.middleware.csrf.CsrfViewMiddleware"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": address.get("dbname", ""),
        "USER": address.get("user", ""),
        "PASSWORD": address.get("password", ""),
        "HOST": address.get("host", ""),
        "PORT": address.get("port", ""),
    }
}
