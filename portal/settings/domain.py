"""What the portal is made of, and the figures of its rules: registries and limits that each app reads.

A registry names by import path what a lower app must ask a higher one (architecture: one way through the code).
"""

from datetime import date
from decimal import Decimal

import environ
from django.utils.translation import gettext_lazy as _

env = environ.Env()

# --- what the portal is made of: each app names its own pages, events and demo data ---------------------------------
NAVIGATION = [
    "portal.core.navigation",
    "customers.navigation",
    "marketplace.navigation",
    "marketplace.publisher_navigation",
    "transfers.navigation",
    "operators.navigation",  # first, so that the operator stays in its workspace
    "azure.navigation",
    "billing.prices_navigation",
    "billing.navigation",
    "support.navigation",
    "portal.accounts.navigation",
]
ACCOUNT_SETTINGS_NAVIGATION = ["operators.navigation.ACCOUNT_ITEMS"]  # beside the portal's own
CUSTOMER_NAVIGATION = [  # the pages of one customer
    "customers.navigation.PRODUCT_ITEMS",
    "azure.navigation.CUSTOMER_ITEMS",
    "marketplace.navigation.CUSTOMER_ITEMS",
    "transfers.navigation.CUSTOMER_ITEMS",
    "support.navigation.CUSTOMER_ITEMS",
    "bundles.navigation.CUSTOMER_ITEMS",
    "billing.prices_navigation.CUSTOMER_ITEMS",
    "customers.navigation.CUSTOMER_ITEMS",
]
HOME_CARDS = ["support.views.health.home_card"]  # parts of Home, each for those whom it concerns
EVENT_TYPES = [
    "portal.accounts.enums.AccountEvent",
    "portal.notifications.enums.NotificationEvent",
    "portal.api.enums.ApiEvent",
    "portal.webhooks.enums.WebhookEvent",
    "portal.directory.enums.DirectoryEvent",
    "customers.enums.CustomerEvent",
    "billing.enums.PriceEvent",
    "billing.enums.BillingEvent",
    "marketplace.enums.MarketplaceEvent",
    "transfers.enums.TransferEvent",
    "azure.enums.AzureEvent",
    "bundles.enums.BundleEvent",
    "sandbox.enums.SandboxEvent",
    "support.enums.SupportEvent",
    "operators.enums.OperatorEvent",
]
METRICS = [
    "portal.notifications.metrics.figures",
    "portal.audit.metrics.figures",
    "portal.webhooks.metrics.figures",
    "marketplace.metrics.figures",
    "billing.metrics.figures",
]
SEARCH_PROVIDERS = [
    "customers.search.find",
    "marketplace.search.find",
    "transfers.search.find",
    "bundles.search.find",
    "support.search.find",
    "operators.search.find",
    "portal.accounts.search.find",
    "portal.audit.search.find",
]
INVARIANTS = [
    "portal.audit.invariants.breaches",
    "portal.notifications.invariants.breaches",
    "portal.webhooks.invariants.breaches",
    "customers.invariants.breaches",
    "billing.invariants.breaches",
    "marketplace.invariants.breaches",
    "transfers.invariants.breaches",
    "azure.invariants.breaches",
    "bundles.invariants.breaches",
    "support.invariants.breaches",
]
OVERDUE_CHECKS = [
    "portal.audit.invariants.overdue",
    "portal.notifications.invariants.overdue",
    "billing.invariants.overdue",
    "portal.webhooks.invariants.overdue",
    "marketplace.invariants.overdue",
    "transfers.invariants.overdue",
    "azure.invariants.overdue",
]
DEMO_LOADERS = [
    "portal.local.demo.load",
    "customers.demo.load",
    "billing.prices_demo.load",
    "marketplace.demo.load",
    "transfers.demo.load",
    "azure.demo.load",
    "bundles.demo.load",
    "support.demo.load",
    "operators.demo.load",
    "sandbox.demo.load",
    "billing.usage_demo.load",
    "billing.demo.load",  # after all that is charged
]
DEMO_PUBLISHERS = "marketplace.demo_sites.start"  # at every start of a demo installation, loaded before or not
DEMO_CUSTOMER_PARTNERS = "customers.demo.partners_of_customers"

