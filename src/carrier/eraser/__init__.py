"""A soft trigger that undoes what tuning added (SFT-Eraser), with and without the carrier that it aims at."""
