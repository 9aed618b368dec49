"""What the preparation of a machine can fail with."""


class EmbeddedError(Exception):
    """The machine cannot be prepared; the message says what to install and how."""
