"""Many inputs at once (`Verifier.report_many`): order kept, memory bounded, no input can stop or stall the rest.

    items     what may be handed in, and the answer to what cannot be answered
    wire      frames between processes; reports packed small
    worker    the other end: a process that judges what it is sent
    hands     the worker processes as their parent sees them
    crew      who does what: hands out, gathers, replaces the dead, keeps the order

The workers are interpreters started afresh, not forks: a program with threads is safe, and a script needs no
`if __name__ == "__main__"`.
"""

from xinzheng_verifier.bulk.crew import report_many
from xinzheng_verifier.bulk.items import Item

__all__ = ["Item", "report_many"]
