"""Every classic problem equals brute force on small random instances, and no bound is on the wrong side of the optimum."""

from __future__ import annotations

import classic_brute as brute
import numpy as np
import pytest
import scipy.sparse
from classic_brute import INF, Small, small
from scipy.optimize import Bounds, LinearConstraint, milp

from netplan import classic
from netplan.classic import Solution, covering, small_coverage, small_median

SEEDS = range(60)


def agrees(found: Solution, expected: float, *, tolerance: float = 1e-6) -> None:
    """The solution is the expected optimum, proven, or proven infeasible where that is infinite."""
    if not np.isfinite(expected):
        assert found.status == "infeasible", (found, expected)
        assert found.objective is None
        assert found.note
        return
    assert found.status == "optimal", (found, expected)
    scale = max(1.0, abs(expected))
    assert found.objective == pytest.approx(expected, abs=tolerance * scale)
    assert found.bound == pytest.approx(expected, abs=2 * tolerance * scale)


def keeps_sites(found: Solution, case: Small, count: int | None) -> None:
    """Required sites are open, forbidden ones are not, and there are as many as asked for."""
    if found.objective is not None:
        assert set(case.required) <= set(found.sites)
        assert not set(case.forbidden) & set(found.sites)
        assert count is None or len(found.sites) == count


def sites_of(case: Small) -> dict[str, list[int]]:
    """Required and forbidden sites as arguments."""
    return {"required": case.required, "forbidden": case.forbidden}


