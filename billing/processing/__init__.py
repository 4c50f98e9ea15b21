"""The slow work of billing: closing months."""
