"""The life of a study that runs: it is published, its results are collected, and the next batch is proposed."""
