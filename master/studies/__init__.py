"""Where studies come from: presets, TOML files and the shared folder."""
