"""Which release this is; here, since asking the installed metadata takes longer than most of us."""

__version__ = "0.1.0"
