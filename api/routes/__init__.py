"""The routes, one module a subject; all of them below ``/v1/corridors/{corridor}`` but the two that say whether the service lives."""
