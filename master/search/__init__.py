"""Search methods. They are pure: no files, processes or clock, so a study proposes the same trials on any machine."""
