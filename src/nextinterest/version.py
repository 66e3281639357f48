"""The version, by itself, so that every floor may name it without importing the front door."""

__version__ = "0.1.0"
