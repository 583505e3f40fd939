"""The second stage: safe types and signatures by type cluster, proved by round trips and by the C programs."""
