"""The demo world: invented organizations and people, loaded into an empty database (requirements P10)."""

from portal.local.demo.loading import load

__all__ = ["load"]
