"""The contract that master and worker both speak: records, search space, folders, atomic files, claims.

Nothing here imports torch, knows a search policy, or asks whether a master or a worker is calling.
"""
