"""What things cost, each figure as a ratio to a floor measured in the same run (quality rows 30 to 32).

``make bench``, or ``python -m benchmarks [--only NAME]`` with DATABASE_URL and REDIS_URL set. CPU time counts, of this
process and of its database session; seconds on the clock scatter too much on a shared machine. Needs Linux and a
PostgreSQL on the same machine.
"""
