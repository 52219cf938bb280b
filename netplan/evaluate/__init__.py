"""The independent audit: what a plan costs and whom it serves, recomputed from the tables."""

from netplan.evaluate.audit import audit as audit
from netplan.evaluate.audit import evaluate as evaluate
from netplan.evaluate.audit import today as today
from netplan.evaluate.network import NetworkPlan as NetworkPlan
from netplan.evaluate.score import Equity as Equity
from netplan.evaluate.score import Score as Score
from netplan.evaluate.score import Scorecard as Scorecard
from netplan.evaluate.score import StandardScore as StandardScore
