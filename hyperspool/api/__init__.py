"""The search from Python: `hyperspool.Study` and the kinds of parameters.

This package stands above both sides. It proposes as a master does and claims as a worker does, and neither knows it.
"""
