"""The providers' side for demo and tests: strict local servers written from the providers' documentation."""
