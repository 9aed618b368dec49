"""The fewest requirements that cannot hold together, exact."""

from collections.abc import Collection


def fewest_that_clash(broken: Collection[frozenset[int]]) -> tuple[int, ...]:
    """Return the fewest requirements of which every candidate breaks at least one.

    Args:
        broken: For each candidate, the numbers of the requirements that it breaks; none may be
            empty, since a candidate that breaks none is a solution.

    Returns:
        Their numbers, ascending; of several equally few, the same on every run.
    """
    # A candidate that breaks more than another adds nothing: what clashes for the other does here.
    distinct = sorted(set(broken), key=lambda one: (len(one), sorted(one)))
    least = [one for one in distinct if not any(other < one for other in distinct)]
    for count in range(1, len(least) + 1):
        found = _hitting(least, count, ())
        if found is not None:
            return tuple(sorted(found))
    return ()


def _hitting(
    broken: list[frozenset[int]], count: int, chosen: tuple[int, ...]
) -> tuple[int, ...] | None:
    """Return a set of this size, with what is chosen, that meets every one; None where none is."""
    missed = next((one for one in broken if not one.intersection(chosen)), None)
    if missed is None:
        return chosen
    if len(chosen) == count:
        return None
    tries = (_hitting(broken, count, (*chosen, number)) for number in sorted(missed))
    return next((found for found in tries if found is not None), None)
