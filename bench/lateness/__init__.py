"""Worlds in which rows become visible late, and pullers that try to lose none of them, on a virtual clock."""
