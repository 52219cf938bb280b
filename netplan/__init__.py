"""Plan a bank's branch network: what to keep, close, convert, relocate and open, with a proven gap and a map."""

from netplan._version import __version__ as __version__
from netplan.check import check_region as check_region
from netplan.errors import AuditError as AuditError
from netplan.errors import InfeasibleError as InfeasibleError
from netplan.errors import InputError as InputError
from netplan.errors import NetplanError as NetplanError
from netplan.errors import SolverError as SolverError
from netplan.evaluate import Scorecard as Scorecard
from netplan.evaluate import evaluate as evaluate
from netplan.explain import explain as explain
from netplan.maps import region_map as region_map
from netplan.plan import Plan as Plan
from netplan.policy import Policy as Policy
from netplan.policy import read_policy as read_policy
from netplan.problem import PlanningProblem as PlanningProblem
from netplan.region import Region as Region
from netplan.region import read_region as read_region
from netplan.result import Result as Result
from netplan.solve import Progress as Progress
from netplan.solve import solve as solve
