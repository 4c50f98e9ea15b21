"""Addresses of first-party products: offers and dates."""

from django.urls import path

from azure.views import access, catalogue, changes, details, images, offers, ordering, tenants, terms, transitions

app_name = "azure"

urlpatterns = [
    path("customers/<uuid:customer_id>/products/", catalogue.products, name="products"),
    path("customers/<uuid:customer_id>/products/order/", ordering.order, name="order"),
    path("customers/<uuid:customer_id>/products/cart/", ordering.change_line, name="change_line"),
    path("customers/<uuid:customer_id>/products/review/", ordering.review, name="review"),
    path("customers/<uuid:customer_id>/products/ordered/<uuid:cart_id>/", ordering.ordered, name="ordered"),
    path("azure/subscriptions/<uuid:subscription_id>/", details.subscription, name="subscription"),
    path("azure/subscriptions/<uuid:subscription_id>/name/", changes.rename, name="rename"),
    path("azure/subscriptions/<uuid:subscription_id>/quantity/", changes.quantity, name="quantity"),
    path("azure/subscriptions/<uuid:subscription_id>/reseller/", changes.reseller, name="reseller"),
    path("azure/subscriptions/<uuid:subscription_id>/term/", terms.term, name="term"),
    path("azure/subscriptions/<uuid:subscription_id>/billing/", terms.billing_frequency, name="billing_frequency"),
    path("azure/subscriptions/<uuid:subscription_id>/next-term/", terms.next_term, name="next_term"),
    path("azure/subscriptions/<uuid:subscription_id>/next-term/drop/", terms.drop_next_term, name="drop_next_term"),
    path("azure/subscriptions/<uuid:subscription_id>/auto-renew/", changes.auto_renew, name="auto_renew"),
    path("azure/subscriptions/<uuid:subscription_id>/suspend/", changes.suspend, name="suspend"),
    path("azure/subscriptions/<uuid:subscription_id>/reactivate/", changes.reactivate, name="reactivate"),
    path("azure/subscriptions/<uuid:subscription_id>/cancel/", changes.cancel, name="cancel"),
    path("customers/<uuid:customer_id>/azure-access/", access.customer_access, name="customer_access"),
    path("my-azure-access/", access.my_access, name="my_access"),
    path("azure/subscriptions/<uuid:subscription_id>/access/", access.access, name="access"),
    path("azure/subscriptions/<uuid:subscription_id>/access/give/", access.give_access, name="give_access"),
    path(
        "azure/subscriptions/<uuid:subscription_id>/access/<uuid:assignment_id>/take/",
        access.take_access,
        name="take_access",
    ),
    path("customers/<uuid:customer_id>/azure-plan/", transitions.transition, name="transition"),
    path("customers/<uuid:customer_id>/azure-plan/start/", transitions.start, name="start_transition"),
    path("azure/subscriptions/<uuid:subscription_id>/images/", images.images, name="images"),
    path("customers/<uuid:customer_id>/shared-services/", tenants.keep, name="keep_tenant"),
    path("azure/offers/", offers.offers, name="offers"),
    path("azure/dates/", offers.dates, name="dates"),
]
