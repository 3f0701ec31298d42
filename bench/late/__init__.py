"""The parts of bench/late_rows.py: a small casino, its writers, pollers that know nothing, and the reckoning."""
