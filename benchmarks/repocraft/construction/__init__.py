"""From a real project to tasks: fetch, harvest, group, filter, sample, describe. No model is needed."""
