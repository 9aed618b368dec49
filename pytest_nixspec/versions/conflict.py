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
    distinct = sorted(set(broken), key=_by_size)
    least = [one for one in distinct if not any(other < one for other in distinct)]
    for count in range(1, len(least) + 1):
        found = _hitting(least, count)
        if found is not None:
            return tuple(sorted(found))
    return ()


def _hitting(broken: list[frozenset[int]], count: int) -> tuple[int, ...] | None:
    """Return at most so many numbers that meet every set, or None where there are none."""
    if not broken:
        return ()
    if not all(broken) or _apart(broken) > count:
        return None
    tried: set[int] = set()
    smallest: frozenset[int] = min(broken, key=_by_size)
    for number in sorted(smallest):
        rest = [one - tried for one in broken if number not in one]
        found = _hitting(rest, count - 1)
        if found is not None:
            return (number, *found)
        # Without it, then: what holds with it was looked for in vain.
        tried.add(number)
    return None


def _apart(broken: list[frozenset[int]]) -> int:
    """Return how many of the sets have nothing in common: each needs a number of its own."""
    count = 0
    seen: frozenset[int] = frozenset()
    for one in sorted(broken, key=len):
        if not one & seen:
            count += 1
            seen |= one
    return count


def _by_size(numbers: frozenset[int]) -> tuple[int, list[int]]:
    return len(numbers), sorted(numbers)
