"""Every reason why a transfer or an item of it cannot go ahead, or needs care: stable codes, what to say (X1, X5).

One table. Pages show a reason as a ``Finding``, the workflow raises it as a ``TransferRefused``, and line items
keep its code and facts. The codes of the original that the API answers with stand beside them in
``transfers.wire_codes``. Long because it is one table.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from customers.enums import PendingOperation, SubscriptionStatus
from portal.core.errors import Refusal, explain
from transfers import wire_codes
from transfers.enums import Level

Text = str | Promise


@dataclass(frozen=True)
class Reason:
    """What to say, who can mend it, and how. ``level`` red stops, amber warns.

    ``lasting``: waiting does not mend it, so an item that fails with it is not tried again.
    """

    message: Text
    who: Text = ""
    next_step: Text = ""
    level: Level = Level.RED
    http_status: int = 409
    lasting: bool = False


@dataclass(frozen=True)
class Finding:
    """One reason, found: with the facts that its texts name, and where to mend it."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
    url: str = ""

    @property
    def reason(self) -> Reason:
        return REASONS[self.code]

    @property
    def level(self) -> Level:
        return self.reason.level

    @property
    def stops(self) -> bool:
        return self.reason.level == Level.RED

    @property
    def message(self) -> str:
        return str(self.reason.message) % _words(self.params)

    @property
    def who(self) -> str:
        return str(self.reason.who) % _words(self.params)

    @property
    def next_step(self) -> str:
        return str(self.reason.next_step) % _words(self.params)

    @property
    def explanation(self) -> str:
        """All of it in one paragraph."""
        return explain(self.message, self.who, self.next_step)


# Facts that an item keeps with its last error, and whose words depend on the reader's language.
_KEPT: dict[str, type[TextChoices]] = {"status": SubscriptionStatus, "operation": PendingOperation}


def kept_finding(code: str, params: Mapping[str, Any]) -> Finding:
    """Return the reason why an item did not move, as the item keeps it; facts that the reader may not know are "…"."""
    known = {name: _in_words(name, value) for name, value in params.items()}
    return Finding(code, _Unknown(known))


def _in_words(name: str, value: Any) -> Any:
    kept = _KEPT.get(name)
    return kept(value) if kept is not None and value in kept.values else value


class _Unknown(dict[str, Any]):
    """Facts of which some are not there."""

    def __missing__(self, name: str) -> str:
        return "…"


