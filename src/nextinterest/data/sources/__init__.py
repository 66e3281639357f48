"""Readers: one file per format, each returning `RawData`. They split and name; they judge nothing."""

from nextinterest.data.sources.detect import FORMATS, Format, detect, read
from nextinterest.data.sources.raw import RawData

__all__ = ["FORMATS", "Format", "RawData", "detect", "read"]
