"""How params are proposed. Pure: no files, no processes, no clock; the same study proposes the same trials anywhere."""
