"""RepoCraft (ZeroRepo, arXiv 2509.16198, section 5): how much of a real project a generated repository does.

``construction`` makes tasks of the six real projects' own tests, ``control`` checks the checker on copies of the
real projects, ``evaluate`` scores a repository task by task, ``measure`` computes the paper's other figures,
``report`` lays them beside the published ones.
"""
