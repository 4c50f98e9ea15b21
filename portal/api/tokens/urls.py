"""OAuth2 at the original's paths; ``tenant`` is an organization's id or domain."""

from django.urls import path

from portal.api.tokens import consent, views

app_name = "tokens"
urlpatterns = [
    path("<str:tenant>/oauth2/token", views.token_v1, name="token_v1"),
    path("<str:tenant>/oauth2/v2.0/token", views.token_v2, name="token_v2"),
    path("<str:tenant>/oauth2/authorize", consent.authorize_v1, name="authorize_v1"),
    path("<str:tenant>/oauth2/v2.0/authorize", consent.authorize_v2, name="authorize_v2"),
    path("<str:tenant>/.well-known/openid-configuration", views.discovery_v1, name="discovery_v1"),
    path("<str:tenant>/v2.0/.well-known/openid-configuration", views.discovery_v2, name="discovery_v2"),
    path("<str:tenant>/discovery/keys", views.public_keys, name="keys_v1"),
    path("<str:tenant>/discovery/v2.0/keys", views.public_keys, name="keys_v2"),
]
