"""Addresses of the programme operator's workspace, and of a partner's own nomination."""

from django.urls import path

from operators.views import catalog, enrolment, nominations, partners, people, sandboxes

app_name = "operators"

urlpatterns = [
    path("programme/partners/", partners.partners, name="partners"),
    path("programme/partners/export.csv", partners.export, name="export"),
    path("programme/enroll/", enrolment.enroll, name="enroll"),
    path("programme/enroll/<uuid:organization_id>/", enrolment.invite_first, name="invite_first"),
    path("programme/partners/<uuid:partner_id>/", partners.partner, name="partner"),
    path("programme/partners/<uuid:partner_id>/sandbox/", sandboxes.create_sandbox, name="create_sandbox"),
    path("programme/partners/<uuid:partner_id>/sandbox/pair/", sandboxes.pair_sandbox, name="pair_sandbox"),
    path(
        "programme/partners/<uuid:partner_id>/second-factor/reset/",
        people.reset_second_factor,
        name="reset_second_factor",
    ),
    path("programme/agreements/", partners.agreements, name="agreements"),
    path("programme/markets/", catalog.markets, name="markets"),
    path("programme/markets/place/", catalog.place_country, name="place_country"),
    path("programme/offers/", catalog.offers, name="offers"),
    path("programme/nominations/", nominations.nominations, name="nominations"),
    path("programme/nominations/<uuid:nomination_id>/", nominations.nomination, name="nomination"),
    path("programme/nominations/<uuid:nomination_id>/approve/", nominations.approve, name="approve"),
    path("programme/nominations/<uuid:nomination_id>/refuse/", nominations.refuse, name="refuse"),
    path("account-settings/indirect-provider/", nominations.become_provider, name="become_provider"),
    path("account-settings/indirect-provider/withdraw/", nominations.withdraw, name="withdraw"),
]
