"""Where a study comes from: a preset, a TOML file, the shared folder, or another study."""
