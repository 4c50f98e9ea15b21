"""The certificates that notifications name in X-MS-Certificate-Url (API reference, section 7.3)."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from portal.accounts.access import public
from portal.webhooks import signing

SECONDS_KEPT = 86_400


@require_safe
@public("receivers of webhooks have no session; a certificate holds a public key and no more")
def certificate(request: HttpRequest, kid: str) -> HttpResponse:
    """Give the certificate of a signing key in DER."""
    content = signing.certificate(kid)
    if content is None:
        raise Http404
    response = HttpResponse(content, content_type="application/pkix-cert")
    response.headers["Cache-Control"] = f"public, max-age={SECONDS_KEPT}, immutable"
    return response
