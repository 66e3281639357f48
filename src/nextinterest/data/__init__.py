"""Read, clean, split: from files or a named asset to a catalogue, a log of events and held-out cases.

Loads no torch: assets are converted by `nextinterest.data.gguf`, which is imported when one is.
"""

from nextinterest.data.cleaning import CleaningConfig
from nextinterest.data.dataset import Dataset
from nextinterest.data.loading import load
from nextinterest.data.log import EventLog
from nextinterest.data.report import CleaningReport, Dropped
from nextinterest.data.rows import from_events
from nextinterest.data.splits import HeldOut, Split, leave_last_out, leave_one_out, split_named, time_split
from nextinterest.data.summary import Summary, summarise

__all__ = [
    "CleaningConfig",
    "CleaningReport",
    "Dataset",
    "Dropped",
    "EventLog",
    "HeldOut",
    "Split",
    "Summary",
    "from_events",
    "leave_last_out",
    "leave_one_out",
    "load",
    "split_named",
    "summarise",
    "time_split",
]
