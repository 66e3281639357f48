"""Generated utterances for training and validating what understands chat; see `generator`."""

from nextinterest.finetune.utterances.generator import Pattern, Split, Utterance, generate, patterns

__all__ = ["Pattern", "Split", "Utterance", "generate", "patterns"]
