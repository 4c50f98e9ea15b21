"""Pages of webhooks, and the certificates by which receivers check signatures."""

from django.urls import path

from portal.webhooks.views import certificates, deliveries, registrations, replays

PAGES = "account-settings/webhooks/"
ONE = f"{PAGES}<uuid:registration_id>/"
DELIVERY = f"{PAGES}deliveries/<uuid:delivery_id>/"

app_name = "webhooks"
urlpatterns = [
    path(PAGES, registrations.registrations, name="registrations"),
    path(f"{PAGES}new/", registrations.new, name="new"),
    path(ONE, registrations.registration, name="registration"),
    path(f"{ONE}edit/", registrations.edit, name="edit"),
    path(f"{ONE}pause/", registrations.pause, name="pause"),
    path(f"{ONE}resume/", registrations.resume, name="resume"),
    path(f"{ONE}delete/", registrations.remove, name="remove"),
    path(f"{ONE}secret/", registrations.renew_secret, name="renew_secret"),
    path(f"{ONE}test/", registrations.send_test, name="send_test"),
    path(f"{ONE}deliveries/", deliveries.deliveries, name="deliveries"),
    path(f"{ONE}deliveries/export/", deliveries.export, name="export"),
    path(f"{ONE}replay/", replays.replay_many, name="replay_many"),
    path(DELIVERY, deliveries.delivery, name="delivery"),
    path(f"{DELIVERY}replay/", replays.replay_one, name="replay_one"),
    path(f"{PAGES}events/<uuid:public_id>/", deliveries.event, name="event"),
    path("webhooks/certificates/<str:kid>.cer", certificates.certificate, name="certificate"),
]
