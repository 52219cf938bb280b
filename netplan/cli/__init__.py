"""The command line: `netplan check`, `netplan plan`, `netplan map`."""

from netplan.cli.app import main as main
