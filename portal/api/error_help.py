"""What each code of an error means and what to do about it: the pages of the API's documentation.

``tests/portal/api/test_error_codes.py`` finds a code of the source that is missing here.
"""

from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string

from portal.api import error_codes

# Refusal.code -> (cause, remedy)
HELP: dict[str, tuple[str, str]] = {
    # who calls
    "token-missing": ("The request has no bearer token.", "Send the header Authorization: Bearer <token>."),
    "token-refused": (
        "The token has expired, is not one of this installation, or its app, secret or person was removed.",
        "Get a new token; if that fails too, look at the app registration.",
    ),
    "token-audience-refused": ("The token is for a resource that is no longer accepted.", "Ask for the API's own."),
    "token-for-other-api": ("The token is for the other API.", "Ask for a token for the resource you call."),
    "app-only-not-supported": ("The call needs a person behind the app.", "Use an app+user token (see My apps)."),
    "second-factor-required": ("The person let the app act without a second factor.", "Set one up and consent again."),
    "sign-in-required": ("Nobody is signed in.", "Sign in, or send a token."),
    "role-has-no-right": ("None of the caller's roles allows the call.", "Give the app or person one that does."),
    "no-membership": ("The person belongs to no organization.", "Ask an account admin for an invitation."),
    "organization-has-no-api": ("Only partners and publishers have an API.", "Register the app there."),
    # what was sent
    "not-found": ("Nothing stands at this address, or nothing the caller may see.", "Compare the address and ids."),
    "method-not-allowed": ("The address does not answer this method.", "The header Allow names those it answers."),
    "content-type-not-supported": ("The body is not JSON.", "Send Content-Type: application/json."),
    "unreadable-body": ("The body is no JSON object in UTF-8, is nested too deeply or holds NUL.", "Send valid JSON."),
    "invalid-input": ("A value cannot be used; data names it.", "Correct it as the description says."),
    "wrong-property": ("A property is missing or has a wrong value; data names it.", "Compare it with the schema."),
    "wrong-parameter": ("A parameter of the address is missing or wrong; data names it.", "Correct it."),
    "unknown-enum-value": ("A value is not one of those that exist.", "Use one that the schema names."),
    "bad-cursor": ("The continuation token was cut or changed.", "Begin with the first page."),
    "operation-not-supported": ("The call, or this form of it, is not offered here.", "Use the pages instead."),
    "etag-stale": ("The resource changed after it was read.", "Read it again and repeat the change."),
    "etag-missing": ("The change needs an ETag.", "Send If-Match with the etag of the resource's attributes."),
    "request-id-reused": ("The MS-RequestId came with another request before.", "Take a new one per request."),
    "request-in-progress": ("The first request with this MS-RequestId is still at work.", "Repeat it in a moment."),
    "too-many-requests": ("The tenant sent more requests than it may in a minute.", "Wait as Retry-After says."),
    "too-many-tries": ("Too many wrong answers from one address.", "Wait as Retry-After says."),
    "database-away": ("The portal cannot reach its database; nothing was stored.", "Repeat the request in a moment."),
    "refused": ("The portal refused for the reason in the description.", "Follow the description."),
    "webhook-not-registered": ("The caller has no webhook.", "Register one by POST."),
    "webhook-registered-already": ("The caller has a webhook.", "Change it by PUT."),
    "webhook-test-not-registered": ("The webhook takes no test-created.", "Add that event by PUT."),
    "webhook-event-unknown": ("No event has this name.", "Choose among /webhooks/v1/registration/events."),
    "outgoing-address-refused": ("The portal does not call this address.", "Use a public https address."),
    # customers and relationships
    "partner-number-unknown": ("No partner has this PartnerID.", "Compare it with the reseller's company profile."),
    "partner-unknown": ("No partner has this id that the caller may know of.", "Compare the id."),
    "unknown-partner": ("No partner has this id, or it is the caller.", "Compare the id with the partner's profile."),
    "relationship-not-active": ("The reseller relationship has ended.", "Request a new one."),
    "relationship-in-use": ("Something is still billed to the partner.", "Cancel or transfer the subscriptions first."),
    "relationship-exists-already": ("The customer is the partner's already.", "Use the customer as it is."),
    "customer-outside-market": ("The customer's country is outside the partner's market.", "Sell inside the market."),
    "partner-outside-market": ("The other partner is in another market.", "Choose a partner in the same market."),
    "partner-cannot-be-customer": ("A partner's organization cannot be a customer.", "Use a customer tenant."),
    "customer-agreement-not-signed": ("The customer agreement is missing.", "Attest it, or let the customer sign."),
    "agreement-exists-already": ("The same agreement with the same contact is recorded.", "Nothing is left to do."),
    "agreement-current": ("The agreement in force is signed already.", "Nothing is left to do."),
    "partner-agreement-not-signed": ("The partner agreement is not signed.", "A global admin signs it on its page."),
    "domain-taken": ("Another organization has the domain.", "Request a relationship with that organization instead."),
    "reseller-cannot-add-customers": ("An indirect reseller adds no customers.", "Let the provider add it."),
    "reseller-not-yours": ("The reseller has no partnership with the provider.", "Request a partnership first."),
    "sells-through-provider": ("The partner sells through a provider.", "Let the provider do it."),
    "qualification-not-allowed": ("A partner cannot give or take it.", "Ask the programme operator."),
    "wrong-cloud": ("Customer and partner are in different clouds.", "Use the partner account of that cloud."),
    "wrong-tenant": ("The request names another organization.", "Sign in to the organization it was sent to."),
    "not-customer-administrator": ("The person is no administrator of the customer.", "Ask one of them."),
    "invitation-open-already": ("A request to the customer is open.", "Send it again or revoke it."),
    "invitation-not-pending": ("The request was answered, revoked or has expired.", "Make a new one."),
    "invitation-link-unusable": ("The link was used, revoked, replaced or has expired.", "Ask for a new link."),
    "mailbox-code-refused": ("The code is wrong, used or too old.", "Ask for a new code."),
    "too-many-tags": ("More tags than a customer or partner can have.", "Remove some."),
    "tag-in-use": ("Customers still carry the tag.", "Take it away from them first."),
    "too-many-views": ("More saved views than a person can have.", "Delete some."),
    "unreadable-file": ("Nothing of the file can be used.", "Follow the description."),
    "import-not-waiting": ("The import waits for no answer any more.", "Upload the file again."),
    "nothing-to-import": ("No row of the file would change anything.", "Correct the file."),
    # partnerships
    "partnership-open-already": ("The partnership exists or was requested.", "Answer or use it."),
    "partnership-not-open": ("The request was answered or the partnership has ended.", "Request a new one."),
    "partnership-not-yours-to-answer": ("The other side answers the request.", "Wait, or withdraw it."),
    "partnership-in-use": ("Customers still depend on the partnership.", "Move them first."),
    "not-provider-and-reseller": ("A partnership joins a provider and a reseller.", "Choose the other kind."),
    "no-active-partnership": ("The provider has not agreed to a partnership.", "Request a partnership first."),
    "not-a-direct-bill-partner": ("Only a direct bill partner becomes a reseller.", "Nothing is left to do."),
    "becoming-reseller-already": ("The change to indirect reseller has begun.", "Finish or cancel it."),
    "becoming-reseller-not-finished": ("Steps of the change are open.", "Do them; the page lists them."),
    "not-becoming-reseller": ("The change was finished or canceled.", "Nothing is left to do."),
    "customers-moved-already": ("Customers were moved to the provider.", "Finish the change, or move them back."),
    # catalog, purchases, subscriptions
    "subscription-not-found": ("The customer has no such subscription the caller may see.", "Compare the ids."),
    "subscription-change-not-offered": ("The product cannot be changed like this.", "Change it on its page, or not."),
    "subscription-status-not-reachable": ("The status cannot become the one asked for.", "Read the status it has."),
    "subscription-active-already": ("The subscription is active.", "Nothing is left to do."),
    "quantity-out-of-range": ("The product is not sold in this quantity.", "Keep to the limits in the description."),
    "subscription-ended": ("The subscription has ended.", "Buy a new one."),
    "subscription-not-activated": ("The publisher has not activated it.", "Open its activation link."),
    "subscription-suspended": ("The subscription is suspended.", "Resume it first."),
    "subscription-not-suspended": ("The subscription is not suspended.", "Nothing is left to do."),
    "operation-in-progress": ("Another change of the subscription runs.", "Wait until it is done."),
    "operation-finished": ("The operation was answered already.", "Read the subscription again."),
    "nothing-changes": ("The subscription has this value already.", "Nothing is left to do."),
    "cancellation-window-over": ("The time to cancel is over.", "Switch renewal off instead."),
    "billing-frequency-not-offered": ("The plan is not billed in this way.", "Choose one the plan offers."),
    "not-allowed-for-publisher": ("The publisher may not change a reseller's purchase.", "Ask the partner."),
    "reseller-cannot-change": ("The provider changes it.", "Ask the provider."),
    "reseller-cannot-buy": ("The provider buys.", "Ask the provider."),
    "no-reseller-relationship": ("The caller does not sell to the customer.", "Request a relationship."),
    "azure-plan-missing": ("The customer has no active Azure plan.", "Buy the Azure plan first."),
    "cart-not-found": ("The customer has no such cart, or its days are over.", "Begin a new one."),
    "catalog-item-unknown": ("Nothing of this name is sold to the customer.", "Read the availabilities again."),
    "product-not-found": ("No product of this id is sold here.", "List the products of the country."),
    "sku-not-found": ("The product has no such SKU here.", "List the SKUs of the product."),
    "target-view-unknown": ("No targetView has this name.", "Use one of the reference, such as MarketplaceSaaS."),
    "target-segment-unknown": ("No targetSegment has this name.", "Use commercial, education, government, nonprofit."),
    "order-not-found": ("The customer has no such order the caller may see.", "Compare the ids."),
    "order-of-several-families": ("One order holds products of one family.", "Use a cart: it makes several orders."),
    "order-line-numbers-wrong": ("The numbers of the lines do not run from 0.", "Number them 0, 1, 2 and so on."),
    "order-changes-by-subscription": ("An order does not change.", "Change its subscriptions by PATCH."),
    "attestation-missing": ("Nobody confirmed the role in which the company buys.", "Confirm it."),
    "cart-empty": ("The cart holds nothing.", "Add a line."),
    "cart-ordered-already": ("The cart was ordered.", "Begin a new one."),
    "offer-not-sold": ("The offer is not on sale.", "Choose another."),
    "offer-not-sold-by-partners": ("Partners do not sell the offer.", "Ask the publisher."),
    "offer-not-sold-in-country": ("The offer is not sold in the customer's country.", "Choose another."),
    "offer-exclusive": ("The offer is for chosen partners.", "Ask the publisher."),
    "offer-bought-already": ("The customer can have the offer once.", "Change the subscription it has."),
    "plan-not-sold": ("The plan is not on sale.", "Choose another."),
    "price-missing": ("The plan has no price in the partner's market.", "Choose another plan."),
    "price-changed": ("The price changed since the cart was shown.", "Look at the new price and order again."),
    "invoice-not-open": ("The invoice is paid, or is not to be paid.", "Read it again."),
    "no-list-price": ("The price list has no such price that day.", "Look the product up in the price list."),
    "price-sheet-not-waiting": ("The price sheet is published or canceled already.", "See its result."),
    "too-many-subscriptions": ("The customer has as many as it may have.", "Cancel some."),
    "purchase-token-unusable": ("The purchase token is unknown or too old.", "Open the activation link again."),
    "purchase-of-another-publisher": ("The purchase is another publisher's.", "Use that publisher's app."),
    "offer-incomplete": ("Parts of the offer are missing.", "Complete them as the description says."),
    "usage-refused": ("The usage event cannot be taken.", "Follow the description."),
    "not-in-sandbox": ("The call is for sandbox accounts alone.", "Use an app of a sandbox account."),
    "sandbox-has-no-customer": ("There is no customer yet to play.", "Add one, or accept a request as a new one."),
    "sandbox-customers-limit": ("The sandbox is full: 75 customers.", "Remove one, or reset the sandbox."),
    "sandbox-subscriptions-limit": ("The customer has as many subscriptions as a sandbox allows: 5.", "Cancel one."),
    "sandbox-seats-limit": ("A subscription in a sandbox has 25 licenses at most.", "Choose fewer."),
    # support
    "support-through-partner": ("The operator supports partners; others ask their partner.", "Ask that partner."),
    "no-support-in-sandbox": ("A sandbox account opens no support requests.", "Use an app of the production account."),
    "admin-rights-missing": ("The customer gave no administration rights.", "Ask for them, or open it for yourself."),
    "support-case-state": (
        "The support request is in another state, or it is the other side's turn.",
        "Read it again.",
    ),
    "attachment-refused": ("A file is too large, of another kind, or one too many.", "Follow the description."),
    # apps
    "too-many-apps": ("The organization has as many apps as it may have.", "Remove one."),
    "too-many-secrets": ("The app has as many secrets as it may have.", "Revoke one."),
    "secret-revoked-already": ("The secret was revoked before.", "Nothing is left to do."),
    "redirect-address-unsafe": ("Codes go over https, or to the same machine.", "Register a safe address."),
    "app-role-unknown": ("The organization has no such role.", "Choose one that exists there."),
    "consent-impossible": ("The app or its redirect address is not registered.", "Compare client_id, redirect_uri."),
    "app-of-other-organization": ("The app is another organization's.", "Switch to that organization."),
    # people, on pages only
    "account-exists": ("The address has an account.", "Sign in with it."),
    "admin-role-reserved": ("Only who holds the highest role gives it.", "Ask one of them."),
    "already-invited": ("An invitation to the address is open.", "Send it again."),
    "already-member": ("The person belongs to the organization.", "Change the roles instead."),
    "invitation-closed": ("The invitation was used, revoked or has expired.", "Ask for a new one."),
    "invitation-for-someone-else": ("The invitation is for another address.", "Sign in with that one."),
    "last-admin": ("The organization would have no administrator.", "Give somebody else the role first."),
    "own-membership": ("Nobody changes the own roles.", "Ask a colleague."),
    "unknown-role": ("The organization has no such role.", "Choose one that exists there."),
    "user-active": ("The person is active.", "Nothing is left to do."),
    "user-inactive": ("The person is deactivated.", "Reactivate the person first."),
    "not-a-partner": ("Only partners have a partner agreement.", "Nothing is left to do."),
    "authenticator-app-exists": ("The person has an authenticator app.", "Remove it first."),
    "last-second-factor": ("People of partners keep one second factor.", "Add another first."),
    "no-second-factor": ("Recovery codes need a second factor.", "Set one up."),
    "password-reset-closed": ("The link was used or has expired.", "Ask for a new one."),
    "mail-not-undelivered": ("The mail waits or was sent.", "Nothing is left to do."),
    "mandatory-cannot-be-archived": ("A mandatory action ends by being done.", "Do it."),
}


@dataclass(frozen=True)
class ErrorCode:
    """A code with its numbers and words; ``area`` tells the codes of one app from others of the same name."""

    code: str
    number: int
    status: int
    cause: str
    remedy: str
    area: str = ""

    @property
    def anchor(self) -> str:
        return f"{self.area}-{self.code}" if self.area else self.code


def all_codes() -> list[ErrorCode]:
    """Return every code with its number, HTTP status, cause and remedy: the table, then what apps add (API_ERRORS)."""
    own = [
        ErrorCode(code, *error_codes.of_code(code), cause=cause, remedy=remedy)
        for code, (cause, remedy) in HELP.items()
    ]
    return own + [one for path in settings.API_ERRORS for one in import_string(path)()]