# --- customers (R3, R7) ----------------------------------------------------------------------------------------------
INVITATION_LIFETIME_DAYS = 30
INVITATION_REMINDER_DAYS = 5  # before the expiry
CUSTOMER_AGREEMENT_VERSION = "2026-01"
MAILBOX_CODE_MINUTES = 15
# Called with partner_ids, customer_id, actor and now, inside the transaction that ends relationships.
AFTER_RELATIONSHIP_REMOVED = ["transfers.workflow.close_without_relationship"]
# Each is given a relationship and yields what else keeps it from being removed.
RELATIONSHIP_USES = ["transfers.queries.uses_of_relationship"]
# Tab of a customer's Subscriptions page -> what draws its table, given request and rows; others are drawn alike.
PRODUCT_TAB_TABLES = {"marketplace": "marketplace.views.tab.table"}
ADD_PRODUCTS_PAGE = "azure:products"  # of a customer: where products are bought
CATALOGUES = [  # of a customer: pages beside each other from which products are bought
    ("azure:products", _("Azure, licenses and software")),
    ("marketplace:catalogue", _("Marketplace")),
]
PRODUCT_PAGE = "azure:subscription"  # of a subscription that no publisher runs
PRODUCT_PAGES = {"third_party": "marketplace:subscription"}  # product family -> the same of the others
# Over the API: product family -> what changes its subscriptions, and what lists the items they may become.
SUBSCRIPTION_CHANGES = {
    "third_party": "marketplace.workflow.wanted.apply",
    **dict.fromkeys(
        ("license_based", "software", "perpetual_software", "reservation", "savings_plan"),
        "azure.workflow.wanted.apply",
    ),
    **dict.fromkeys(
        ("azure_plan", "azure_subscription", "azure_legacy", "shared_services"), "azure.workflow.wanted.apply"
    ),
}
SUBSCRIPTION_TRANSITIONS = {
    "third_party": "marketplace.queries.transitions.of_subscription",
    "license_based": "azure.queries.longer_terms.of_subscription",
}
# Over the API: what an app knows of subscriptions beyond their rows, given the ids of some; properties by id.
SUBSCRIPTION_PROPERTIES = ["azure.wire_terms.properties"]
CATALOGS = [
    "marketplace.wire_catalog.MarketplaceCatalog",
    "azure.wire_catalog.AzureCatalog",
]  # what is sold over the API
CART_DAYS = 7  # after its last change a cart of the API is forgotten
IMPORT_MAX_ROWS = 100_000  # of a file of customers or subscriptions
IMPORT_PREVIEW_DAYS = 7  # then a checked file that nobody imported is forgotten
IMPORT_ROWS_DAYS = 90  # then the rows of an ended import are forgotten; its sums and the log stay

# --- billing (A9) -----------------------------------------------------------------------------------------------------
PRICE_SHEET_MAX_ROWS = 300_000  # of one file of prices
BUNDLE_PARTS = "bundles.queries.sales.bundled"  # given a partner, what its customers pay within bundles
USAGE_MAX_ROWS = 2_000_000  # of one file of usage
USAGE_IMPORT_TRIES = 5  # then a file whose import dies each time is given up
RATES_MAX_ROWS = 2_000  # of one file of exchange rates
USAGE_WRONG_ROWS = 10_000  # of one file of usage that are kept with their reason
RETAIL_PRICE_FROM = date(2022, 2, 1)  # A3: from then on the previous Azure offer costs the estimated retail price
# A SELECT of (subscription that moved away, its transfer day): usage of that day and later is the next owner's.
TRANSFER_DAYS = "transfers.usage_days.TRANSFER_DAYS"
# Returns a SELECT of the days on which a role inside an Azure subscription earns its billing owner credit.
EARNING_ACCESS = "azure.earning.access_statement"
# These roles, each from a day and until the day before another; decision 0047.
EARNING_ROLES: tuple[tuple[str, date | None, date | None], ...] = (("owner", None, None), ("contributor", None, None))

