"""Addresses of the marketplace for partners: the catalogue of a customer, carts and orders, subscriptions."""

from django.urls import path

from marketplace.views import cart, catalogue, changes, details, further, subscriptions

app_name = "marketplace"

urlpatterns = [
    path("customers/<uuid:customer_id>/marketplace/", catalogue.catalogue, name="catalogue"),
    path("customers/<uuid:customer_id>/marketplace/offers/<uuid:offer_id>/", catalogue.offer, name="offer"),
    path("customers/<uuid:customer_id>/marketplace/cart/", cart.cart, name="cart"),
    path("customers/<uuid:customer_id>/marketplace/review/", cart.review, name="review"),
    path("marketplace/cart-lines/<uuid:line_id>/", cart.change_line, name="change_line"),
    path("marketplace/cart-lines/<uuid:line_id>/remove/", cart.remove_line, name="remove_line"),
    path("marketplace/orders/<uuid:order_id>/", cart.order, name="order"),
    path("marketplace/subscriptions/", subscriptions.subscriptions, name="subscriptions"),
    path("marketplace/subscriptions/count/", subscriptions.count, name="count"),
    path("marketplace/subscriptions/export.csv", subscriptions.export, name="export"),
    path("marketplace/subscriptions/auto-renew/", subscriptions.auto_renew_of_many, name="auto_renew_of_many"),
    path("marketplace/subscriptions/<uuid:subscription_id>/", details.subscription, name="subscription"),
    path("marketplace/subscriptions/<uuid:subscription_id>/link/", details.publisher_link, name="publisher_link"),
    path("marketplace/subscriptions/<uuid:subscription_id>/name/", changes.rename, name="rename"),
    path("marketplace/subscriptions/<uuid:subscription_id>/quantity/", changes.quantity, name="quantity"),
    path("marketplace/subscriptions/<uuid:subscription_id>/plan/", changes.plan, name="plan"),
    path("marketplace/subscriptions/<uuid:subscription_id>/billing/", changes.billing_frequency, name="billing"),
    path("marketplace/subscriptions/<uuid:subscription_id>/auto-renew/", changes.auto_renew, name="auto_renew"),
    path("marketplace/subscriptions/<uuid:subscription_id>/reseller/", changes.reseller, name="reseller"),
    path(
        "marketplace/subscriptions/<uuid:subscription_id>/resellers/",
        further.further_resellers,
        name="further_resellers",
    ),
    path("marketplace/subscriptions/<uuid:subscription_id>/cancel/", changes.cancel, name="cancel"),
    path("marketplace/subscriptions/<uuid:subscription_id>/ask/", changes.ask, name="ask"),
]
