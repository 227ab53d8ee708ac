"""python -m fedlab: the command line."""

from fedlab.cli import main

main(prog_name="fedlab")
