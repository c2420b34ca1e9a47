"""Measures the figures that the pages must reach, against a production server, and prints them as one table: `make bench`.

A module a topic, each with `measure(stage)`, which yields rows. Nothing here is a test: pytest collects none of it.
"""
