"""What each code of an error means and what to do about it: the pages of the API's documentation.

``tests/portal/api/test_error_codes.py`` finds a code of the source that is missing here. Long because it is one table.
"""

from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from portal.api import error_codes

# Refusal.code -> (cause, remedy)
HELP: dict[str, tuple[object, object]] = {
    # who calls
    "token-missing": (_("The request has no bearer token."), _("Send the header Authorization: Bearer <token>.")),
    "token-refused": (
        _("The token has expired, is not one of this installation, or its app, secret or person was removed."),
        _("Get a new token; if that fails too, look at the app registration."),
    ),
    "token-audience-refused": (
        _("The token is for a resource that is no longer accepted."),
        _("Ask for the API's own."),
    ),
    "token-for-other-api": (_("The token is for the other API."), _("Ask for a token for the resource you call.")),
    "app-only-not-supported": (_("The call needs a person behind the app."), _("Use an app+user token (see My apps).")),
    "second-factor-required": (
        _("The person let the app act without a second factor."),
        _("Set one up and consent again."),
    ),
    "role-has-no-right": (_("None of the caller's roles allows the call."), _("Give the app or person one that does.")),
    "no-membership": (_("The person belongs to no organization."), _("Ask an account admin for an invitation.")),
    "organization-has-no-api": (
        _("Only partners, publishers and the programme operator have an API."),
        _("Register the app there."),
    ),
    # what was sent
    "not-found": (
        _("Nothing stands at this address, or nothing the caller may see."),
        _("Compare the address and ids."),
    ),
    "method-not-allowed": (
        _("The address does not answer this method."),
        _("The header Allow names those it answers."),
    ),
    "content-type-not-supported": (_("The body is not JSON."), _("Send Content-Type: application/json.")),
    "unreadable-body": (
        _("The body is no JSON object in UTF-8, is nested too deeply or holds NUL."),
        _("Send valid JSON."),
    ),
    "invalid-input": (_("A value cannot be used; data names it."), _("Correct it as the description says.")),
    "wrong-property": (
        _("A property is missing or has a wrong value; data names it."),
        _("Compare it with the schema."),
    ),
    "wrong-parameter": (_("A parameter of the address is missing or wrong; data names it."), _("Correct it.")),
    "unknown-enum-value": (_("A value is not one of those that exist."), _("Use one that the schema names.")),
    "bad-cursor": (_("The continuation token was cut or changed."), _("Begin with the first page.")),
    "operation-not-supported": (_("The call, or this form of it, is not offered here."), _("Use the pages instead.")),
    "etag-stale": (_("The resource changed after it was read."), _("Read it again and repeat the change.")),
    "etag-missing": (_("The change needs an ETag."), _("Send If-Match with the etag of the resource's attributes.")),
    "request-id-reused": (_("The MS-RequestId came with another request before."), _("Take a new one per request.")),
    "request-in-progress": (
        _("The first request with this MS-RequestId is still at work."),
        _("Repeat it in a moment."),
    ),
    "too-many-requests": (_("The tenant sent more requests than it may in a minute."), _("Wait as Retry-After says.")),
    "too-many-tries": (_("Too many wrong answers from one address."), _("Wait as Retry-After says.")),
    "database-away": (
        _("The portal cannot reach its database; nothing was stored."),
        _("Repeat the request in a moment."),
    ),
    "refused": (_("The portal refused for the reason in the description."), _("Follow the description.")),
    "webhook-not-registered": (_("The caller has no webhook."), _("Register one by POST.")),
    "webhook-registered-already": (_("The caller has a webhook."), _("Change it by PUT.")),
    "webhook-test-not-registered": (_("The webhook takes no test-created."), _("Add that event by PUT.")),
    "webhook-event-unknown": (_("No event has this name."), _("Choose among /webhooks/v1/registration/events.")),
    "webhook-tests-too-many": (_("Two test events were sent within a minute."), _("Wait as Retry-After says.")),
    "webhooks-too-many": (_("The organization has ten webhooks."), _("Delete one of them on the page Webhooks.")),
    "webhook-disabled": (_("Its receiver answered 410."), _("Resume the webhook, or change it by PUT.")),
    "webhook-not-paused": (_("The webhook is called already."), _("Nothing is left to do.")),
    "webhook-paused-already": (_("The webhook is not called already."), _("Nothing is left to do.")),
    "webhook-nothing-to-replay": (_("No delivery that has ended was chosen."), _("Choose others.")),
    "webhook-replay-too-large": (_("Too many deliveries were chosen."), _("Choose a shorter time, or one event.")),
    "outgoing-address-refused": (_("The portal does not call this address."), _("Use a public https address.")),
    # customers and relationships
    "usage-reported": (
        _("Usage of what is metered has been reported."),
        _("Stop reporting it, or set its price to 0."),
    ),
    "no-further-resellers": (
        _("Only an indirect provider names further resellers, after the first one."),
        _("Name the reseller on record first."),
    ),
    "partner-number-unknown": (
        _("No partner has this PartnerID."),
        _("Compare it with the reseller's company profile."),
    ),
    "partner-unknown": (_("No partner has this id that the caller may know of."), _("Compare the id.")),
    "unknown-partner": (
        _("No partner has this id, or it is the caller."),
        _("Compare the id with the partner's profile."),
    ),
    "relationship-not-active": (_("The reseller relationship has ended."), _("Request a new one.")),
    "relationship-in-use": (
        _("Something is still billed to the partner."),
        _("Cancel or transfer the subscriptions first."),
    ),
    "relationship-exists-already": (_("The customer is the partner's already."), _("Use the customer as it is.")),
    "customer-outside-market": (
        _("The customer's country is outside the partner's market."),
        _("Sell inside the market."),
    ),
    "partner-outside-market": (_("The other partner is in another market."), _("Choose a partner in the same market.")),
    "partner-cannot-be-customer": (_("A partner's organization cannot be a customer."), _("Use a customer tenant.")),
    "customer-agreement-not-signed": (
        _("The customer agreement is missing."),
        _("Attest it, or let the customer sign."),
    ),
    "agreement-exists-already": (
        _("The same agreement with the same contact is recorded."),
        _("Nothing is left to do."),
    ),
    "agreement-current": (_("The agreement in force is signed already."), _("Nothing is left to do.")),
    "partner-agreement-not-signed": (
        _("The partner agreement is not signed."),
        _("A global admin signs it on its page."),
    ),
    "domain-taken": (
        _("Another organization has the domain."),
        _("Request a relationship with that organization instead."),
    ),
    "reseller-cannot-add-customers": (_("An indirect reseller adds no customers."), _("Let the provider add it.")),
    "reseller-not-yours": (_("The reseller has no partnership with the provider."), _("Request a partnership first.")),
    "sells-through-provider": (_("The partner sells through a provider."), _("Let the provider do it.")),
    "qualification-not-allowed": (_("A partner cannot give or take it."), _("Ask the programme operator.")),
    "wrong-cloud": (_("Customer and partner are in different clouds."), _("Use the partner account of that cloud.")),
    "wrong-tenant": (_("The request names another organization."), _("Sign in to the organization it was sent to.")),
    "not-customer-administrator": (_("The person is no administrator of the customer."), _("Ask one of them.")),
    "invitation-open-already": (_("A request to the customer is open."), _("Send it again or revoke it.")),
    "invitation-not-pending": (_("The request was answered, revoked or has expired."), _("Make a new one.")),
    "invitation-link-unusable": (_("The link was used, revoked, replaced or has expired."), _("Ask for a new link.")),
    "mailbox-code-refused": (_("The code is wrong, used or too old."), _("Ask for a new code.")),
    "too-many-tags": (_("More tags than a customer or partner can have."), _("Remove some.")),
    "tag-in-use": (_("Customers still carry the tag."), _("Take it away from them first.")),
    "too-many-views": (_("More saved views than a person can have."), _("Delete some.")),
    "unreadable-file": (_("Nothing of the file can be used."), _("Follow the description.")),
    "import-not-waiting": (_("The import waits for no answer any more."), _("Upload the file again.")),
    "bulk-not-waiting": (_("The file of bulk transfers waits for no answer any more."), _("See how far it is.")),
    "bulk-nothing-to-do": (_("No row of the file of bulk transfers can be sent."), _("Correct the file.")),
    "bulk-red-rows": (_("Some rows of the file of bulk transfers cannot be sent."), _("Leave them out.")),
    "nothing-to-import": (_("No row of the file would change anything."), _("Correct the file.")),
    # partnerships
    "partnership-open-already": (_("The partnership exists or was requested."), _("Answer or use it.")),
    "partnership-not-open": (_("The request was answered or the partnership has ended."), _("Request a new one.")),
    "partnership-not-yours-to-answer": (_("The other side answers the request."), _("Wait, or withdraw it.")),
    "partnership-in-use": (_("Customers still depend on the partnership."), _("Move them first.")),
    "not-provider-and-reseller": (_("A partnership joins a provider and a reseller."), _("Choose the other kind.")),
    "no-active-partnership": (_("The provider has not agreed to a partnership."), _("Request a partnership first.")),
    "not-a-direct-bill-partner": (_("Only a direct bill partner becomes a reseller."), _("Nothing is left to do.")),
    "becoming-reseller-already": (_("The change to indirect reseller has begun."), _("Finish or cancel it.")),
    "becoming-reseller-not-finished": (_("Steps of the change are open."), _("Do them; the page lists them.")),
    "not-becoming-reseller": (_("The change was finished or canceled."), _("Nothing is left to do.")),
    "customers-moved-already": (_("Customers were moved to the provider."), _("Finish the change, or move them back.")),
    # catalog, purchases, subscriptions
    "subscription-not-found": (_("The customer has no such subscription the caller may see."), _("Compare the ids.")),
    "subscription-change-not-offered": (
        _("The product cannot be changed like this."),
        _("Change it on its page, or not."),
    ),
    "subscription-status-not-reachable": (
        _("The status cannot become the one asked for."),
        _("Read the status it has."),
    ),
    "subscription-active-already": (_("The subscription is active."), _("Nothing is left to do.")),
    "quantity-out-of-range": (
        _("The product is not sold in this quantity."),
        _("Keep to the limits in the description."),
    ),
    "subscription-ended": (_("The subscription has ended."), _("Buy a new one.")),
    "subscription-not-activated": (_("The publisher has not activated it."), _("Open its activation link.")),
    "subscription-suspended": (_("The subscription is suspended."), _("Resume it first.")),
    "subscription-not-suspended": (_("The subscription is not suspended."), _("Nothing is left to do.")),
    "operation-in-progress": (_("Another change of the subscription runs."), _("Wait until it is done.")),
    "operation-finished": (_("The operation was answered already."), _("Read the subscription again.")),
    "nothing-changes": (_("The subscription has this value already."), _("Nothing is left to do.")),
    "cancellation-window-over": (_("The time to cancel is over."), _("Switch renewal off instead.")),
    "billing-frequency-not-offered": (_("The plan is not billed in this way."), _("Choose one the plan offers.")),
    "not-allowed-for-publisher": (_("The publisher may not change a reseller's purchase."), _("Ask the partner.")),
    "reseller-cannot-change": (_("The provider changes it."), _("Ask the provider.")),
    "reseller-cannot-buy": (_("The provider buys."), _("Ask the provider.")),
    "no-reseller-relationship": (_("The caller does not sell to the customer."), _("Request a relationship.")),
    "azure-plan-held-already": (_("The customer has an Azure plan."), _("Add an Azure subscription under it.")),
    "subscription-not-running": (_("The subscription has ended."), _("Order the product again.")),
    "subscription-suspended-already": (_("The subscription is suspended."), _("Reactivate it first.")),
    "subscription-is-active": (_("The subscription is not suspended."), _("Nothing is left to do.")),
    "action-not-for-this-product": (_("The product does not allow this change."), _("Read its terms.")),
    "azure-plan-in-use": (_("Something still belongs to the subscription."), _("Cancel what belongs to it first.")),
    "subscription-busy": (_("Another change of the subscription runs."), _("Wait until it is done.")),
    "return-window-over": (_("The time to give it back is over."), _("Switch renewal off instead.")),
    "licenses-bound-until-renewal": (
        _("The licenses are bound until the renewal."),
        _("Set the next term's quantity."),
    ),
    "same-value-already": (_("The subscription has this value already."), _("Nothing is left to do.")),
    "only-providers-have-resellers": (_("A direct bill partner names no reseller."), _("Leave the PartnerID out.")),
    "refund-cap-reached": (
        _("Reservations of this customer have given back all that a year allows."),
        _("Switch renewal off instead, or cancel later."),
    ),
    "no-next-term": (_("The subscription does not renew."), _("Switch auto-renew on first.")),
    "term-only-longer": (_("A shorter term was asked for."), _("Order the shorter term when this one is over.")),
    "billing-frequency-fixed": (
        _("The running term cannot be billed in another way."),
        _("Plan it for the next term."),
    ),
    "nothing-planned": (_("Nothing is planned for the next term."), _("Nothing is left to do.")),
    "provider-changes-it": (_("The provider changes it."), _("Ask the provider.")),
    "not-the-previous-offer": (_("The subscription is not of the previous offer."), _("Nothing is left to do.")),
    "shared-services-not-converted": (_("Shared services are not converted."), _("Nothing is left to do.")),
    "suspended-not-converted": (_("Suspended subscriptions are not converted."), _("Reactivate it first.")),
    "bought-too-recently": (_("The subscription was bought too recently."), _("Try again a day later.")),
    "conversion-running": (_("A change of the subscription runs."), _("Wait until it is done.")),
    "nothing-to-convert": (
        _("Nothing that can be converted was named."),
        _("Name subscriptions of the previous offer."),
    ),
    "paid-image-not-in-csp": (_("A publisher sells the image."), _("Use a free one or one with an own license.")),
    "shared-services-tenant-exists": (_("The partner has its tenant."), _("Use that one.")),
    "tenant-not-empty": (_("The tenant is in use."), _("Use one with nothing in it.")),
    "product-not-sold": (_("No price list of the day has the product."), _("Choose another.")),
    "azure-access-not-owner": (_("The company is not Owner of it."), _("Ask the customer for the role.")),
    "azure-access-no-relationship": (_("The company has no relationship with the customer."), _("Request one first.")),
    "azure-access-last-owner": (_("It is the last owner."), _("Give somebody else the role Owner first.")),
    "azure-access-given-already": (_("The role was given before."), _("Choose another role or service.")),
    "azure-plan-missing": (_("The customer has no active Azure plan."), _("Buy the Azure plan first.")),
    "cart-not-found": (_("The customer has no such cart, or its days are over."), _("Begin a new one.")),
    "catalog-item-unknown": (_("Nothing of this name is sold to the customer."), _("Read the availabilities again.")),
    "product-not-found": (_("No product of this id is sold here."), _("List the products of the country.")),
    "sku-not-found": (_("The product has no such SKU here."), _("List the SKUs of the product.")),
    "target-view-unknown": (_("No targetView has this name."), _("Use one of the reference, such as MarketplaceSaaS.")),
    "target-segment-unknown": (
        _("No targetSegment has this name."),
        _("Use commercial, education, government, nonprofit."),
    ),
    "order-not-found": (_("The customer has no such order the caller may see."), _("Compare the ids.")),
    "order-of-several-families": (
        _("One order holds products of one family."),
        _("Use a cart: it makes several orders."),
    ),
    "order-line-numbers-wrong": (_("The numbers of the lines do not run from 0."), _("Number them 0, 1, 2 and so on.")),
    "order-changes-by-subscription": (_("An order does not change."), _("Change its subscriptions by PATCH.")),
    "attestation-missing": (_("Nobody confirmed the role in which the company buys."), _("Confirm it.")),
    "cart-empty": (_("The cart holds nothing."), _("Add a line.")),
    "cart-ordered-already": (_("The cart was ordered."), _("Begin a new one.")),
    "offer-not-sold": (_("The offer is not on sale."), _("Choose another.")),
    "offer-not-sold-by-partners": (_("Partners do not sell the offer."), _("Ask the publisher.")),
    "offer-not-sold-in-country": (_("The offer is not sold in the customer's country."), _("Choose another.")),
    "offer-exclusive": (_("The offer is for chosen partners."), _("Ask the publisher.")),
    "offer-bought-already": (_("The customer can have the offer once."), _("Change the subscription it has.")),
    "plan-not-sold": (_("The plan is not on sale."), _("Choose another.")),
    "price-missing": (_("The plan has no price in the partner's market."), _("Choose another plan.")),
    "price-changed": (_("The price changed since the cart was shown."), _("Look at the new price and order again.")),
    "bundle-not-found": (
        _("The caller's company has no such bundle."),
        _("Compare the id with the list of bundles."),
    ),
    "bundle-not-for-sale": (
        _("The bundle is not sold to this customer today."),
        _("Read the bundle: state and audience."),
    ),
    "bundle-withdrawn": (_("The bundle is withdrawn."), _("Define a new one.")),
    "bundle-changed": (_("Another version of the bundle is sold by now."), _("Read the bundle again.")),
    "bundle-product-refused": (
        _("A product of the bundle cannot be bought for this customer."),
        _("The description names the product and what its own rule says."),
    ),
    "bundle-part-left": (_("The product has left the bundle."), _("Read the sale again.")),
    "invoice-not-found": (
        _("The caller's company has no such invoice."),
        _("Compare the number with the list of invoices."),
    ),
    "invoice-not-open": (_("The invoice is paid, or is not to be paid."), _("Read it again.")),
    "no-list-price": (_("The price list has no such price that day."), _("Look the product up in the price list.")),
    "price-sheet-not-waiting": (_("The price sheet is published or canceled already."), _("See its result.")),
    "price-list-not-found": (_("No such price list is in force."), _("Compare market, view and currency.")),
    "too-many-subscriptions": (_("The customer has as many as it may have."), _("Cancel some.")),
    "purchase-token-unusable": (_("The purchase token is unknown or too old."), _("Open the activation link again.")),
    "purchase-of-another-publisher": (_("The purchase is another publisher's."), _("Use that publisher's app.")),
    "offer-incomplete": (_("Parts of the offer are missing."), _("Complete them as the description says.")),
    "usage-refused": (_("The usage event cannot be taken."), _("Follow the description.")),
    "not-in-sandbox": (_("The call is for sandbox accounts alone."), _("Use an app of a sandbox account.")),
    "sandbox-has-no-customer": (
        _("There is no customer yet to play."),
        _("Add one, or accept a request as a new one."),
    ),
    "sandbox-shared": (_("Something in the sandbox belongs to others as well."), _("Ask the operator.")),
    "sandbox-wrong-jump": (
        _("The clock of a sandbox goes forward only, 366 days at most."),
        _("Send hours or days."),
    ),
    "sandbox-of-a-sandbox": (_("It is a sandbox account itself."), _("Use the production account.")),
    "sandbox-account-exists": (_("The partner has a sandbox account already."), _("Use that one.")),
    "organization-has-people": (
        _("Somebody acts for the organization already."),
        _("Its people invite their colleagues themselves."),
    ),
    "programme-exists": (
        _("There is a programme operator already."),
        _("Ask one of its people for an invitation."),
    ),
    "sandbox-domain-taken": (_("The domain belongs to somebody else."), _("Ask the operator.")),
    "sandbox-pair-unfit": (
        _("The two partners cannot share a sandbox."),
        _("Name a sandbox partner of the same market and cloud."),
    ),
    "sandbox-clocks-apart": (
        _("The clocks of the two sandboxes do not agree."),
        _("Let the clock that is behind jump, or reset both."),
    ),
    "sandbox-customers-limit": (_("The sandbox is full: 75 customers."), _("Remove one, or reset the sandbox.")),
    "sandbox-subscriptions-limit": (
        _("The customer has as many subscriptions as a sandbox allows: 5."),
        _("Cancel one."),
    ),
    "sandbox-seats-limit": (_("A subscription in a sandbox has 25 licenses at most."), _("Choose fewer.")),
    # support
    "support-through-partner": (_("The operator supports partners; others ask their partner."), _("Ask that partner.")),
    "no-support-in-sandbox": (
        _("A sandbox account opens no support requests."),
        _("Use an app of the production account."),
    ),
    "admin-rights-missing": (
        _("The customer gave no administration rights."),
        _("Ask for them, or open it for yourself."),
    ),
    "group-member-deactivated": (_("The person is deactivated."), _("First reactivate the person.")),
    "support-case-state": (
        _("The support request is in another state, or it is the other side's turn."),
        _("Read it again."),
    ),
    "attachment-refused": (_("A file is too large, of another kind, or one too many."), _("Follow the description.")),
    "service-incident-over": (_("The incident is resolved."), _("Nothing is left to do.")),
    # programme
    "nomination-requirements": (
        _("The partner is or lacks something that rules out an indirect provider."),
        _("Follow the description."),
    ),
    "nomination-open-already": (_("The partner has asked already."), _("Wait for the answer.")),
    "nomination-answered": (_("The nomination was answered or withdrawn."), _("Nothing is left to do.")),
    "country-not-placeable": (_("A country changes its market on a day to come, once."), _("Choose another day.")),
    # apps
    "too-many-apps": (_("The organization has as many apps as it may have."), _("Remove one.")),
    "too-many-secrets": (_("The app has as many secrets as it may have."), _("Revoke one.")),
    "secret-revoked-already": (_("The secret was revoked before."), _("Nothing is left to do.")),
    "redirect-address-unsafe": (_("Codes go over https, or to the same machine."), _("Register a safe address.")),
    "app-role-unknown": (_("The organization has no such role."), _("Choose one that exists there.")),
    "consent-impossible": (
        _("The app or its redirect address is not registered."),
        _("Compare client_id, redirect_uri."),
    ),
    "app-of-other-organization": (_("The app is another organization's."), _("Switch to that organization.")),
    # people, on pages only
    "account-exists": (_("The address has an account."), _("Sign in with it.")),
    "admin-role-reserved": (_("Only who holds the highest role gives it."), _("Ask one of them.")),
    "already-invited": (_("An invitation to the address is open."), _("Send it again.")),
    "already-member": (_("The person belongs to the organization."), _("Change the roles instead.")),
    "invitation-closed": (_("The invitation was used, revoked or has expired."), _("Ask for a new one.")),
    "invitation-for-someone-else": (_("The invitation is for another address."), _("Sign in with that one.")),
    "last-admin": (_("The organization would have no administrator."), _("Give somebody else the role first.")),
    "own-membership": (_("Nobody changes the own roles."), _("Ask a colleague.")),
    "unknown-role": (_("The organization has no such role."), _("Choose one that exists there.")),
    "user-active": (_("The person is active."), _("Nothing is left to do.")),
    "user-inactive": (_("The person is deactivated."), _("Reactivate the person first.")),
    "not-a-partner": (_("Only partners have a partner agreement."), _("Nothing is left to do.")),
    "authenticator-app-exists": (_("The person has an authenticator app."), _("Remove it first.")),
    "last-second-factor": (_("People of partners keep one second factor."), _("Add another first.")),
    "no-second-factor-to-reset": (_("The person has no second factor."), _("Nothing is left to do.")),
    "acts-elsewhere": (
        _("The person also acts for another organization."),
        _("Ask the programme operator to reset the second factor."),
    ),
    "no-second-factor": (_("Recovery codes need a second factor."), _("Set one up.")),
    "password-reset-closed": (_("The link was used or has expired."), _("Ask for a new one.")),
    "email-change-closed": (_("The link was used or has expired."), _("Ask for a new one.")),
    "mail-not-undelivered": (_("The mail waits or was sent."), _("Nothing is left to do.")),
    "mandatory-cannot-be-archived": (_("A mandatory action ends by being done."), _("Do it.")),
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
        """What the code is called in addresses: its row in the list, and its page."""
        return f"{self.area}-{self.code}" if self.area else self.code


def all_codes() -> list[ErrorCode]:
    """Return every code in the language of whoever reads: those of the table, then what apps add (API_ERRORS)."""
    own = [
        ErrorCode(code, *error_codes.of_code(code), cause=str(cause), remedy=str(remedy))
        for code, (cause, remedy) in HELP.items()
    ]
    return own + [one for path in settings.API_ERRORS for one in import_string(path)()]


def code_at(code_id: str) -> ErrorCode | None:
    """Return the code with this name in addresses, ``None`` if there is none."""
    return next((one for one in all_codes() if one.anchor == code_id), None)
