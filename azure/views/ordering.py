"""Ordering first-party products: select into a cart, review, confirm (section 1.10)."""

from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from azure.announcements import address
from azure.enums import AzureOffer
from azure.forms.ordering import OrderForm, ReviewForm
from azure.queries import catalogue as queries
from azure.queries.dates import buyer_of
from azure.rules import buying as rules
from azure.rules.buying import Article
from azure.rules.coterm import end_dates
from azure.views.cart import cart_context, line_rows, steps_of
from customers.catalog import Standing
from customers.enums import ProductFamily
from customers.models import ResellerRelationship, Subscription, WireCart
from customers.navigation import show_customer
from customers.presentation import quantity_text, term_text
from customers.queries import customer_of
from customers.rules.buying import AzurePlanMissing, Buyer, check_may_buy
from customers.workflow import own_carts as workflow
from customers.workflow.carts import lines_of
from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.core.errors import InvalidInput, Refusal, refusal_of
from portal.core.http import PortalRequest, is_fragment_request, posted, redirect_to
from portal.core.money import money_text

FIELDS = {"partner_id": "credited", "reseller": "credited", "attested": "attested", "partnerId": "credited"}


# --- select ----------------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUBSCRIPTION_BUY)
def order(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """Ask how a product is bought, and put it into the cart; from the list of products it goes there at once."""
    relationship = customer_of(request.actor, customer_id)
    show_customer(request, relationship)
    buyer = buyer_of(request.actor.organization_id, customer_id, today=timezone.now().date())
    named = request.POST if request.method == "POST" else request.GET
    article = rules.check_found(queries.article_of(buyer, named.get("product", ""), named.get("sku", "")))
    form, refusal = _form(request, article, buyer), None
    if request.method == "POST" and form.is_valid():
        try:
            workflow.put_into_cart(customer_id=customer_id, line=form.line(), actor=request.actor, now=timezone.now())
        except InvalidInput as invalid:
            form.add_error(invalid.field if invalid.field in form.fields else None, str(invalid))
        except Refusal as refused:
            refusal = refused
        else:
            return _added(request, article, customer_id)
    if is_fragment_request(request):
        return _cart(request, customer_id, wrong=_wrong(form, refusal))
    return _order_page(request, article, buyer, relationship, form, refusal)


def _wrong(form: OrderForm, refusal: Refusal | None) -> str:
    """Return in one sentence why a product did not go into the cart."""
    errors = [str(text) for texts in form.errors.values() for text in texts] if form.is_bound else []
    return refusal.explanation if refusal else " ".join(errors)


def _added(request: PortalRequest, article: Article, customer_id: UUID) -> HttpResponse:
    if is_fragment_request(request):
        return _cart(request, customer_id, said=_("%(product)s is in the cart.") % {"product": article.name})
    messages.success(request, _("%(product)s is in the cart.") % {"product": article.name})
    name = "azure:review" if "review" in request.POST else "azure:products"
    return redirect_to(request, reverse(name, args=[customer_id]))


def _cart(request: PortalRequest, customer_id: UUID, *, said: str = "", wrong: str = "") -> HttpResponse:
    context = cart_context(request, customer_id) | {"said": said, "wrong": wrong}
    return render(request, "azure/_cart.html", context, status=422 if wrong else 200)


def _order_page(
    request: PortalRequest,
    article: Article,
    buyer: Buyer,
    relationship: ResellerRelationship,
    form: OrderForm,
    refusal: Refusal | None,
) -> HttpResponse:
    blocked = _refusal_to_add(request, article, buyer, relationship)
    family = str(ProductFamily(article.family).label)
    context = {
        "customer": relationship,
        "name": article.name,
        "family": family if family != str(article.name) else relationship.customer_name,
        "catalogue_url": reverse("azure:products", args=[relationship.customer_id]),
        "steps": steps_of("select", relationship.customer_id),
        "form": form,
        "refusal": refusal or blocked,
        "can_be_bought": blocked is None,
    }
    return render(request, "azure/order.html", context, status=_status(form, refusal))


def _status(form: OrderForm | ReviewForm, refusal: Refusal | None) -> int:
    if form.is_bound and form.errors:
        return 422
    return refusal.http_status if refusal else 200


def _refusal_to_add(
    request: PortalRequest, article: Article, buyer: Buyer, relationship: ResellerRelationship
) -> Refusal | None:
    """Return why a product cannot be ordered; what needs an Azure plan may run under the one in the cart."""
    refusal = queries.refusal_to_order(article, buyer, reseller_id=relationship.counterpart_id)
    cart = workflow.open_cart(request.actor, relationship.customer_id, now=timezone.now())
    lines = lines_of(cart) if cart else []
    brings_plan = any(line.product_id == AzureOffer.AZURE_PLAN for line in lines)
    return None if brings_plan and isinstance(refusal, AzurePlanMissing) else refusal


def _form(request: PortalRequest, article: Article, buyer: Buyer) -> OrderForm:
    form = OrderForm(
        posted(request),
        article=article,
        scopes=list(rules.scopes(buyer)) if article.family == ProductFamily.RESERVATION else (),
        ends=end_dates(article, buyer),
    )
    if not form.is_bound:
        form.initial = {"product": article.product_id, "sku": article.sku_id, "quantity": 1}
    return form


@require_POST
@requires(Permission.SUBSCRIPTION_BUY)
def change_line(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """Change the quantity of a line of the cart, or take it out."""
    relationship = customer_of(request.actor, customer_id)
    text = request.POST.get("quantity", "")
    quantity = 0 if "remove" in request.POST else int(text) if text.isascii() and text.isdigit() else -1
    wrong = "" if 0 <= quantity <= rules.MAX_LICENSES else _("Enter a whole number.")
    if not wrong:
        try:
            workflow.change_in_cart(
                customer_id=customer_id,
                key=request.POST.get("key", ""),
                quantity=quantity,
                actor=request.actor,
                now=timezone.now(),
            )
        except Refusal as refusal:
            wrong = refusal.explanation
    if is_fragment_request(request):
        return _cart(request, relationship.customer_id, wrong=wrong)
    if wrong:
        messages.error(request, wrong)
    return redirect_to(request, reverse("azure:products", args=[customer_id]))


# --- review ----------------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUBSCRIPTION_BUY)
def review(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """Show all that is in the cart once more, and buy it; a second click finds what the first one bought."""
    relationship = customer_of(request.actor, customer_id)
    show_customer(request, relationship)
    form, refusal = ReviewForm(posted(request), actor=request.actor), None
    if request.method == "POST" and form.is_valid():
        try:
            cart = workflow.buy_cart(**form.answers(), actor=request.actor, now=timezone.now())
        except InvalidInput as invalid:
            name = FIELDS.get(invalid.field or "", "")
            form.add_error(name or None, str(invalid))
        except Refusal as refused:
            refusal = refused
        else:
            return redirect_to(request, reverse("azure:ordered", args=[customer_id, cart.pk]))
    cart_or_none = workflow.open_cart(request.actor, customer_id, now=timezone.now())
    if cart_or_none is None or not cart_or_none.lines:
        messages.info(request, _("The cart is empty."))
        return redirect_to(request, reverse("azure:products", args=[customer_id]))
    return _review_page(request, relationship, cart_or_none, form, refusal)


def _review_page(
    request: PortalRequest,
    relationship: ResellerRelationship,
    cart: WireCart,
    sent: ReviewForm,
    refusal: Refusal | None,
) -> HttpResponse:
    buyer = buyer_of(request.actor.organization_id, relationship.customer_id, today=timezone.now().date())
    found = workflow.standings(lines_of(cart), buyer)
    total = workflow.first_total(found)
    is_wrong = sent.is_bound and bool(sent.errors)
    credited = sent.data.get("credited") or sent.usual_number(relationship)
    shown = {"cart": cart.pk, "total": total, "credited": credited}
    blocked = _refusal(buyer)
    context = {
        "customer": relationship,
        "steps": steps_of("review", relationship.customer_id),
        "rows": line_rows(found, buyer),
        "total": money_text(total, buyer.partner.currency),
        "form": sent if is_wrong else ReviewForm(actor=request.actor, initial=shown),
        "refusal": refusal or blocked,
        "can_be_bought": blocked is None and _all_can(found),
        "catalogue_url": reverse("azure:products", args=[relationship.customer_id]),
    }
    return render(request, "azure/review.html", context, status=_status(sent, refusal))


def _all_can(found: Sequence[Standing]) -> bool:
    return all(one.refusal is None for one in found)


def _refusal(buyer: Buyer) -> Refusal | None:
    return refusal_of(check_may_buy, buyer)


# --- confirm ---------------------------------------------------------------------------------------------------------
@require_safe
@requires(Permission.SUBSCRIPTION_BUY)
def ordered(request: PortalRequest, customer_id: UUID, cart_id: UUID) -> HttpResponse:
    """Confirm what became of a cart."""
    relationship = customer_of(request.actor, customer_id)
    show_customer(request, relationship)
    carts = WireCart.objects.of_person(request.actor).filter(customer_id=customer_id, ordered_at__isnull=False)
    cart = carts.filter(pk=cart_id).first()
    if cart is None:
        raise Http404
    bought = Subscription.objects.visible_to(request.actor).filter(order_id__in=cart.order_ids)
    context = {
        "customer": relationship,
        "steps": steps_of("confirm", customer_id),
        "rows": [
            {
                "name": row.friendly_name,
                "product": row.product_name,
                "url": address(row.pk),
                "term": term_text(row.term, row.billing_frequency),
                "quantity": quantity_text(row),
            }
            for row in bought.order_by("created_at", "friendly_name", "pk")
        ],
        "subscriptions_url": reverse("customers:subscriptions", args=[customer_id]),
        "catalogue_url": reverse("azure:products", args=[customer_id]),
    }
    return render(request, "azure/ordered.html", context)
