"""Whether anybody's product API keeps the contract: asks politely, judges what it saw, and says how to mend it."""
