from functools import wraps

from django.db import models
from django.http import HttpResponseForbidden
from django.shortcuts import get_object_or_404

from core.models import Customer


class VerifiedNow(models.Model):
    """Who is verified now: a view in countersign's database."""

    customer = models.BigIntegerField(primary_key=True, db_column="customer_id")
    purpose = models.TextField()
    clerk = models.TextField()
    counter = models.TextField()
    valid_until = models.TextField()

    class Meta:
        app_label = "core"
        managed = False
        db_table = "core_verified_now"


def verified_at_the_counter(purpose):
    """Opens a page about a customer only while the customer is verified for this."""

    def decorator(view):
        @wraps(view)
        def guarded(request, account_no):
            customer = get_object_or_404(Customer, account_no=account_no)
            verified = VerifiedNow.objects.using("countersign")
            if not verified.filter(customer=customer.pk, purpose=purpose).exists():
                return HttpResponseForbidden("Verify the customer at the counter first.")
            return view(request, customer)

        return guarded

    return decorator
