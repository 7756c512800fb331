"""jax.random"""
