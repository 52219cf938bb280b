"""A region folder from what a planner has: a population raster, census zones, an OpenStreetMap extract, a list of branches."""

from netplan.new_region.build import NewRegion as NewRegion
from netplan.new_region.build import new_region as new_region
from netplan.new_region.outlets import OutletList as OutletList
from netplan.new_region.outlets import read_outlet_list as read_outlet_list
from netplan.new_region.recipe import Cells as Cells
from netplan.new_region.recipe import FutureRasters as FutureRasters
from netplan.new_region.recipe import Growth as Growth
from netplan.new_region.recipe import OutletFile as OutletFile
from netplan.new_region.recipe import OutlineFile as OutlineFile
from netplan.new_region.recipe import Recipe as Recipe
from netplan.new_region.recipe import RoadFile as RoadFile
