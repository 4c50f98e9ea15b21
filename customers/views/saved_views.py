"""Views of the customer list that a person keeps as links (reference 1.4)."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from customers import queries
from customers.forms.list import SaveViewForm, read_address
from customers.models import SavedView
from customers.workflow import saved_views
from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.core.errors import Refusal
from portal.core.http import PortalRequest, page_or_fragment, redirect_to


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.CUSTOMER_VIEW)
def views(request: PortalRequest) -> HttpResponse:
    """Show the person's own views of the list, and keep the current one under a name."""
    address = read_address(request, reverse("customers:list"))
    form = SaveViewForm(request.POST or None, initial={"query": address.url(cursor="", count="").partition("?")[2]})
    if request.method == "POST" and form.is_valid():
        try:
            view = saved_views.save_view(**form.cleaned_data, actor=request.actor, now=timezone.now())
        except Refusal as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, _("View saved: %(name)s") % {"name": view.name})
            return redirect_to(request, _view_url(view))
    saved = [{"id": view.pk, "name": view.name, "url": _view_url(view)} for view in queries.views_of(request.actor)]
    return page_or_fragment(
        request,
        page="customers/views.html",
        fragment="customers/_views_panel.html",
        context={"saved": saved, "form": form},
        status=422 if form.errors else 200,
    )


def _view_url(view: SavedView) -> str:
    return reverse("customers:list") + (f"?{view.query}" if view.query else "")


@require_POST
@requires(Permission.CUSTOMER_VIEW)
def delete_view(request: PortalRequest, view_id: UUID) -> HttpResponse:
    """Delete one of the person's own views."""
    view = queries.view_of(request.actor, view_id)
    saved_views.delete_view(view_id=view.pk, actor=request.actor, now=timezone.now())
    messages.success(request, _("View deleted: %(name)s") % {"name": view.name})
    return redirect_to(request, reverse("customers:list"))
