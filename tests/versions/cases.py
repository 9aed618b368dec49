"""How many cases are asked of the real programs.

Not in conftest.py, which pytest reads before --hypothesis-profile is known.
"""

from hypothesis import settings

# More than Hypothesis's own default, and 100,000 under --hypothesis-profile=nightly.
CASES = max(500, settings().max_examples)
