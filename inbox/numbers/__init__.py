"""Figures of a period, as pages, charts, maps, tables and the monthly report."""
