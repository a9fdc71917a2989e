import pytest

from hyperspool.common import gpus
from hyperspool.common.errors import UsageError
from hyperspool.worker.device import choose_device


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpus, "visible_gpus", lambda: ("3", "GPU-8932"))


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpus, "visible_gpus", tuple)


@pytest.mark.usefixtures("two_gpus")
def test_a_gpu_is_the_only_one_that_the_child_sees() -> None:
    chosen = choose_device("cuda:1")
    assert (chosen.name, chosen.visible, chosen.in_child) == ("cuda:1", "GPU-8932", "cuda:0")
    assert choose_device("auto").visible == "3"
    assert choose_device("cuda") == choose_device("cuda:0")


@pytest.mark.usefixtures("two_gpus")
def test_choosing_the_cpu_hides_the_gpus() -> None:
    chosen = choose_device("cpu")
    assert (chosen.name, chosen.visible, chosen.in_child, chosen.note) == ("cpu", "", "cpu", "")


@pytest.mark.usefixtures("no_gpu")
def test_without_a_gpu_auto_is_the_cpu_and_says_so() -> None:
    chosen = choose_device("auto")
    assert chosen.name == "cpu"
    assert "no GPU found; using the CPU" in chosen.note


@pytest.mark.usefixtures("two_gpus")
def test_a_missing_gpu_is_refused_and_the_existing_ones_named() -> None:
    with pytest.raises(UsageError, match="--device cuda:7: this machine shows cuda:0 to cuda:1"):
        choose_device("cuda:7")


@pytest.mark.usefixtures("no_gpu")
def test_a_gpu_is_refused_where_there_is_none() -> None:
    with pytest.raises(UsageError, match="this machine shows no GPU"):
        choose_device("cuda:0")


@pytest.mark.parametrize("wish", ["gpu", "cuda:x", "cuda:-1", "CUDA:0", "", "cuda:0,1"])
def test_anything_else_is_refused_with_what_is_expected(wish: str) -> None:
    with pytest.raises(UsageError, match="expected auto, cpu or cuda:N"):
        choose_device(wish)
