"""One language, one data file."""
