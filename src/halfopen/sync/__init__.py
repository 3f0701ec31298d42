"""Pulls any product that keeps the contract into a mirror, and accounts for every window of it."""
