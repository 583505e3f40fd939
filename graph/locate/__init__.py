"""From the text of an issue to the files, classes and functions it is about, without a model."""
