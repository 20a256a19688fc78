"""The `facet` command: the analysis, the catalogue and the ranking without a deployed stack.

A module a group of commands: it has its own `add_to`, and main.py names it once. Lambda's layer
goes without this package.
"""

import argparse

# What a group of commands adds its own parsers to.
type Commands = argparse._SubParsersAction[argparse.ArgumentParser]
