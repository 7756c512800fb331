"""jax.nn"""
