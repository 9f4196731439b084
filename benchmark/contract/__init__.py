"""The contract: checks that every strategy must pass, whoever wrote it.

`checks` lists them. One file has the checks of one part of a strategy: `key`, `loss`, `images`,
`decision`, and `training`, which trains the real network for some steps.
"""
