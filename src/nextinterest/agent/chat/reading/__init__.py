"""Reading messages: from words to a `Request`, by rules over word lists and one title index.

One idea a module, from the ground up: `tokens`, `numbers`, `years`, `categories`, `titles`, `mentions`,
`references`, `opinions`, `intents`, `dialogue`, and the `reader` that composes them. Word lists are data
(`words.yaml`, `categories.yaml`). Nothing here knows users, rankings or language models.
"""
