"""The tests. They mirror app/; engine/ holds those that need a real Docker Engine."""
