"""Bytes as people read them, without mixing up GB and GiB: that is 7 % of a memory."""


def gigabytes(count: float) -> str:
    """Return a number of bytes in GB (1e9) and GiB (2^30); what is small in MB or plain bytes."""
    if count < 1e5:  # noqa: PLR2004 - a tenth of a megabyte
        return f"{count:.0f} B"
    if count < 1e9:  # noqa: PLR2004 - a gigabyte
        return f"{count / 1e6:.3f} MB ({count / 2**20:.2f} MiB)"
    return f"{count / 1e9:.3f} GB ({count / 2**30:.2f} GiB)"
