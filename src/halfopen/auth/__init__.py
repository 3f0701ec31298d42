"""Sign-in, one scheme a file, both sides: a signer for who asks, a verifier for who answers."""
