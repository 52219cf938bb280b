"""A reason for every action of a plan."""

from netplan.explain.reasons import Reason as Reason
from netplan.explain.reasons import explain as explain
from netplan.explain.reasons import reversed_plan as reversed_plan
