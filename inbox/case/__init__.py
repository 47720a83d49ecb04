"""One complaint as it is read: thread, files, reporter, related complaints, clocks."""
