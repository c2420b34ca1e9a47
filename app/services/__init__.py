"""The services room: what a user asks for, as verbs. Pages and API call the same ones; none knows HTTP."""
