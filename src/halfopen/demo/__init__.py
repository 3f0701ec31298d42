"""SpaceVegas: a casino that lives by itself, so that all of halfopen can be watched at work."""
