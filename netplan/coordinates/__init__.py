"""Positions on Earth: coordinate systems, distances and areas in metres, wrong positions, shifted layers."""

from netplan.coordinates.measure import geodesic_km2 as geodesic_km2
from netplan.coordinates.measure import geodesic_metres as geodesic_metres
from netplan.coordinates.positions import check_positions as check_positions
from netplan.coordinates.projected import distortion as distortion
from netplan.coordinates.projected import equal_area_crs as equal_area_crs
from netplan.coordinates.projected import metric_crs as metric_crs
from netplan.coordinates.shift import Shift as Shift
from netplan.coordinates.shift import find_shift as find_shift
from netplan.coordinates.systems import Reprojected as Reprojected
from netplan.coordinates.systems import from_wgs84 as from_wgs84
from netplan.coordinates.systems import reprojected as reprojected
from netplan.coordinates.systems import system_name as system_name
from netplan.coordinates.systems import to_wgs84 as to_wgs84
