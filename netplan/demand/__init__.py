"""Demand: people at nodes turned into visits by service class."""

from netplan.demand.visits import DemandNodes as DemandNodes
from netplan.demand.visits import demand_of as demand_of
