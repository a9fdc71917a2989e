"""The master's record of what it proposed: written before anything is published, read by everyone who asks what for."""
