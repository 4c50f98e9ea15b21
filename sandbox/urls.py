"""Pages of the sandbox, in the account settings."""

from django.urls import path

from sandbox.views import customers, faults, overview, plays, state

app_name = "sandbox"
urlpatterns = [
    path("", overview.overview, name="overview"),
    path("jump/", state.jump_clock, name="jump"),
    path("reset/", state.reset, name="reset"),
    path("faults/", faults.switch, name="switch_fault"),
    path("faults/<uuid:subscription_id>/off/", faults.drop_item_fault, name="drop_item_fault"),
    path("requests/", plays.create_request, name="create_request"),
    path("requests/<uuid:request_id>/accept/", plays.accept_request, name="accept_request"),
    path("requests/<uuid:request_id>/decline/", plays.decline_request, name="decline_request"),
    path("customers/<uuid:customer_id>/delete/", customers.delete_customer, name="delete_customer"),
    path("customers/<uuid:customer_id>/agreement/", plays.accept_agreement, name="accept_agreement"),
    path("customers/<uuid:customer_id>/remove/", plays.remove_relationship, name="remove_relationship"),
    path("customers/<uuid:customer_id>/subscription/", plays.add_subscription, name="add_subscription"),
    path("purchases/<uuid:subscription_id>/activate/", plays.activate, name="activate"),
    path(
        "purchases/<uuid:subscription_id>/changes/<uuid:operation_id>/confirm/",
        plays.confirm_change,
        name="confirm_change",
    ),
    path(
        "purchases/<uuid:subscription_id>/changes/<uuid:operation_id>/refuse/",
        plays.refuse_change,
        name="refuse_change",
    ),
]
