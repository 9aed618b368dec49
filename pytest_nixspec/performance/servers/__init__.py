"""Models that a server runs, measured from outside."""
