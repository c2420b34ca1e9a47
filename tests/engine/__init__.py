"""Tests against a real Docker Engine."""
