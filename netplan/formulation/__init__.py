"""The mathematics: the compact MILP in PuLP, one function a constraint family."""

from netplan.formulation.assembly import Formulation as Formulation
from netplan.formulation.assembly import formulate as formulate
from netplan.formulation.model import Rule as Rule
from netplan.formulation.policy_variables import PolicyVariables as PolicyVariables
