"""All files of a plan, written beside their folder and swapped in at the end."""

from netplan.outputs.staging import changed_outputs as changed_outputs
from netplan.outputs.staging import prepare_output as prepare_output
from netplan.outputs.write import write_outputs as write_outputs