def solve_medians(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """Have small p-medians solved at once (which they are), on the row engine, by the small program, or on rows after the prices alone."""
    if way == "rows":
        monkeypatch.setattr(small_median, "MOST_CELLS", 0)
    if way in {"program", "rows after prices"}:
        monkeypatch.setattr(small_median, "_STEPS", 4)
    if way == "rows after prices":
        monkeypatch.setattr(small_median, "_MOST_PAIRS", 0)


MEDIAN_WAYS = ["prices", "rows", "program", "rows after prices"]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("way", MEDIAN_WAYS)
def test_p_median(seed: int, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The p-median is that of brute force, with and without a penalty, and its sites recompute to its objective."""
    solve_medians(monkeypatch, way)
    case = small(seed)
    for penalty in (None, case.penalty):
        found = classic.p_median(case.costs, p=case.p, weights=case.weights, penalty=penalty, **sites_of(case))
        agrees(found, brute.p_median(case, penalty))
        keeps_sites(found, case, case.p)
        if found.objective is not None:
            assert found.objective == pytest.approx(brute.paid(case, list(found.sites), penalty))


@pytest.mark.parametrize("seed", SEEDS)
def test_sparse_is_dense(seed: int) -> None:
    """A sparse matrix of the pairs that can be gives what the dense one does, zeros stored being zeros."""
    case = small(seed)
    pairs = np.nonzero(np.isfinite(case.costs))
    listed = scipy.sparse.coo_array((case.costs[pairs], pairs), shape=case.costs.shape)
    found = classic.p_median(listed, p=case.p, weights=case.weights, **sites_of(case))
    agrees(found, brute.p_median(case))


@pytest.mark.parametrize("seed", SEEDS)
def test_k_median(seed: int) -> None:
    """Growing lists of nearest sites reach the optimum over all sites, from any k."""
    case = small(seed)
    for k in (1, 3):
        found = classic.k_median(case.costs, p=case.p, k=k, weights=case.weights, **sites_of(case))
        agrees(found, brute.p_median(case))
        keeps_sites(found, case, case.p)


@pytest.mark.parametrize("seed", SEEDS)
def test_ufl(seed: int) -> None:
    """Uncapacitated location is that of brute force, with any number of sites or a given one."""
    case = small(seed)
    given = {"opening_costs": case.opening, "weights": case.weights, **sites_of(case)}
    agrees(classic.ufl(case.costs, **given), brute.ufl(case))
    agrees(classic.ufl(case.costs, penalty=case.penalty, **given), brute.ufl(case, case.penalty))
    agrees(classic.ufl(case.costs, p=case.p, **given), brute.ufl(case, None, range(case.p, case.p + 1)))


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("single_source", [False, True])
def test_cflp(seed: int, single_source: bool) -> None:
    """Capacitated location is that of brute force, split or not, everyone served or at a penalty."""
    case = small(seed, most_customers=5, most_sites=4)
    price = brute.whole_cost if single_source else brute.split_cost
    given = {
        "opening_costs": case.opening,
        "capacities": case.capacities,
        "demands": case.demands,
        "weights": case.weights,
        "single_source": single_source,
        **sites_of(case),
    }
    for penalty in (None, case.penalty):
        expected = min(
            (price(case, s, penalty) + case.opening[s].sum() for s in brute.choices(case, brute.any_number(case))),
            default=INF,
        )
        found = classic.cflp(case.costs, penalty=penalty, **given)
        agrees(found, expected)
        keeps_sites(found, case, None)
        keeps_capacity(found, case)


def keeps_capacity(found: Solution, case: Small) -> None:
    """No site serves more than its capacity, nobody more than once, closed sites nobody."""
    load = np.asarray(case.demands @ found.shares.toarray())
    assert (load <= case.capacities + 1e-6).all()
    assert (found.shares.sum(axis=1) <= 1 + 1e-6).all()
    assert set(np.flatnonzero(found.shares.sum(axis=0) > 1e-9)) <= set(found.sites)


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("single_source", [False, True])
def test_tight_capacities(seed: int, single_source: bool) -> None:
    """With 30 customers (15 whole ones) of very unequal demands, some served in part at great cost, it equals a plain program."""
    rng = np.random.default_rng(seed)
    size, width = (15, 6) if single_source else (30, 10)
    demands = np.ceil(10 * rng.lognormal(0, 1.0 if single_source else 1.5, size))
    ends = rng.uniform(0, 100, (size, 2)), rng.uniform(0, 100, (width, 2))
    costs = demands[:, None] * np.hypot(*(ends[0][:, None] - ends[1][None]).transpose(2, 0, 1))
    capacities = np.full(width, np.ceil(max(0.25 * demands.sum(), demands.max() if single_source else 0.0)))
    opening = rng.uniform(0.5, 1.5, width) * 0.01 * costs.mean() * size
    found = classic.cflp(
        costs, opening_costs=opening, capacities=capacities, demands=demands, single_source=single_source
    )
    agrees(found, plain_program(costs, opening, capacities, demands, single_source=single_source))


def plain_program(
    costs: np.ndarray, opening: np.ndarray, capacities: np.ndarray, demands: np.ndarray, *, single_source: bool
) -> float:
    """The optimum of capacitated location by scipy's solver, from the textbook's inequalities."""
    size, width = costs.shape
    eye = scipy.sparse.eye_array
    ends = scipy.sparse.hstack(
        [scipy.sparse.csr_array((size, width)), scipy.sparse.kron(eye(size), np.ones((1, width)))]
    )
    loads = scipy.sparse.hstack(
        [scipy.sparse.diags_array(-capacities), scipy.sparse.kron(demands[None, :], eye(width))]
    )
    strong = scipy.sparse.hstack([-scipy.sparse.kron(np.ones((size, 1)), eye(width)), eye(size * width)])
    found = milp(
        np.concatenate([opening, costs.ravel()]),
        constraints=[
            LinearConstraint(ends, 1, 1),
            LinearConstraint(loads, -np.inf, 0),
            LinearConstraint(strong, -np.inf, 0),
        ],
        integrality=np.concatenate([np.ones(width), np.full(size * width, float(single_source))]),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": 1e-9},
    )
    return float(found.fun)


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("single_source", [False, True])
def test_capacitated_medians(seed: int, single_source: bool) -> None:
    """The capacitated p-median is that of brute force, by p_median, by k_median from one site each, and by cflp with p."""
    case = small(seed, most_customers=5, most_sites=4)
    price = brute.whole_cost if single_source else brute.split_cost
    given = {"p": case.p, "capacities": case.capacities, "demands": case.demands, "weights": case.weights}
    given |= {"single_source": single_source, **sites_of(case)}
    expected = min((price(case, sites, None) for sites in brute.choices(case)), default=INF)
    for found in (
        classic.p_median(case.costs, **given),
        classic.k_median(case.costs, k=1, **given),
        classic.cflp(case.costs, **given),
    ):
        agrees(found, expected)
        keeps_sites(found, case, case.p)
        keeps_capacity(found, case)


@pytest.mark.parametrize("seed", SEEDS)
def test_lscp(seed: int) -> None:
    """Set covering is that of brute force, by number and by opening cost; who cannot be covered is named."""
    case = small(seed)
    given = {"radius": case.radius, **sites_of(case)}
    agrees(classic.lscp(case.costs, **given), brute.lscp(case))
    agrees(classic.lscp(case.costs, opening_costs=case.opening, **given), brute.lscp(case, case.opening))
    allowed = [j for j in range(case.costs.shape[1]) if j not in case.forbidden]
    stranded = [i for i, number in enumerate(brute.covered(case, allowed)) if number == 0]
    skipped = classic.lscp(case.costs, skip_uncoverable=True, **given)
    assert skipped.status == "optimal"
    assert list(skipped.unserved) == stranded
    assert bool(skipped.note) == bool(stranded)


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("single_source", [False, True])
def test_capacitated_lscp(seed: int, single_source: bool) -> None:
    """Set covering within capacities is that of brute force."""
    case = small(seed, most_customers=5, most_sites=4)
    near = Small(**{**vars(case), "costs": np.where(case.costs <= case.radius, 0.0, INF)})
    price = brute.whole_cost if single_source else brute.split_cost
    expected = min(
        (len(s) for s in brute.choices(near, brute.any_number(near)) if price(near, s, None) < INF), default=INF
    )
    found = classic.lscp(
        case.costs,
        radius=case.radius,
        capacities=case.capacities,
        demands=case.demands,
        single_source=single_source,
        **sites_of(case),
    )
    agrees(found, expected)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("way", ["whole", "rows", "rows after whole"])
def test_mclp(seed: int, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Maximal covering is that of brute force, and customers are assigned to the nearest open site in reach.

    However it is solved: as a whole program, on the row engine, or there from what the program came to in no time.
    """
    if way == "rows":
        monkeypatch.setattr(covering, "MOST_PAIRS", -1)
    if way == "rows after whole":
        monkeypatch.setattr(small_coverage, "_EFFORT", 0.0)
    case = small(seed)
    found = classic.mclp(case.costs, p=case.p, radius=case.radius, weights=case.weights, **sites_of(case))
    agrees(found, max(brute.weight_covered(case, sites) for sites in brute.choices(case)))
    keeps_sites(found, case, case.p)
    for i, site in enumerate(found.assignment):
        near = min(case.costs[i, found.sites])
        assert (site < 0) == (near > case.radius)
        assert site < 0 or case.costs[i, site] == near


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("single_source", [False, True])
def test_capacitated_mclp(seed: int, single_source: bool) -> None:
    """Maximal covering within capacities is that of brute force, and the shares recompute to the objective."""
    case = small(seed, most_customers=5, most_sites=4)
    near = Small(**{**vars(case), "costs": np.where(case.costs <= case.radius, 0.0, INF)})
    price = brute.whole_cost if single_source else brute.split_cost
    ones = np.ones(len(case.weights))
    expected = case.weights.sum() - min(price(near, sites, ones) for sites in brute.choices(near))
    found = classic.capacitated_mclp(
        case.costs,
        p=case.p,
        radius=case.radius,
        capacities=case.capacities,
        demands=case.demands,
        weights=case.weights,
        single_source=single_source,
        **sites_of(case),
    )
    agrees(found, expected)
    keeps_capacity(found, case)
    assert case.weights @ found.shares.sum(axis=1) == pytest.approx(found.objective, abs=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("share", [0.0, 0.5, 0.9, 1.0])
def test_partial_cover(seed: int, share: float) -> None:
    """Partial covering is that of brute force, and what it covers is no less than the share."""
    case = small(seed)
    found = classic.partial_cover(case.costs, radius=case.radius, share=share, weights=case.weights, **sites_of(case))
    agrees(found, brute.partial(case, share))
    if found.objective is not None:
        assert brute.weight_covered(case, list(found.sites)) >= share * case.weights.sum() * (1 - 1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_backup_cover(seed: int) -> None:
    """Backup covering is that of brute force, with the fewest sites and with p."""
    case = small(seed)
    given = {"radius": case.radius, "weights": case.weights, **sites_of(case)}
    fewest = brute.lscp(case)
    agrees(classic.backup_cover(case.costs, **given), brute.backup(case, int(fewest)) if fewest < INF else INF)
    agrees(classic.backup_cover(case.costs, p=case.p, **given), brute.backup(case, case.p))


@pytest.mark.parametrize("seed", SEEDS)
def test_p_center(seed: int) -> None:
    """The p-center is that of brute force, weighted."""
    case = small(seed)
    found = classic.p_center(case.costs, p=case.p, weights=case.weights, **sites_of(case))
    agrees(found, brute.p_center(case))
    keeps_sites(found, case, case.p)


@pytest.mark.parametrize("seed", SEEDS)
def test_p_dispersion(seed: int) -> None:
    """p-dispersion is that of brute force, the lesser of both directions counting."""
    rng = np.random.default_rng(seed)
    width = int(rng.integers(2, 9))
    matrix = rng.integers(0, 20, (width, width)).astype(float)
    case = Small(**{**vars(small(seed, most_sites=1)), "costs": matrix, "required": [], "forbidden": []})
    required, forbidden = ([0], [1]) if width > 3 and seed % 2 else ([], [])
    p = int(rng.integers(2, width - len(forbidden) + 1))
    case = Small(**{**vars(case), "p": p, "required": required, "forbidden": forbidden})
    apart = np.minimum(matrix, matrix.T)
    expected = max(min(apart[j, k] for j in s for k in s if j < k) for s in brute.choices(case))
    found = classic.p_dispersion(matrix, p=p, required=required, forbidden=forbidden)
    agrees(found, expected)
    keeps_sites(found, case, p)


@pytest.mark.parametrize("seed", SEEDS)
def test_max_attendance(seed: int) -> None:
    """Attendance is that of brute force for each way to fade."""
    case = small(seed)
    reach = case.radius
    for decay, share in (
        ({"decay": "linear"}, lambda c: max(0.0, 1 - c / reach)),
        ({"decay": "power", "parameter": 2.0}, lambda c: max(0.0, 1 - (c / reach) ** 2)),
        ({"decay": "exponential", "parameter": 0.3}, lambda c: np.exp(-0.3 * c) if c <= reach else 0.0),
    ):
        expected = max(
            sum(w * share(c) for w, c in zip(case.weights, brute.nearest(case, s), strict=True) if c < INF)
            for s in brute.choices(case)
        )
        found = classic.max_attendance(
            case.costs, p=case.p, weights=case.weights, radius=reach, **decay, **sites_of(case)
        )
        agrees(found, expected)


def market(case: Small, model: str) -> tuple[dict[str, object], np.ndarray, np.ndarray]:
    """Arguments of a market, every pull, and the pull against us, worked out here."""
    width = case.costs.shape[1]
    taken = set(case.required) | set(case.forbidden)
    rivals = [j for j in range(width) if j not in taken][-1:] if width - len(case.forbidden) > case.p else []
    strength = 1.0 + case.opening / 5
    costs = case.costs + 0.5
    with np.errstate(over="ignore"):
        pull = strength / costs**2 if model == "huff" else np.exp(strength - 0.4 * costs)
    outside = np.where(case.demands > 3, 0.05, 0.0)
    against = pull[:, rivals].sum(axis=1) + outside
    ways = {"model": model, "attractiveness": strength, "competitors": rivals, "outside": outside}
    return ways | ({} if model == "huff" else {"parameter": 0.4}), pull, against


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("model", ["huff", "logit"])
def test_max_market_share(seed: int, model: str) -> None:
    """The most of a market is that of brute force, with rivals, an outside option, both or neither."""
    case = small(seed)
    given, pull, against = market(case, model)
    closed = Small(**{**vars(case), "forbidden": [*case.forbidden, *given["competitors"]]})
    expected = max(brute.won(pull, against, case.weights, sites) for sites in brute.choices(closed))
    found = classic.max_market_share(case.costs + 0.5, p=case.p, weights=case.weights, **given, **sites_of(case))
    agrees(found, expected)
    keeps_sites(found, closed, case.p)
    assert case.weights @ found.shares.sum(axis=1) == pytest.approx(found.objective, abs=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("share", [0.3, 0.7])
def test_target_market_share(seed: int, share: float) -> None:
    """The fewest sites for a share of a market are those of brute force."""
    case = small(seed)
    given, pull, against = market(case, "huff")
    closed = Small(**{**vars(case), "forbidden": [*case.forbidden, *given["competitors"]]})
    wanted = share * case.weights.sum() * (1 - 1e-9)
    expected = min(
        (
            len(sites)
            for sites in brute.choices(closed, brute.any_number(case))
            if brute.won(pull, against, case.weights, sites) >= wanted
        ),
        default=INF,
    )
    found = classic.target_market_share(case.costs + 0.5, share=share, weights=case.weights, **given, **sites_of(case))
    agrees(found, expected)


@pytest.mark.parametrize("seed", range(60, 120))
def test_bounds_hold_at_any_gap(seed: int) -> None:
    """Stopped at a wide gap, the value is no better than the optimum, the bound is no worse, and the gap is kept."""
    case = small(seed)
    tiny = small(seed, most_customers=5, most_sites=4)
    given, pull, against = market(case, "huff")
    closed = Small(**{**vars(case), "forbidden": [*case.forbidden, *given["competitors"]]})
    split = (
        brute.split_cost(tiny, s, None) + tiny.opening[s].sum() for s in brute.choices(tiny, brute.any_number(tiny))
    )
    loads = {"opening_costs": tiny.opening, "capacities": tiny.capacities, "demands": tiny.demands}
    sites, weights = sites_of(case), {"weights": case.weights}
    for expected, sign, found in (
        (brute.p_median(case), 1, classic.p_median(case.costs, p=case.p, gap=0.4, **weights, **sites)),
        (brute.ufl(case), 1, classic.ufl(case.costs, opening_costs=case.opening, gap=0.4, **weights, **sites)),
        (
            min(split, default=INF),
            1,
            classic.cflp(tiny.costs, weights=tiny.weights, gap=0.4, **loads, **sites_of(tiny)),
        ),
        (
            max(brute.weight_covered(case, s) for s in brute.choices(case)),
            -1,
            classic.mclp(case.costs, p=case.p, radius=case.radius, gap=0.4, **weights, **sites),
        ),
        (
            max(brute.won(pull, against, case.weights, s) for s in brute.choices(closed)),
            -1,
            classic.max_market_share(case.costs + 0.5, p=case.p, gap=0.4, **given, **weights, **sites),
        ),
    ):
        if not np.isfinite(expected):
            assert found.status == "infeasible"
            continue
        slack = 1e-7 * max(1.0, abs(expected))
        assert sign * found.bound <= sign * expected + slack
        assert sign * found.objective >= sign * expected - slack
        assert found.gap <= 0.4
        assert found.status == ("optimal" if found.gap <= 1e-6 else "gap_limit")
