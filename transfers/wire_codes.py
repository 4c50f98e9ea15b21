"""Which number of the original, and which HTTP status, the API answers for each reason of ``transfers.reasons``.

One table. Source: API reference, sections 1.11 and 2.9; portal reference, section 6.3. What the original has no number
for has that of the nearest thing it knows.
"""

# Reason.code -> (number, HTTP status of the API). Warnings stop nothing and have none.
NUMBERS: dict[str, tuple[int, int]] = {
    # prerequisites of a request
    "no-relationship-with-customer": (20002, 403),
    "customer-agreement-not-signed": (13605, 403),
    "partner-agreement-not-signed": (900124, 403),
    "target-past-due": (900400, 403),  # DestinationBillingProfilePastDue, for which no number is known
    "source-partner-missing": (900136, 400),
    "source-partner-unknown": (900147, 400),
    "source-is-target": (900148, 400),
    "source-without-customer": (900140, 404),
    "different-markets": (900400, 400),
    "different-clouds": (900138, 403),
    "reseller-cannot-send": (900137, 403),
    "reseller-cannot-give": (900137, 403),
    "partner-on-record-missing": (800016, 400),
    "partner-on-record-not-allowed": (3000, 400),
    "partner-on-record-unknown": (800015, 404),
    "partner-on-record-not-reseller": (800016, 400),
    "reseller-agreement-not-signed": (900123, 403),
    "azure-plan-missing": (900133, 400),
    # what may be done with a transfer in its state
    "transfer-not-found": (900100, 404),
    "not-the-target": (900150, 403),
    "not-the-source": (900150, 403),
    "not-a-draft": (900102, 400),
    "transfer-not-pending": (900102, 400),
    "transfer-expired": (900102, 400),
    "transfer-not-retryable": (900102, 400),
    "nothing-chosen": (800002, 400),
    "choice-changed": (900104, 409),
    "too-many-items": (800002, 400),
    "unknown-item": (800078, 400),
    # items
    "software-does-not-move": (800078, 400),
    "perpetual-software-does-not-move": (800078, 400),
    "third-party-does-not-move": (900146, 400),
    "shared-services-do-not-move": (800078, 400),
    "azure-plan-stays": (800078, 400),
    "type-not-requested": (800078, 400),
    "trial-does-not-move": (800078, 400),
    "item-not-active": (800078, 400),
    "term-is-over": (800078, 400),
    "operation-running": (900278, 409),
    "in-another-transfer": (900101, 409),
    "moves-with-its-base": (800078, 400),
    "dependent-item-cannot-move": (800078, 400),
    "marketplace-product-inside": (900146, 400),
    "azure-plan-missing-at-target": (900139, 403),
    # rows of a file of many transfers, which the API does not take
    "bulk-customer-missing": (3000, 400),
    "bulk-customer-unknown": (3000, 400),
    "bulk-customer-ambiguous": (3000, 400),
    "bulk-customer-differs": (3000, 400),
    "bulk-source-unknown": (3000, 400),
    "bulk-email-missing": (3000, 400),
    "bulk-email-wrong": (3000, 400),
    "bulk-language-unknown": (3000, 400),
    "bulk-kind-unknown": (3000, 400),
    "bulk-items-too-long": (3000, 400),
    "bulk-note-too-long": (3000, 400),
    "bulk-row-repeated": (3000, 400),
    "bulk-row-refused": (3000, 400),
    "bulk-row-not-stored": (3000, 400),
    # while items move: said of a line item
    "base-did-not-move": (900103, 500),
    "commerce-error": (900103, 500),
    "commerce-refused": (900103, 500),
    "sandbox-fault": (900103, 500),
}
ANSWERED_ALREADY = (900101, 409)  # a second answer while the first is carried out (sections 2.6 and 2.9)
