"""The embedded default: real servers without an installation, and the supervisor of their processes.

Everything here starts before Django and works without settings. Production never imports it.
"""
