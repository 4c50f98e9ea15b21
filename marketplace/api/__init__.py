"""The publishers' side over the wire: fulfillment API v2 and metering API (fulfillment reference)."""
