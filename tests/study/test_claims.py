import math

from quizcli.demo.events import Claim, Started
from quizcli.study.claims import claims_for, save_claims
from quizcli.study.store.store import Store

TEXT = {"en": "…", "zh": "…"}
GPU = Started(device="cuda:0", data="MNIST, 60,000 images")


def claim(measured: float, name: str = "elbo") -> Claim:
    return Claim(
        id=name, text=TEXT, measured=measured, expected=106.5, relation="<=", tolerance=0.5, unit="nats"
    )


def test_a_claim_is_kept_with_all_that_was_measured(store: Store) -> None:
    save_claims(store, "vae", {"epochs": 5}, [claim(105.9), claim(107.0, "other")], GPU, now=1000)
    found = claims_for(store, "vae", {"epochs": 5})
    assert list(found) == ["elbo", "other"]
    kept = found["elbo"]
    assert (kept.holds, kept.measured, kept.expected, kept.relation) == (True, 105.9, 106.5, "<=")
    assert (kept.tolerance, kept.unit, kept.device, kept.data) == (
        0.5,
        "nats",
        "cuda:0",
        "MNIST, 60,000 images",
    )
    assert (kept.synthetic, kept.at) == (False, 1000)
    assert found["other"].holds is False


def test_the_last_measurement_counts(store: Store) -> None:
    save_claims(store, "vae", {}, [claim(105.0), claim(1.0, "kept")], GPU, now=1)
    save_claims(store, "vae", {}, [claim(110.0)], Started(synthetic=True), now=2)
    found = claims_for(store, "vae", {})
    assert (found["elbo"].measured, found["elbo"].holds, found["elbo"].synthetic) == (110.0, False, True)
    assert found["kept"].at == 1


def test_settings_tell_runs_apart_whatever_their_order_and_type(store: Store) -> None:
    save_claims(store, "vae", {"beta": 0.0, "quick": True, "data": "mnist"}, [claim(1.0)])
    assert claims_for(store, "vae", {"data": "mnist", "quick": True, "beta": 0})
    assert not claims_for(store, "vae", {"data": "mnist", "quick": 1, "beta": 0})
    assert not claims_for(store, "vae", {"data": "mnist", "quick": True, "beta": 0.5})
    assert not claims_for(store, "gan", {"data": "mnist", "quick": True, "beta": 0})


def test_nan_and_infinity_are_kept(store: Store) -> None:
    save_claims(store, "vae", {}, [claim(math.nan), claim(math.inf, "inf")])
    found = claims_for(store, "vae", {})
    assert math.isnan(found["elbo"].measured)
    assert not found["elbo"].holds
    assert found["inf"].measured == math.inf
