"""Who goes where: nearest-outlet catchments, Huff and logit shares, their calibration, and what a new outlet would win."""

from netplan.choice.calibrate import calibrate
from netplan.choice.calibration import Calibration
from netplan.choice.catchments import Catchments, catchments
from netplan.choice.decay import Decay
from netplan.choice.fit import Fit
from netplan.choice.huff import Shares, huff_utility, logit_shares, shares
from netplan.choice.impact import Impact, impact
from netplan.choice.leakage import leakage
from netplan.choice.pairs import side_by_side

__all__ = [
    "Calibration",
    "Catchments",
    "Decay",
    "Fit",
    "Impact",
    "Shares",
    "calibrate",
    "catchments",
    "huff_utility",
    "impact",
    "leakage",
    "logit_shares",
    "shares",
    "side_by_side",
]