# --- transfers (T10, T11; portal reference, sections 6.3 and 6.5) -----------------------------------------------------
TRANSFER_LIFETIME_DAYS = 30
TRANSFER_REMINDER_DAYS = 5  # before the expiry
TRANSFER_RETRY_HOURS = 72
TRANSFER_MAX_LINE_ITEMS = 10_000  # the original is said to stop at 25; decision 0030
TRANSFER_BULK_MAX_ROWS = 5_000  # of a file of many transfers (X2, decision 0049)
# Where it stands who has access to a customer's Azure subscriptions: for a partner, and for the customer itself.
AZURE_ACCESS_PAGE, MY_AZURE_ACCESS_PAGE = "azure:customer_access", "azure:my_access"
TRANSFER_COMMERCE = "transfers.commerce.postgres.Commerce"
TRANSFER_SANDBOX_COMMERCE = "transfers.commerce.sandbox.Commerce"

# --- marketplace (M1-M8) ----------------------------------------------------------------------------------------------
# Sales agents buy, but do not change what they bought: called temporary, so it has days (reference, section 3.3).
SALES_AGENT_RULE_FROM = date.fromisoformat(env.str("SALES_AGENT_RULE_FROM", default="2022-01-01"))
SALES_AGENT_RULE_UNTIL = date.fromisoformat(env.str("SALES_AGENT_RULE_UNTIL", default="9999-12-31"))  # free on that day
PURCHASE_TOKEN_HOURS = 24
ACTIVATION_DAYS = 30  # a purchase that the publisher has not activated by then lapses, unbilled
SUSPENSION_DAYS = 30  # grace period of a missing payment
AUTO_ACCEPT_SECONDS = 10  # a publisher that says nothing after it was told of a change agrees to it
WEBHOOK_CALL_SECONDS = 10  # for one notification, all of it
WEBHOOK_SENDERS = env.int("WEBHOOK_SENDERS", default=1)  # worker processes that send at once; others stay free
WEBHOOK_CALLS_AT_ONCE = 16  # of one worker process, each to another webhook
WEBHOOK_DELIVERY_DAYS = 90  # then a delivery that has ended is forgotten; its event stays in the log (decision 0043)
WEBHOOK_TEST_DAYS = 7  # the same of test events (portal reference, section 11.3)
WEBHOOK_SECRET_OVERLAP_HOURS = 72  # both secrets sign: longer than a weekend
PUBLISHER_CALL_SECONDS = 10  # for one call to a publisher, all of it
PUBLISHER_RETRY_SECONDS = 60
PUBLISHER_RETRY_HOURS = 8  # some 500 tries
USAGE_HOURS = 24  # how old a reported usage event may be
MAIL_AFTER_PURCHASE = env.bool("MAIL_AFTER_PURCHASE", default=True)
# Addresses inside this machine for landing pages and webhooks: only for the demo publishers of the embedded run.
OUTGOING_LOOPBACK = False
# Addresses of private networks for webhooks of sandboxes: for an operator who trusts their owners with its network.
OUTGOING_PRIVATE_FOR_SANDBOX = env.bool("OUTGOING_PRIVATE_FOR_SANDBOX", default=False)
DEMO_PUBLISHER_URL = env.str("DEMO_PUBLISHER_URL", default="https://publishers.example")  # where the demo plays them
DEMO_PUBLISHER_STORE = ""  # file of the demo publishers' own site; only in the embedded run

