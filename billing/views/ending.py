"""The page that asks for the first day on which something no longer holds: a price, a rule, a competency."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from billing.forms.rates import EndForm
from portal.core.errors import InvalidInput
from portal.core.http import PortalRequest, posted, redirect_to


def ask_last_day(
    request: PortalRequest,
    end: Callable[..., object],
    *,
    done: str,
    back: str,
    template: str,
    context: dict[str, Any],
    form_class: type[EndForm] = EndForm,
) -> HttpResponse:
    """Ask, and let ``end`` change it: a function of a workflow that takes ``valid_until``, ``actor`` and ``now``.

    ``done`` is said afterwards on the page named ``back``.
    """
    form = form_class(posted(request), initial={"valid_until": timezone.now().date()})
    if request.method == "POST" and form.is_valid():
        try:
            end(valid_until=form.cleaned_data["valid_until"], actor=request.actor, now=timezone.now())
        except InvalidInput as refusal:
            form.add_error(refusal.field, refusal.explanation)
        else:
            messages.success(request, done)
            return redirect_to(request, reverse(back))
    return render(request, template, context | {"form": form}, status=422 if form.errors else 200)
