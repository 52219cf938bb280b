"""Maps that open with the network cut: of a plan, and of a region before any plan."""

from netplan.maps.build import plan_map as plan_map
from netplan.maps.build import region_map as region_map
from netplan.maps.page import PlanMap as PlanMap
