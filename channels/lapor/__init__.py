"""SP4N-LAPOR, LaporGub and their kin: reports from their exports, and from Open311 servers."""