# --- first-party products (A1-A3): from which day other rules hold; the operator changes them on a page ---------------
AZURE_TRANSITION_HOURS = 24  # what was bought later than that is not converted to the Azure plan yet (section 9.4)
AZURE_MILESTONES: dict[str, date | None] = {
    "phase-1": date(2021, 7, 21),
    "phase-2": date(2022, 2, 1),
    "phase-3": None,  # no date yet
    "government-plan": None,
}
# What a canceled reservation gives back: at most so much a year for one customer, by the rates of the days,
# less a fee in percent from each day on. The original takes no fee today and reserves the right to (decision 0041).
RESERVATION_REFUND_CAP = Decimal(env.str("RESERVATION_REFUND_CAP", default="50000"))
RESERVATION_REFUND_CURRENCY = "USD"
RESERVATION_REFUND_DAYS = 365
RESERVATION_FEES: list[tuple[date, Decimal]] = [(date(2016, 1, 1), Decimal(0))]
# --- sandbox (P8; API reference, section 10) --------------------------------------------------------------------------
SANDBOX_CUSTOMERS = 75  # of one partner
SANDBOX_SUBSCRIPTIONS = 5  # of one customer
SANDBOX_SEATS = 25  # of one subscription
# Over the API, and from the customer's account page: deletes a customer of a sandbox.
SANDBOX_DELETE_CUSTOMER = "sandbox.workflow.customers.delete_customer"
SANDBOX_DELETE_CUSTOMER_PAGE = "sandbox:delete_customer"
SANDBOX_FAULTS = "sandbox.faults.is_planned"  # asked by what sends mails, webhooks and calls
SANDBOX_LONGEST_JUMP_HOURS = 24 * 366
SANDBOX_DUE_TASKS = [  # find what has come due after a jump of a sandbox's clock
    "customers.sweep_invitations",
    "transfers.sweep",
    "transfers.sweep_requests",
    "marketplace.sweep_calls",
    "marketplace.run_terms",
    "azure.run_terms",
    "support.close_resolved",
    "notifications.sweep",
    "webhooks.sweep",
]
# --- billing (A7, decision 0042) --------------------------------------------------------------------------------------
INVOICE_CLOSING_HOURS = 6  # after the end of a month its invoices are written; charges of later go on the next one
INVOICE_PAYMENT_DAYS = env.int("INVOICE_PAYMENT_DAYS", default=60)  # from the day of issue (reference, section 7.8)
INVOICE_REMINDER_DAYS = 7  # before the due date
# How many days after the due date an open invoice begins to hold transfers back.
INVOICE_GRACE_DAYS = env.int("INVOICE_GRACE_DAYS", default=0)
CHARGE_TRANSFERS = "transfers.queries.lineage.transfer_ids"  # given references of charges, names the transfers

# --- support (A12) ----------------------------------------------------------------------------------------------------
SUPPORT_CLOSE_DAYS = 14  # then a resolved case that nobody reopened is closed
SUPPORT_REOPEN_DAYS = 30  # so long a closed case can be opened again
SUPPORT_ATTACHMENT_MAX_BYTES = 3 * 1024 * 1024  # of one file
SUPPORT_ATTACHMENTS_PER_MESSAGE = 3  # together below REQUEST_MAX_BYTES
SUPPORT_ATTACHMENTS_PER_CASE = 20

# --- API (P4) ---------------------------------------------------------------------------------------------------------
API_ERRORS = [
    "transfers.api.errors.all_codes",
    "azure.error_codes.all_codes",
]  # codes that apps keep in tables of their own
# What the portal itself posts to others, by the name it has in the OpenAPI document.
API_NOTIFICATIONS = {"publisherNotification": "marketplace.wire_shapes.PublisherNotification"}
API_KEY_ROTATION_DAYS = 30  # how long a key signs tokens
API_REFRESH_TOKEN_DAYS = 90
API_ANSWER_HOURS = 24  # how long the answer to an MS-RequestId is kept
API_REQUESTS_PER_MINUTE = env.int("API_REQUESTS_PER_MINUTE", default=500)  # of one tenant
API_WRONG_TOKENS_PER_MINUTE = env.int("API_WRONG_TOKENS_PER_MINUTE", default=300)  # from one address
API_TOKEN_REQUESTS_PER_MINUTE = env.int("API_TOKEN_REQUESTS_PER_MINUTE", default=300)  # from one address
