# SPDX-License-Identifier: MIT
"""Medians with their ranges, tables of them, and the aims beside them."""

import statistics


class Stat:
    """Median and range of some values, or the reason why there are none."""

    def __init__(self, values, reason=""):
        self.values = [value for value in values if value is not None]
        self.reason = reason

    def __bool__(self):
        return bool(self.values)

    @property
    def median(self):
        return statistics.median(self.values)

    def text(self, form="{:.2f}"):
        if not self.values:
            return "-" + (f" ({self.reason})" if self.reason else "")
        low, high = min(self.values), max(self.values)
        text = form.format(self.median)
        if len(self.values) > 1:
            text += f" ({form.format(low)}-{form.format(high)})"
        return text

    def as_json(self):
        if not self.values:
            return {"missing": self.reason}
        return {"median": self.median, "min": min(self.values),
                "max": max(self.values), "n": len(self.values)}


def ratio(over, under):
    """Ratios of values measured in the same round."""
    return Stat([a / b for a, b in zip(over, under)
                 if a is not None and b], "not measured")


def aim(stat, limit, form="{:.2f}"):
    """(aim, met?) columns for a figure that should not exceed a limit."""
    if not stat:
        return f"<= {form.format(limit)}", "not measured"
    if stat.median <= limit:
        return f"<= {form.format(limit)}", "met"
    by = (stat.median / limit - 1) * 100
    return f"<= {form.format(limit)}", f"missed by {by:.0f}%"


class Table:
    """A table that prints aligned and is kept for the JSON."""

    def __init__(self, title, *columns, notes=()):
        self.title = title
        self.columns = columns
        self.rows = []
        self.notes = list(notes)

    def add(self, *cells):
        self.rows.append(list(cells))

    def note(self, text):
        self.notes.append(text)

    def text(self):
        grid = [list(self.columns)] + [
            [cell.text() if isinstance(cell, Stat) else str(cell)
             for cell in row] for row in self.rows]
        widths = [max(len(row[i]) for row in grid)
                  for i in range(len(self.columns))]
        lines = ["", self.title, "-" * len(self.title)]
        for row in grid:
            lines.append("  ".join(
                cell.ljust(width) for cell, width in zip(row, widths))
                .rstrip())
        return "\n".join(lines + self.notes)

    def as_json(self):
        return {"title": self.title, "columns": self.columns,
                "rows": [[cell.as_json() if isinstance(cell, Stat) else cell
                          for cell in row] for row in self.rows],
                "notes": self.notes}
