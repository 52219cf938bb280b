"""The workbook that a planner sends on."""

from netplan.report.workbook import write_workbook as write_workbook
