"""The generator runs in an environment of its own and cannot be imported here."""

collect_ignore = ["make_golden.py"]
