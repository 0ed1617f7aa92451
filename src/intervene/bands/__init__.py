"""Two bands that were trained apart, put into one model."""
