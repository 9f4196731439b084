"""Several networks in one process, which take turns, are those that are trained one by one."""

import threading
from argparse import Namespace

import pytest
import torch

from tests.perf import streams
from tests.perf.streams import content, meet, multi_process_service, on_streams
from tests.perf.streams import one_after_the_other as in_turn
from tests.train.small_training import DEVICES, Setup, small_features

STEPS = 6


@pytest.fixture(params=DEVICES)
def setup(request):
    return Setup(small_features(device=request.param))


def networks_of(setup, number=3):
    """Return trainings that differ in their seed, and their segments."""
    begun = []
    for seed in range(number):
        training, (segment,) = setup.begin()
        training.seed = seed
        begun.append((training, segment))
    return begun


def test_networks_that_take_turns_are_those_of_one_after_the_other_to_the_bit(setup):
    expected, interleaved = networks_of(setup), networks_of(setup)
    in_turn(expected, STEPS)
    turns = []
    run = streams.train

    def noted(begun, steps, after_step):
        def step():
            turns.append(begun[0].seed)
            after_step()

        run(begun, steps, step)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streams, "train", noted)
        on_streams(interleaved, STEPS)
    assert turns == [0, 1, 2] * STEPS
    assert [content(t) for t, _ in interleaved] == [content(t) for t, _ in expected]
    assert len({content(training) for training, _ in expected}) == 3
    assert [training.step for training, _ in interleaved] == [STEPS] * 3


def test_an_error_of_one_network_ends_its_turns_alone_and_is_raised(setup):
    networks = networks_of(setup)
    expected = networks_of(setup)
    in_turn(expected, STEPS)
    networks[1][0]._train_step = None
    with pytest.raises(TypeError, match="not callable"):
        on_streams(networks, STEPS)
    for number in (0, 2):
        assert content(networks[number][0]) == content(expected[number][0])


def test_processes_begin_when_all_are_there(tmp_path, monkeypatch):
    threads = [threading.Thread(target=meet, args=(tmp_path, i, 2)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
        assert not thread.is_alive()
    monkeypatch.setattr(streams, "SECONDS_TO_START", 0.0)
    with pytest.raises(TimeoutError, match="of 3 processes"):
        meet(tmp_path, 0, 3)


def test_without_a_service_for_several_processes_there_is_none(monkeypatch):
    monkeypatch.setattr(streams.shutil, "which", lambda program: None)
    with multi_process_service(wanted=True) as variables:
        assert variables == {}


def test_the_three_ways_are_compared(monkeypatch, capsys, tmp_path):
    """On a tiny network; processes are stood in for."""
    setup = Setup(small_features())

    def prepared(options):
        device = Namespace(type="cpu", precision="float32", torch_device=torch.device("cpu"))
        return Namespace(device=device)

    own = networks_of(setup, 2)
    in_turn(own, STEPS)
    processes = {"seconds": 1.0, "networks": [content(t) for t, _ in own], "mps": False}
    monkeypatch.setattr(streams, "open_experiment", prepared)
    monkeypatch.setattr(streams, "begin", lambda *_: setup.begin()[0:1] + setup.begin()[1][:1])
    monkeypatch.setattr(streams, "in_processes", lambda options: processes)
    streams.main(["x", "--networks", "2", "--steps", "4", "--warm-up", "2", "--device", "cpu"])
    result = streams.json.loads(capsys.readouterr().out)
    assert [result[way]["same"] for way in ("on streams", "in processes")] == [True, True]
