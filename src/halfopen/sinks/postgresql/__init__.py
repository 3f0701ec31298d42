"""The mirror in a PostgreSQL database: `postgresql://user:password@host/name`."""
