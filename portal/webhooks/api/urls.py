"""Addresses of webhooks below /webhooks/v1/. All but ``registration`` are ours; the original has no such calls."""

from django.urls import path

from portal.api.access import endpoint
from portal.webhooks.api import deliveries, registration, registrations

ONE = "registrations/<guid:registration_id>"
DELIVERY = "deliveries/<guid:delivery_id>"
EVERY = "registrations"

V1 = [
    path("registration/events", endpoint(GET=registration.list_events), name="events"),
    path("registration/validationEvents", endpoint(POST=registration.send_test), name="tests"),
    path("registration/validationEvents/<guid:correlation_id>", endpoint(GET=registration.get_test), name="test"),
    path(
        "registration",
        endpoint(
            GET=registration.get_registration,
            POST=registration.add_registration,
            PUT=registration.change_registration,
        ),
        name="registration",
    ),
    path(EVERY, endpoint(GET=registrations.list_webhooks, POST=registrations.add_webhook), name="webhooks"),
    path(
        ONE,
        endpoint(GET=registrations.get_webhook, PUT=registrations.change_webhook, DELETE=registrations.delete_webhook),
        name="webhook",
    ),
    path(f"{ONE}/pause", endpoint(POST=registrations.pause_webhook), name="pause"),
    path(f"{ONE}/resume", endpoint(POST=registrations.resume_webhook), name="resume"),
    path(f"{ONE}/secret", endpoint(POST=registrations.renew_secret), name="secret"),
    path(f"{ONE}/validationEvents", endpoint(POST=registrations.test_webhook), name="test_webhook"),
    path(f"{ONE}/deliveries", endpoint(GET=deliveries.list_deliveries), name="deliveries"),
    path(f"{ONE}/replay", endpoint(GET=deliveries.count_replay, POST=deliveries.replay_deliveries), name="replay_many"),
    path(DELIVERY, endpoint(GET=deliveries.get_delivery), name="delivery"),
    path(f"{DELIVERY}/replay", endpoint(POST=deliveries.replay_delivery), name="replay_one"),
    path("events/<guid:event_id>/deliveries", endpoint(GET=deliveries.list_of_event), name="event_deliveries"),
]
