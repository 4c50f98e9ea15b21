"""Pages of the embedded run only: mailbox, one-click sign-in, demo publishers. Never mounted in production."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from portal.local import demo_views, mailbox

demo_patterns = [
    path("", demo_views.sign_in, name="sign_in"),
    path("<uuid:membership_id>/", demo_views.sign_in_as, name="sign_in_as"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("mailbox/", mailbox.mail_list, name="mailbox"),
    path("mailbox/messages.json", mailbox.messages, name="mailbox_messages"),
    path("mailbox/<slug:mail_id>/", mailbox.mail, name="mailbox_mail"),
    path("mailbox/<slug:mail_id>/html/", mailbox.mail_html, name="mailbox_html"),
]
if settings.DEMO:
    urlpatterns += [
        path("demo/", include((demo_patterns, "demo"))),
        path("demo-publisher/", include("portal.local.publisher_site.urls")),
    ]
