"""Tags: which there are, and which the chosen customers have (reference 1.4)."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from customers import queries
from customers.enums import TagChange
from customers.forms.tags import AssignTagsForm, TagForm
from customers.workflow import tags as workflow
from customers.workflow.tags import TagResult
from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.core.errors import InvalidInput, Refusal
from portal.core.http import PortalRequest, is_fragment_request, page_or_fragment, redirect_to

MOST_CHOSEN = 500  # one page of the list holds 50; an address can name more
NAMES_TOLD = 10


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.CUSTOMER_TAG)
def tags(request: PortalRequest) -> HttpResponse:
    """Show the company's tags and create one."""
    form = TagForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            workflow.create_tags(names=[form.cleaned_data["name"]], actor=request.actor, now=timezone.now())
        except InvalidInput as refusal:
            form.add_error("name", str(refusal))
        else:
            if not is_fragment_request(request):
                messages.success(request, _("Tag created: %(name)s") % form.cleaned_data)
                return redirect_to(request, reverse("customers:tags"))
            form = TagForm()
    return _tags(request, form=form, status=422 if form.errors else 200)


def _tags(request: PortalRequest, *, form: TagForm, refusal: Refusal | None = None, status: int = 200) -> HttpResponse:
    list_url = reverse("customers:list")
    known = queries.tags_of(request.actor)
    rows = [{"id": tag.pk, "name": tag.name, "url": f"{list_url}?{urlencode({'tag': tag.name})}"} for tag in known]
    context = {"tags": rows, "form": form, "refusal": refusal}
    if request.method == "POST" and is_fragment_request(request):
        return render(request, "customers/_tags.html", context, status=status)
    return page_or_fragment(
        request, page="customers/tags.html", fragment="customers/_tags_panel.html", context=context, status=status
    )


@require_POST
@requires(Permission.CUSTOMER_TAG)
def delete_tag(request: PortalRequest, tag_id: UUID) -> HttpResponse:
    """Delete a tag that no customer has."""
    tag = queries.tag_of(request.actor, tag_id)
    try:
        workflow.delete_tag(tag_id=tag.pk, actor=request.actor, now=timezone.now())
    except Refusal as refusal:
        return _tags(request, form=TagForm(), refusal=refusal, status=refusal.http_status)
    if not is_fragment_request(request):
        messages.success(request, _("Tag deleted: %(name)s") % {"name": tag.name})
        return redirect_to(request, reverse("customers:tags"))
    return _tags(request, form=TagForm())


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.CUSTOMER_TAG)
def assign_tags(request: PortalRequest) -> HttpResponse:
    """Show the chosen customers and change their tags."""
    values = request.POST if request.method == "POST" else request.GET
    wanted = {queries.as_uuid(text) for text in values.getlist("selected")[:MOST_CHOSEN]} - {None}
    chosen = queries.chosen_customers(request.actor, [one for one in wanted if one])
    back = _way_back(request)
    known = [tag.name for tag in queries.tags_of(request.actor)]
    if request.method == "POST":
        form = AssignTagsForm(request.POST, known=known)
        if chosen and form.is_valid():
            try:
                result = workflow.assign_tags(
                    customer_ids=[row.customer_id for row in chosen],
                    names=form.names(),
                    change=TagChange(form.cleaned_data["change"]),
                    actor=request.actor,
                    now=timezone.now(),
                )
            except InvalidInput as refusal:
                form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
            else:
                _tell(request, result)
                return redirect_to(request, back)
    else:
        # One customer's tags are set, as they stand; those of several are added to.
        single = len(chosen) == 1
        initial = {"change": TagChange.SET, "tags": chosen[0].tags} if single else {"change": TagChange.ADD}
        form = AssignTagsForm(initial=initial, known=known)
    return page_or_fragment(
        request,
        page="customers/assign_tags.html",
        fragment="customers/_assign_panel.html",
        context={"chosen": chosen, "form": form, "back": back},
        status=422 if form.errors else 200,
    )


def _way_back(request: PortalRequest) -> str:
    """Return the page the person came from: named by the form, or the one that htmx stands on."""
    named = request.POST.get("back", "") or request.GET.get("back", "")
    if not named and is_fragment_request(request):
        named = request.htmx.current_url_abs_path or ""
    is_here = url_has_allowed_host_and_scheme(named, allowed_hosts=None) and named.startswith("/")
    return named if is_here else reverse("customers:list")


def _tell(request: PortalRequest, result: TagResult) -> None:
    """Say what became of each customer."""
    if result.changed:
        count = len(result.changed)
        told = ngettext("Tags of %(count)d customer changed.", "Tags of %(count)d customers changed.", count)
        messages.success(request, told % {"count": count})
    if result.unchanged:
        messages.info(request, _("No change for: %(names)s") % {"names": _some(result.unchanged)})
    for name, refusal in result.refused[:NAMES_TOLD]:
        messages.warning(request, _("%(name)s: %(reason)s") % {"name": name, "reason": refusal})


def _some(names: list[str]) -> str:
    told = ", ".join(names[:NAMES_TOLD])
    more = len(names) - NAMES_TOLD
    if more <= 0:
        return told
    return ngettext("%(names)s and %(count)d more", "%(names)s and %(count)d more", more) % {
        "names": told,
        "count": more,
    }
