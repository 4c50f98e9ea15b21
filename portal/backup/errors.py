"""What stands in the way of a backup or of restoring one."""


class BackupError(Exception):
    """Nothing was saved, or nothing was restored; the text says why and what to do."""
