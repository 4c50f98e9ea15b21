"""The site of the demo world's publishers: a client of the portal's APIs and nothing else (issue 4).

It shares the web process of the embedded run, so that the whole circle needs one port, but nothing besides: it knows
the portal by its address and an app's credentials, and keeps what it learns in a file of its own. No module here may
import a model, a query or a workflow; tests/portal/local/test_publisher_site.py reads the imports. Its calls to the
portal are answered by another thread of the same server, which has eight of them (portal/local/commands.py).
"""
