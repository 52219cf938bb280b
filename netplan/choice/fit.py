"""How well predicted volumes agree with observed ones."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from netplan.choice.estimate import deviance
from netplan.choice.pairs import Floats


@dataclass(frozen=True, slots=True)
class Fit:
    """Errors of predicted volumes.

    Attributes
    ----------
    num_outlets
        Outlets compared.
    r_squared
        1 - squared errors / squared differences from the mean volume; can be negative out of sample; NaN where all volumes are equal.
    deviance_explained
        The same with the Poisson deviance.
    rmse, mean_error
        Root mean squared error, and mean of predicted - observed, in the unit of the volumes.
    mape
        Mean of |predicted - observed| / observed over the outlets with a volume above 0.
    """

    num_outlets: int
    r_squared: float
    deviance_explained: float
    rmse: float
    mape: float
    mean_error: float

    @classmethod
    def of(cls, observed: Floats, predicted: Floats) -> Fit:
        """Compare the volumes of n outlets."""
        error = predicted - observed
        mean = np.full(len(observed), observed.mean())
        some = observed > 0
        return cls(
            len(observed),
            _explained(float(error @ error), float((observed - mean) @ (observed - mean))),
            _explained(deviance(observed, predicted), deviance(observed, mean)),
            float(np.sqrt(np.mean(error**2))),
            float(np.mean(np.abs(error[some]) / observed[some])) if some.any() else float("nan"),
            float(error.mean()),
        )

    def row(self) -> dict[str, float]:
        """The figures by name."""
        return asdict(self)


def _explained(left: float, whole: float) -> float:
    return 1.0 - left / whole if whole > 0 else float("nan")
