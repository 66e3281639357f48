"""Learning from data what the agent's parts weigh, and (next) what the language model knows of a domain.

    blend    weights of a log-linear blend of several scores, fitted on validation events

LoRA fine-tuning of the language model is not in this version; until it is, the agent's language model ranks
with the knowledge it was published with.
"""

from nextinterest.finetune.blend import BlendFit, fit_blend

__all__ = ["BlendFit", "fit_blend"]
