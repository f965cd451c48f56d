"""The website as a billing program: its account page opens after a verification at the
counter. Each line of standard input is an account number; each answer is a status.

    billing.py ENGINE NAME OURS [USER PASSWORD HOST PORT GATE_USER]
"""

import sys

import django
from django.conf import settings

ENGINE, NAME, OURS, *SERVER = sys.argv[1:]
if ENGINE == "mysql":
    import pymysql

    pymysql.version_info = (2, 2, 1, "final", 0)
    pymysql.install_as_MySQLdb()

database = {"ENGINE": f"django.db.backends.{ENGINE}"}
login = dict(zip(("USER", "PASSWORD", "HOST", "PORT"), SERVER))
countersign = {**database, **login, "NAME": OURS}
if SERVER:
    countersign["USER"] = SERVER[4]
if ENGINE == "postgresql":
    countersign["OPTIONS"] = {"options": "-c search_path=countersign"}

settings.configure(
    INSTALLED_APPS=["core"],
    USE_TZ=True,
    ALLOWED_HOSTS=["testserver"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="of a test",
    DATABASES={"default": {**database, **login, "NAME": NAME}, "countersign": countersign},
)
django.setup()

from django.http import HttpResponse  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import path  # noqa: E402

from gate import verified_at_the_counter  # noqa: E402


@verified_at_the_counter("pay bill")
def account(request, customer):
    return HttpResponse(f"The account of {customer.name}")


urlpatterns = [path("accounts/<account_no>/", account)]

client = Client()
for line in sys.stdin:
    response = client.get(f"/accounts/{line.strip()}/")
    print(response.status_code, response.content.decode().split("\n")[0][:60], flush=True)
