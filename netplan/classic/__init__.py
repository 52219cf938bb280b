"""Classic location problems: medians, fixed charges, coverage, centres, dispersion and market share, each with a proven bound.

The first argument is a matrix of costs (customers x sites), dense or scipy sparse, or two GeoDataFrames. See docs/classic.md.
"""

from netplan.classic.centre import p_center as p_center
from netplan.classic.covering import backup_cover as backup_cover
from netplan.classic.covering import capacitated_mclp as capacitated_mclp
from netplan.classic.covering import lscp as lscp
from netplan.classic.covering import mclp as mclp
from netplan.classic.covering import partial_cover as partial_cover
from netplan.classic.dispersion import p_dispersion as p_dispersion
from netplan.classic.fixed_charge import cflp as cflp
from netplan.classic.fixed_charge import ufl as ufl
from netplan.classic.market import max_attendance as max_attendance
from netplan.classic.market import max_market_share as max_market_share
from netplan.classic.market import target_market_share as target_market_share
from netplan.classic.medians import k_median as k_median
from netplan.classic.medians import p_median as p_median
from netplan.classic.result import Solution as Solution
