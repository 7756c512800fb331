"""Annotations of functions are ignored, those of classes are kept: nothing to switch on."""
annotations = None
