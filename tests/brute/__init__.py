"""An independent solver for small regions: every plan is written down, priced and checked, and the cheapest is kept.

It reads the region's tables, the plan file and the minutes, and docs/model.md; it shares no code with rows, ledger,
formulation, solver or audit. `Answer.value_without` drops one rule, to see whether it mattered.
"""

from brute.answer import Answer as Answer
from brute.answer import brute_force as brute_force
