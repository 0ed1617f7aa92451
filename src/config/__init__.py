"""The typed configuration: what `conf/` composes is merged into these dataclasses at the door."""
