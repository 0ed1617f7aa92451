"""From run folders to arms, contrasts and claims: every number of a report, and no page."""
