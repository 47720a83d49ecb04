"""The inbox: the pages of the officers (PIC)."""
