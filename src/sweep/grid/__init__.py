"""From a sweep's file to typed configurations, each with its id and its launcher."""
