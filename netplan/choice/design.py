"""The volumes a choice model predicts, and how they change with its parameters."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from netplan.choice.pairs import Floats, Ints, Pairs


@dataclass(frozen=True, slots=True)
class Design:
    """v_j = exp(scale) x sum over i of w_i p_ij, with p the logit shares of V_j = X_j theta and the decay.

    The parameters stand in the order theta (M of them), decay rate, outside utility (where it is fitted), ln of the scale (where it
    is fitted). X and the stretched minutes are divided by their spread, so that all parameters are of one order.

    Attributes
    ----------
    stretched
        Stretched minutes per pair over `units[M]`.
    covariates
        X over `units[:M]`, shape (J, M).
    units
        What each parameter was divided by, shape (number of parameters,).
    outside
        Fixed utility of the outside option; minus infinity: there is none.
    observed
        Positions of the outlets whose volumes enter the fit.
    """

    pairs: Pairs
    weights: Floats
    stretched: Floats
    covariates: Floats
    units: Floats
    names: tuple[str, ...]
    outside: float
    is_outside_fitted: bool
    is_scale_fitted: bool
    observed: Ints

    def seeing(self, observed: Ints) -> Design:
        """The same market with other outlets observed."""
        return replace(self, observed=observed)

    def volumes(self, parameters: Floats) -> Floats:
        """Predicted volume of every outlet, shape (J,)."""
        return self._predicted(parameters)[0]

    def observed_with_slopes(self, parameters: Floats) -> tuple[Floats, Floats]:
        """Predicted volumes of the observed outlets (n,), and their derivatives by each parameter (n, P)."""
        volume, share, left, factor = self._predicted(parameters)
        pairs, weight = self.pairs, self.weights * factor
        matrix = pairs.matrix(share)
        count = self.covariates.shape[1]
        # dp_ij / dphi = p_ij (z_ij - sum over k of p_ik z_ik), z = du/dphi: X_jm, minus the stretched minutes, 1 for outside only
        slopes = np.empty((len(volume), len(self.units)))
        slopes[:, :count] = self.covariates * volume[:, None] - matrix.T @ (
            weight[:, None] * (matrix @ self.covariates)
        )
        pulled = share * self.stretched
        flow = weight[pairs.origin] * pulled
        slopes[:, count] = matrix.T @ (weight * pairs.node_sum(pulled)) - pairs.outlet_sum(flow)
        if self.is_outside_fitted:
            slopes[:, count + 1] = -(matrix.T @ (weight * left))
        if self.is_scale_fitted:
            slopes[:, -1] = volume
        return volume[self.observed], slopes[self.observed]

    def log_pull(self, parameters: Floats) -> Floats:
        """Logarithm of the sum of exp(utility) over each node's outlets, without the outside option, shape (N,)."""
        return self.pairs.log_sum(self._utility(parameters))

    def _utility(self, parameters: Floats) -> Floats:
        count = self.covariates.shape[1]
        value = self.covariates @ parameters[:count]
        return np.asarray(value[self.pairs.target] - parameters[count] * self.stretched)

    def _predicted(self, parameters: Floats) -> tuple[Floats, Floats, Floats, float]:
        """Volumes, shares per pair, outside shares per node, scale."""
        pairs = self.pairs
        utility = self._utility(parameters)
        outside = parameters[self.covariates.shape[1] + 1] if self.is_outside_fitted else self.outside
        total = np.logaddexp(pairs.log_sum(utility), outside)
        safe = np.where(np.isfinite(total), total, 0.0)
        share = np.exp(utility - safe[pairs.origin])
        factor = float(np.exp(parameters[-1])) if self.is_scale_fitted else 1.0
        volume = factor * pairs.outlet_sum(self.weights[pairs.origin] * share)
        return volume, share, np.exp(outside - safe), factor
