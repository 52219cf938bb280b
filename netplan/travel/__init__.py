"""Travel: minutes from nodes to sites and between sites."""

from netplan.travel.many import Work as Work
from netplan.travel.minutes import SparseMinutes as SparseMinutes
from netplan.travel.minutes import TravelTimes as TravelTimes
from netplan.travel.network import RoadNetwork as RoadNetwork
from netplan.travel.times import minutes_between as minutes_between
from netplan.travel.times import travel_times as travel_times
