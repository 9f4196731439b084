"""The contract: checks that every strategy must pass, whoever wrote it. `checks` lists them."""
