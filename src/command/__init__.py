"""From a command line to one typed configuration, or one line that says what is wrong."""
