"""From the cart over the review to the order (M1, section 7.2)."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from customers.navigation import show_customer
from customers.presentation import term_text, unit_price_text
from customers.queries import customer_of
from marketplace import queries
from marketplace.enums import FulfillmentStatus
from marketplace.forms.buying import LineForm, ReviewForm
from marketplace.models import Cart, CartLine, Order
from marketplace.presentation import quantity_text, status_of
from marketplace.views.further import Further
from marketplace.workflow import purchases
from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.core.errors import InvalidInput, Refusal
from portal.core.http import PortalRequest, is_fragment_request, posted, redirect_to
from portal.core.money import money_text

STEPS = ("choose", "cart", "review")


def steps(current: str, customer_id: UUID) -> list[dict[str, Any]]:
    """Return the steps of buying, for components/wizard_steps.html."""
    labels = {"choose": _("Choose products"), "cart": _("Cart"), "review": _("Review and buy")}
    urls = {"choose": reverse("marketplace:catalogue", args=[customer_id])}
    urls["cart"] = reverse("marketplace:cart", args=[customer_id])
    at = STEPS.index(current)
    return [
        {
            "label": labels[name],
            "state": "current" if name == current else "done" if number < at else "todo",
            "url": urls[name] if number < at else "",
        }
        for number, name in enumerate(STEPS)
    ]


# --- cart ------------------------------------------------------------------------------------------------------------
@require_safe
@requires(Permission.SUBSCRIPTION_BUY)
def cart(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """Show what the person is about to buy for a customer."""
    return _cart_page(request, customer_id)


def _cart_page(
    request: PortalRequest, customer_id: UUID, *, wrong: tuple[UUID, LineForm] | None = None, status: int = 200
) -> HttpResponse:
    relationship = customer_of(request.actor, customer_id)
    show_customer(request, relationship)
    view = queries.cart_view(request.actor, customer_id, today=timezone.now().date())
    bound = dict([wrong]) if wrong else {}
    context = {
        "customer": relationship,
        "steps": steps("cart", customer_id),
        "rows": [{**_line(row), "form": bound.get(row.line.pk) or _line_form(row.line)} for row in view.rows],
        "total": money_text(view.total, view.currency),
        "can_be_bought": view.can_be_bought,
        "catalogue_url": reverse("marketplace:catalogue", args=[customer_id]),
        "review_url": reverse("marketplace:review", args=[customer_id]),
    }
    return render(request, "marketplace/cart.html", context, status=status)


def _line_form(line: CartLine, data: Any = None) -> LineForm:
    initial = {"quantity": line.quantity, "friendly_name": line.friendly_name}
    return LineForm(data, plan=line.plan, initial=initial, auto_id=f"id_{line.pk}_%s")


def _line(row: queries.CartRow) -> dict[str, Any]:
    """Lay out a line of the cart."""
    line, price, plan = row.line, row.price, row.line.plan
    return {
        "id": line.pk,
        "offer": plan.offer.name,
        "plan": plan.name,
        "publisher": plan.offer.publisher.organization.name,
        "term": term_text(line.term, line.billing_frequency),
        "quantity": quantity_text(line.quantity) if plan.is_per_seat else _("Flat rate"),
        "name": line.friendly_name,
        "trial_days": plan.trial_days,
        "activates_itself": plan.activates_itself,
        "unit_price": unit_price_text(
            price.unit_price, price.currency, price.billing_frequency, is_per_seat=plan.is_per_seat
        )
        if price
        else "",
        "total": money_text(row.total, price.currency) if price else "",
        "refusal": row.refusal.explanation if row.refusal else "",
    }


def own_line(request: PortalRequest, line_id: UUID) -> CartLine:
    """Return a line of one of the person's carts. Raises: Http404."""
    carts = Cart.objects.visible_to(request.actor)
    line = CartLine.objects.filter(cart__in=carts, pk=line_id).select_related("plan", "cart").first()
    if line is None:
        raise Http404
    return line


@require_POST
@requires(Permission.SUBSCRIPTION_BUY)
def change_line(request: PortalRequest, line_id: UUID) -> HttpResponse:
    """Change quantity and name of a line."""
    line = own_line(request, line_id)
    customer_id = line.cart.customer_id
    form = _line_form(line, request.POST)
    if not form.is_valid():
        return _cart_page(request, customer_id, wrong=(line.pk, form), status=422)
    try:
        purchases.change_cart_line(line_id=line.pk, **form.cleaned_data, actor=request.actor, now=timezone.now())
    except InvalidInput as invalid:
        form.add_error(invalid.field if invalid.field in form.fields else None, str(invalid))
        return _cart_page(request, customer_id, wrong=(line.pk, form), status=422)
    messages.success(request, _("The cart is changed."))
    return redirect_to(request, reverse("marketplace:cart", args=[customer_id]))


@require_POST
@requires(Permission.SUBSCRIPTION_BUY)
def remove_line(request: PortalRequest, line_id: UUID) -> HttpResponse:
    """Take a line out of the cart."""
    line = own_line(request, line_id)
    purchases.remove_from_cart(line_id=line.pk, actor=request.actor, now=timezone.now())
    messages.success(request, _("The line is removed from the cart."))
    return redirect_to(request, reverse("marketplace:cart", args=[line.cart.customer_id]))


