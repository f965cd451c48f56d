"""A website whose database the tests put a counter beside: it makes the tables
of its models in the database it is given, and fills them.

    website.py ENGINE NAME [USER PASSWORD HOST PORT]
"""

import sys
from datetime import timedelta

import django
from django.conf import settings
from django.core.management import call_command

ENGINE, NAME, *SERVER = sys.argv[1:]
if ENGINE == "mysql":
    import pymysql

    # Django asks for mysqlclient, which would need a compiler.
    pymysql.version_info = (2, 2, 1, "final", 0)
    pymysql.install_as_MySQLdb()

settings.configure(
    INSTALLED_APPS=["core"],
    USE_TZ=True,
    DATABASES={
        "default": {
            "ENGINE": f"django.db.backends.{ENGINE}",
            "NAME": NAME,
            **dict(zip(("USER", "PASSWORD", "HOST", "PORT"), SERVER)),
        }
    },
)
django.setup()
call_command("migrate", verbosity=0)

from core.models import Customer, Otp  # noqa: E402
from django.utils import timezone  # noqa: E402

Customer.objects.create(
    account_no="K-1001",
    name="Zoë Müller-Lüdenscheidt",
    email="zoe@example.org",
    phone="0151 / 234-56 78",
    address="Hauptstraße 1",
    locale="de",
)
Customer.objects.create(account_no="K-1002", name="José Núñez", phone="030 1234567")
Customer.objects.create(account_no="K-1003", name="Ünal Çelik", email="unal@example.org")
Otp.objects.create(
    email="zoe@example.org",
    otp_code="123456",
    otp_type="email",
    expires_at=timezone.now() + timedelta(minutes=5),
)
