"""`python -m netplan` is the command line."""

from netplan.cli import main

main()
