"""Is a study's folder in order? Checks every invariant of the protocol by the files alone, and mends what it can."""