# --- review and order ------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUBSCRIPTION_BUY)
def review(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """Show all once more and buy it; a second click on Buy finds the order of the first one."""
    relationship = customer_of(request.actor, customer_id)
    today = timezone.now().date()
    form, further = _review_form(request), Further.read(request)
    buyer = queries.buyer_for(request.actor, customer_id, today=today)
    refusal: Refusal | None = None
    if further.step:
        further.apply(buyer.partner, first=request.POST.get("credited", ""))
    elif request.method == "POST" and form.is_valid():
        try:
            order = _buy(request, customer_id, form, further)
        except Refusal as refused:
            refusal = refused
        else:
            if order is not None:
                return redirect_to(request, reverse("marketplace:order", args=[order.pk]))
    if further.step and is_fragment_request(request):
        return render(request, "marketplace/_further_of_review.html", further.context())
    return _review_page(request, relationship, form, further, refusal or queries.refusal_to_buy(buyer))


def _review_page(
    request: PortalRequest, relationship: Any, form: ReviewForm, further: Further, refusal: Refusal | None
) -> HttpResponse:
    customer_id, is_sent = relationship.customer_id, request.method == "POST" and not further.step
    view = queries.cart_view(request.actor, customer_id, today=timezone.now().date())
    if view.cart is None or not view.rows:
        messages.info(request, _("The cart is empty."))
        return redirect_to(request, reverse("marketplace:cart", args=[customer_id]))
    show_customer(request, relationship)
    if not form.is_bound:
        usual = form.usual_number(relationship)
        form.initial = {"cart": view.cart.pk, "total": view.total, "credited": usual}
    elif refusal is not None or further.step:
        form = _asked_again(request, form, view, keeps_attested=bool(further.step))
    context = {
        **further.context(),
        "further_shown": form.is_provider,
        "customer": relationship,
        "steps": steps("review", customer_id),
        "rows": [_line(row) for row in view.rows],
        "total": money_text(view.total, view.currency),
        "form": form,
        "refusal": refusal,
        "can_be_bought": view.can_be_bought,
        "cart_url": reverse("marketplace:cart", args=[customer_id]),
    }
    is_wrong = form.errors or further.wrong
    status = refusal.http_status if refusal and is_sent else 422 if is_wrong else 200
    return render(request, "marketplace/review.html", context, status=status)


def _buy(request: PortalRequest, customer_id: UUID, form: ReviewForm, further: Further) -> Order | None:
    """Order what is in the cart that was shown; ``None`` if the form now says what is wrong. Raises: Refusal."""
    cart_id = form.cleaned_data["cart"]
    if not Cart.objects.visible_to(request.actor).filter(pk=cart_id, customer_id=customer_id).exists():
        raise Http404
    if further.typed:
        further.wrong = _("Verify and add this PartnerID, or clear the field.")
        return None
    review = form.review(further.numbers)
    try:
        return purchases.checkout(cart_id=cart_id, review=review, actor=request.actor, now=timezone.now())
    except InvalidInput as invalid:
        if invalid.field == "further":
            further.wrong = str(invalid)
            return None
        field = {"attested": "attested", "partner_id": "credited", "reseller": "credited"}.get(invalid.field or "")
        form.add_error(field, str(invalid))
        return None


def _review_form(request: PortalRequest, *, asked: bool = False) -> ReviewForm:
    """Return the form as it was sent, or, ``asked`` anew, without what was sent."""
    return ReviewForm(None if asked else posted(request), actor=request.actor)


def _asked_again(
    request: PortalRequest, form: ReviewForm, view: queries.CartView, *, keeps_attested: bool
) -> ReviewForm:
    """The same answers beside the total of now: the next click confirms what is shown."""
    again = _review_form(request, asked=True)
    kept = ("cart", "credited", "attested") if keeps_attested else ("cart", "credited")
    answers = {name: form.data.get(name) for name in kept}
    again.initial = answers | {"total": view.total}
    return again


@require_safe
@requires(Permission.SUBSCRIPTION_VIEW)
def order(request: PortalRequest, order_id: UUID) -> HttpResponse:
    """Confirm what was bought, and lead to the publisher of each line (M5)."""
    found = queries.order_detail(request.actor, order_id)
    relationship = customer_of(request.actor, found.customer_id)
    show_customer(request, relationship)
    pays = found.partner_id == request.actor.organization_id  # a reseller learns nothing of its provider's money
    lines = sorted(found.lines.all(), key=lambda line: line.number)
    rows = [
        {
            "name": line.subscription.friendly_name,
            "url": reverse("marketplace:subscription", args=[line.subscription_id]),
            "link_url": reverse("marketplace:publisher_link", args=[line.subscription_id]),
            "product": line.subscription.product_name,
            "publisher": line.plan.offer.publisher.organization.name,
            "term": term_text(line.term, line.billing_frequency),
            "quantity": quantity_text(line.quantity) if line.plan.is_per_seat else _("Flat rate"),
            "unit_price": unit_price_text(
                line.unit_price, found.currency, line.billing_frequency, is_per_seat=line.plan.is_per_seat
            )
            if pays
            else "",
            "total": money_text(line.total, found.currency) if pays else "",
            "status": status_of(line.subscription.saas),
            "activate_by": line.subscription.saas.activate_by,
            "is_living": line.subscription.saas.ended_at is None,
            "is_waiting": line.subscription.saas.status == FulfillmentStatus.PENDING,
        }
        for line in lines
    ]
    context = {
        "customer": relationship,
        "order": found,
        "rows": rows,
        "total": money_text(found.total, found.currency) if pays else "",
        "is_waiting": any(row["is_waiting"] for row in rows),
        "reseller": found.reseller.organization.name if found.reseller else "",
        "subscriptions_url": f"{reverse('customers:subscriptions', args=[found.customer_id])}?tab=marketplace",
        "catalogue_url": reverse("marketplace:catalogue", args=[found.customer_id]),
    }
    return render(request, "marketplace/order.html", context)
