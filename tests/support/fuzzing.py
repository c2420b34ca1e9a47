"""How much is fuzzed: the same little in every `make test`, always something else and much of it in `make fuzz`."""

from hypothesis import HealthCheck, settings

SMALL, LONG = "small", "long"
# A test's fixtures are made once for all of its examples, and the machine is shared: neither slowness nor that says anything.
UNCHECKED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def register() -> None:
    """Make the profiles known, and the small one the usual; `--hypothesis-profile=long` chooses the other."""
    settings.register_profile(SMALL, max_examples=100, derandomize=True, database=None, deadline=None, suppress_health_check=UNCHECKED)
    settings.register_profile(LONG, max_examples=10_000, print_blob=True, deadline=None, suppress_health_check=UNCHECKED)
    settings.load_profile(SMALL)


def is_long() -> bool:
    """Whether this is `make fuzz`."""
    return settings.get_current_profile_name() == LONG
