"""The Engine room: the only importer of `docker`. It speaks to one Docker Engine and answers in dataclasses of its own.

It knows nothing of tasks, results or the database.
"""
