"""Reading messages: from words to a `Request`, by rules over word lists and one title index.

One idea a module, from the ground up: words (`tokens`, `slots`, `lookups`); what they name (`amounts`,
`numbers`, `years`, `dates`, `categories`, `attributes`, `mentions`, `namesakes`, `goods`, `references`,
`antecedent`); what is said of it (`statements`, `opinions`, `roles`); what is taken back (`retraction`,
`removal`, `deletion`, `amendments`); whether and what is asked (`scope`, `small_talk`, `intents`, `asking`,
`orders`), what the catalogue has no field for (`lacking`) and what is not wanted (`leaving_out`); one message
(`turn`), the list that is asked for (`list_request`), the conversation (`dialogue_state`, `dialogue`), and
the `reader` that composes them. Word lists are data, in the YAML files beside them.
Nothing here knows users, rankings or language models.
"""
