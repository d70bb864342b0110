"""Order arithmetic: what lines, discounts, service charges, taxes, splits, refunds, cash and tips come to (golden/ORDER_MATH.md).

What lives here: pure functions over small values, a module for each group of rules. `sums.reckon` is a whole check. Checks,
commands, events and menus are not known here, nor is any I/O. Amounts are integers in minor units of any currency; no floats.
Where the written rules are silent, the function that decides says so: "Decided here".
"""
