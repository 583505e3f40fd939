"""Commands that fit a cache to a model: train, calibrate, measure."""
