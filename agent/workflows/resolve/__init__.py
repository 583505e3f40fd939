"""From an issue to a patch: locate, reproduce with a failing test, edit a copy, run the tests it affects."""
