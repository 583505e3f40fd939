"""Results as a page, as JSON and as a table, beside the published rows."""
