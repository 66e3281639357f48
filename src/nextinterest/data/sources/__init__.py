"""Readers: one file per format, each returning `RawData`. They split and name; they judge nothing."""

from nextinterest.data.sources.raw import RawData
from nextinterest.data.sources.recbole import read_recbole

__all__ = ["RawData", "read_recbole"]