def _words(params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return facts as the reader's language has them."""
    words = {name: value.label if isinstance(value, TextChoices) else value for name, value in params.items()}
    return _Unknown(words) if isinstance(params, _Unknown) else words


class TransferRefused(Refusal):
    """A rule of transfers says no; ``code`` is the reason's, ``findings`` are all that stand in the way."""

    def __init__(self, finding: Finding, *more: Finding) -> None:
        self.findings = (finding, *more)
        self.code = finding.code
        self.http_status = finding.reason.http_status
        self.api_number = wire_codes.NUMBERS.get(finding.code)
        message = finding.message if not more else " ".join(one.message for one in self.findings)
        super().__init__(message, who=finding.who, next_step=finding.next_step, next_url=finding.url)


_TARGET = _("an admin agent of the new partner")
_SOURCE = _("an admin agent of the current partner")
_OWN = _("an admin agent of your company")

REASONS: dict[str, Reason] = {
    # --- prerequisites of a request (requirement T6; portal reference, sections 6.2 and 6.9) -------------------------
    "no-relationship-with-customer": Reason(
        _("The customer has no reseller relationship with the new partner."),
        _("the customer, after a relationship request of the new partner"),
        _("Request a relationship and wait until the customer accepts it."),
        http_status=403,
    ),
    "customer-agreement-not-signed": Reason(
        _("The customer has not signed the customer agreement with the new partner."),
        _("the customer, or an agent of the new partner who attests it"),
        _("Record the agreement on the customer's account page."),
        http_status=403,
    ),
    "partner-agreement-not-signed": Reason(
        _("The new partner has not signed the partner agreement in force."),
        _("a global admin of the new partner"),
        _("Sign it under Settings, Company profile."),
        http_status=403,
    ),
    "target-past-due": Reason(
        _("The new partner has an overdue invoice of the programme, so it cannot take over billing."),
        _("a billing admin of the new partner"),
        _("Pay it; the transfer goes on as soon as the payment is noted."),
        http_status=403,
    ),
    "source-partner-missing": Reason(
        _("The Microsoft ID of the current partner is not entered yet."),
        _("the current partner, who finds it under Settings, Identifiers"),
        _("Ask the current partner for its Microsoft ID."),
        http_status=422,
    ),
    "source-partner-unknown": Reason(
        _("No partner has this Microsoft ID."),
        _("the current partner, who finds it under Settings, Identifiers"),
        _("Ask the current partner for its Microsoft ID and enter it again."),
        http_status=422,
    ),
    "source-is-target": Reason(
        _("The current partner and the new partner are the same."),
        _TARGET,
        _("Enter the Microsoft ID of the partner that is billed today."),
        http_status=422,
    ),
    "source-without-customer": Reason(
        _("The partner with this Microsoft ID has no reseller relationship with the customer."),
        _("the customer, who knows its partners"),
        _("Ask the customer which partner it has its subscriptions from."),
        http_status=422,
    ),
    "different-markets": Reason(
        _("The two partners and the customer must be in one market."),
        _("nobody: billing ownership does not move between markets"),
        _("Let the subscriptions end with the current partner and buy them anew."),
    ),
    "different-clouds": Reason(
        _("The current partner works in another cloud."),
        _("nobody: billing ownership does not move between clouds"),
    ),
    "reseller-cannot-send": Reason(
        _("An indirect reseller, or a partner that becomes one, cannot send a transfer request; its provider does."),
        _("an admin agent of your indirect provider"),
        _("Prepare the request and let your provider send it."),
        http_status=403,
    ),
    "reseller-cannot-give": Reason(
        _("The partner with this Microsoft ID is an indirect reseller. Its indirect provider is billed."),
        _("the reseller, who knows its provider"),
        _("Enter the Microsoft ID of its indirect provider."),
        http_status=422,
    ),
    "partner-on-record-missing": Reason(
        _("An indirect provider names the reseller whose PartnerID lands on the moved items."),
        _TARGET,
        _("Choose the indirect reseller."),
        http_status=422,
    ),
    "partner-on-record-not-allowed": Reason(
        _("Only an indirect provider names a partner on record."),
        _TARGET,
        _("Leave the PartnerID empty."),
        http_status=422,
    ),
    "partner-on-record-unknown": Reason(
        _("No partner has the PartnerID %(partner_id)s."),
        _("the reseller, who finds it under Settings, Identifiers"),
        _("Check the PartnerID and enter it again."),
        http_status=422,
    ),
    "partner-on-record-not-reseller": Reason(
        _("The PartnerID %(partner_id)s does not belong to an indirect reseller that works with the new partner."),
        _TARGET,
        _("Choose a reseller with an active partnership, or ask this one for a partnership first."),
        http_status=422,
    ),
    "reseller-agreement-not-signed": Reason(
        _("The indirect reseller has not signed the partner agreement in force."),
        _("a global admin of the reseller"),
        _("Ask the reseller to sign it under Settings, Company profile."),
        http_status=403,
    ),
    "azure-plan-missing": Reason(
        _("The new partner has no active Azure plan for this customer."),
        _TARGET,
        _("Buy the Azure plan for the customer first; it costs nothing by itself."),
    ),
    "currencies-differ": Reason(
        _("The partners are billed in %(source)s and %(target)s."),
        _("nobody needs to"),
        _("Reservations and savings plans that are not prepaid end at their next billing cycle."),
        level=Level.AMBER,
    ),
    "another-request-open": Reason(
        _("Another request for this customer is open between the two partners."),
        _("nobody needs to"),
        _("One item can be in one request only: agree on which one the current partner is to accept."),
        level=Level.AMBER,
    ),
    "azure-plan-missing-for-azure-items": Reason(
        _("The new partner has no active Azure plan for this customer: Azure items cannot move, the others can."),
        _TARGET,
        _("Buy the Azure plan for the customer first, or ask for license-based subscriptions only."),
        level=Level.AMBER,
    ),
    "no-wish-list": Reason(
        _("No list of agreed items is attached."),
        _("nobody needs to"),
        _("The current partner chooses the items; a list helps it to choose what you agreed on."),
        level=Level.AMBER,
    ),
    # --- what may be done with a transfer in its state (sections 6.1 and 6.5) ----------------------------------------
    "transfer-not-found": Reason(
        _("This transfer does not exist, or you may not see it."),
        _("one of the two partners"),
        _("Compare the ids of customer and transfer."),
        http_status=404,
    ),
    "not-the-target": Reason(_("Only the new partner can do this."), _TARGET, http_status=403),
    "not-the-source": Reason(_("Only the current partner can do this."), _SOURCE, http_status=403),
    "not-a-draft": Reason(_("This request was sent already."), _OWN, _("Open it to see where it stands.")),
    "transfer-not-pending": Reason(
        _("This transfer is not pending any more: %(status)s."),
        _("nobody: a transfer is answered once"),
        _("If something is left to move, a new request can be sent."),
    ),
    "transfer-expired": Reason(
        _("This request expired on %(date)s."), _TARGET, _("The new partner can send it again.")
    ),
    "transfer-not-retryable": Reason(
        _("Nothing of this transfer can be tried again: %(status)s."),
        _("nobody"),
        _("Send a new request for what is left."),
    ),
    "nothing-chosen": Reason(
        _("No item is chosen."), _SOURCE, _("Choose at least one item that can move."), http_status=422
    ),
    "choice-changed": Reason(
        _("What can move has changed since you chose."),
        _SOURCE,
        _("Look through your choice again."),
    ),
    "too-many-items": Reason(
        _("%(count)s items are chosen; one transfer takes at most %(limit)s."),
        _SOURCE,
        _("Choose fewer; the rest moves with another request."),
        http_status=422,
    ),
    "unknown-item": Reason(
        _("An item that was chosen is not one of this customer's that you are billed for."),
        _SOURCE,
        _("Open the review page again and choose anew."),
        http_status=422,
        lasting=True,
    ),
    # --- items (section 6.3, requirement T5) -------------------------------------------------------------------------
    "software-does-not-move": Reason(
        _("Software subscriptions cannot be transferred."),
        _("nobody"),
        _("Let it end with the current partner and buy it with the new one."),
        lasting=True,
    ),
    "perpetual-software-does-not-move": Reason(
        _("Perpetual software was bought once and stays where it is."), _("nobody"), lasting=True
    ),
    "third-party-does-not-move": Reason(
        _("Marketplace subscriptions of other publishers cannot be transferred."),
        _("nobody"),
        _("Cancel it in time, or switch auto-renew off, and buy it with the new partner."),
        lasting=True,
    ),
    "shared-services-do-not-move": Reason(
        _("Azure partner shared services cannot be transferred."), _("nobody"), lasting=True
    ),
    "azure-plan-stays": Reason(
        _("The Azure plan itself stays; the subscriptions below it move to the new partner's plan."),
        _("nobody"),
        lasting=True,
    ),
    "type-not-requested": Reason(
        _("The new partner did not ask for this kind of item."),
        _TARGET,
        _("Ask the new partner for another request that names this kind."),
        lasting=True,
    ),
    "trial-does-not-move": Reason(
        _("A trial cannot be transferred."), _SOURCE, _("Turn it into a paid subscription first."), lasting=True
    ),
    "item-not-active": Reason(
        _("Only what is active can move; this is in the state: %(status)s."),
        _SOURCE,
        _("Reactivate it, or leave it out."),
    ),
    "term-is-over": Reason(_("Its term ended on %(date)s."), _SOURCE, _("Wait for the renewal, then try again.")),
    "operation-running": Reason(
        _("Something is still running on it: %(operation)s."),
        _("nobody: it ends by itself"),
        _("Try again later."),
    ),
    "in-another-transfer": Reason(
        _("It is already part of another transfer."),
        _SOURCE,
        _("Wait until that transfer has ended, or leave the item out."),
    ),
    "moves-with-its-base": Reason(
        _("It moves together with what it belongs to: %(name)s."),
        _SOURCE,
        _("Choose that item."),
    ),
    "dependent-item-cannot-move": Reason(
        _("%(name)s belongs to it and cannot move: %(message)s"),
        _SOURCE,
        _("Mend that, or end the item that belongs to it."),
    ),
    "marketplace-product-inside": Reason(
        _("A marketplace product inside it keeps it: %(name)s is %(restriction)s."),
        _("an admin agent of the current partner, or the customer"),
        _("Cancel that product, transfer, and buy it again."),
    ),
    "azure-plan-missing-at-target": Reason(
        _("The new partner has no active Azure plan for this customer yet."),
        _TARGET,
        _("Ask the new partner to buy the Azure plan, then reload this page."),
    ),
    "converts-to-azure-plan": Reason(
        _("It is converted to the Azure plan on the way; prices follow the new partner's Azure plan."),
        _("nobody needs to"),
        level=Level.AMBER,
    ),
    "ends-at-next-cycle": Reason(
        _("The partners are billed in different currencies: it ends on %(date)s instead of going on."),
        _("nobody needs to"),
        _("Let the new partner buy it again in its currency from that day on."),
        level=Level.AMBER,
    ),
    "prepaid-stays-as-it-is": Reason(
        _("It is prepaid: after the transfer it can be neither canceled nor exchanged, and nothing is paid back."),
        _("nobody needs to"),
        level=Level.AMBER,
    ),
    # --- rows of a file of many transfers (X2) -----------------------------------------------------------------------
    "bulk-customer-missing": Reason(
        _("The row does not say for which customer the request is."),
        _OWN,
        _("Enter the customer's Microsoft ID, its primary domain or its name."),
    ),
    "bulk-customer-unknown": Reason(
        _("None of your customers is known by “%(value)s”."),
        _OWN,
        _("Check the spelling, or request a relationship with the customer first."),
    ),
    "bulk-customer-ambiguous": Reason(
        _("Several of your customers have the name “%(value)s”."),
        _OWN,
        _("Enter the customer's Microsoft ID or its primary domain."),
    ),
    "bulk-customer-differs": Reason(
        _("Microsoft ID and domain name different customers: %(id)s and %(domain)s."),
        _OWN,
        _("Leave the one that is meant."),
    ),
    "bulk-source-unknown": Reason(
        _("No partner has the Microsoft ID or PartnerID “%(value)s”."),
        _("the current partner, who finds it under Settings, Identifiers"),
        _("Ask the current partner for its Microsoft ID and enter it again."),
    ),
    "bulk-email-missing": Reason(
        _("The row has no e-mail address, and none is known of this customer."),
        _OWN,
        _("Enter the address to which the customer's mails about the transfer go."),
    ),
    "bulk-email-wrong": Reason(
        _("“%(value)s” is not an e-mail address."), _OWN, _("Enter one address, such as name@customer.example.")
    ),
    "bulk-language-unknown": Reason(
        _("The portal writes no mails in the language “%(value)s”."),
        _OWN,
        _("Enter one of %(languages)s, or leave the cell empty."),
    ),
    "bulk-kind-unknown": Reason(
        _("“%(value)s” is no kind of item that can move."),
        _OWN,
        _("Leave the cell empty to ask for all kinds, or enter kinds as the form of a new request names them."),
    ),
    "bulk-items-too-long": Reason(
        _("At most %(limit)s agreed items of %(letters)s characters each are possible."),
        _OWN,
        _("Separate them by semicolons, and shorten the list."),
    ),
    "bulk-note-too-long": Reason(_("The note has more than %(limit)s characters."), _OWN, _("Shorten it.")),
    "bulk-row-repeated": Reason(
        _("Row %(number)s asks the same partner for the same customer."), _OWN, _("Leave one of the two rows.")
    ),
    "bulk-row-refused": Reason("%(message)s", _OWN, _("Check the row again.")),
    "bulk-row-not-stored": Reason(
        _("The database does not accept what stands in this row."),
        _OWN,
        _("Remove unusual characters and upload the row again."),
    ),
    # --- what can go wrong while items move (section 6.6, requirement T10) -------------------------------------------
    "base-did-not-move": Reason(
        _("What it belongs to could not be moved."), _SOURCE, _("See the reason there."), lasting=True
    ),
    "commerce-error": Reason(
        _("The commerce system could not move the item."), _("nobody: it is tried again by itself")
    ),
    "commerce-refused": Reason(
        _("The commerce system refuses to move the item."), _SOURCE, _("Open a support request."), lasting=True
    ),
    "sandbox-fault": Reason(_("The sandbox was told to let this item fail."), _("nobody: it is tried again by itself")),
}
# Said by Finding.explanation and shown on pages when a line item failed for good.
GIVEN_UP = _("It was tried for 72 hours.")
