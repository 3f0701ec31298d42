"""What holds for every test."""

from hypothesis import settings

# A busy machine is no failure; a failing example is printed so that it can be pasted back.
settings.register_profile("halfopen", deadline=None, print_blob=True)
settings.load_profile("halfopen")
