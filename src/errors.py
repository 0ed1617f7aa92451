"""Errors a person can mend. The entry points print them as one line and exit with status 2."""


class UserError(Exception):
    """What was given, what is accepted, and where; never a traceback."""


class ConfigError(UserError):
    """A key of the configuration has a value that cannot work."""


class ModelError(UserError):
    """A model cannot be found, loaded or taken apart."""


class DataError(UserError):
    """A row, a file or a split cannot be used."""


class CheckpointError(UserError):
    """A saved state is incomplete or damaged."""


class TrainingError(UserError):
    """Training cannot go on: the run has failed and its record says why."""


class StorageError(UserError):
    """A file cannot be written or read: disk full, no permission."""


class LockedError(UserError):
    """A run's folder belongs to another job, or what says so cannot be trusted."""


class SchedulerError(UserError):
    """The cluster's scheduler is missing, does not answer, or refuses."""
