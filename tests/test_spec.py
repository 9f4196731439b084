"""Specs, `name:key=value,…`, and registries of named things."""

from types import ModuleType

import pytest

from benchmark.spec import (
    Registry,
    did_you_mean,
    expand_values,
    format_spec,
    parse_parameters,
    split_specs,
)


def rendered(images: int = 100, ratio: float = 10.0, noisy: bool = False) -> tuple:
    return images, ratio, noisy


def test_parameters_have_the_type_of_their_default():
    assert parse_parameters("wheels", rendered, "") == {}
    parameters = parse_parameters("wheels", rendered, "ratio=3, images=7,noisy=yes")
    assert parameters == {"ratio": 3.0, "images": 7, "noisy": True}
    assert isinstance(parameters["ratio"], float)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("image=7", r"'image'. Did you mean 'images'[?] It takes images=100, ratio=10.0, noisy=F"),
        ("images=1.5", "images=1.5 is not of type int"),
        ("noisy=maybe", "noisy=maybe is not of type bool"),
        ("images", "not of the form name=value"),
        ("images=1,images=2", "given twice"),
    ],
)
def test_wrong_parameters_are_explained(text, message):
    with pytest.raises(ValueError, match=message):
        parse_parameters("wheels", rendered, text)


def test_a_second_parameter_of_a_strategy_in_a_parameter_is_explained():
    def build(base: str = "no_change") -> None: ...

    with pytest.raises(ValueError, match=r"no parameter 'beta'.* base= can have one parameter\."):
        parse_parameters("mean", build, "base=mine:gamma=1,beta=2")


def test_a_comma_begins_a_spec_or_a_parameter_or_a_value():
    specs = split_specs("a, b:x=1,y=2,3,c,,d:z=-1,0.5")
    assert specs == ["a", "b:x=1,y=2,3", "c", "d:z=-1,0.5"]
    assert split_specs("a,x=1") == ["a:x=1"]
    with pytest.raises(ValueError, match="begins with the parameter 'x=1'; write the name first"):
        split_specs("x=1,a")


def test_several_values_are_several_specs():
    assert expand_values("a") == ["a"]
    assert expand_values("a:x=1,2,y=3,4") == ["a:x=1,y=3", "a:x=1,y=4", "a:x=2,y=3", "a:x=2,y=4"]


def test_a_formatted_spec_is_read_as_the_same_parameters():
    spec = format_spec("wheels", {"images": 7, "ratio": 2.5})
    assert spec == "wheels:images=7,ratio=2.5"
    assert parse_parameters("wheels", rendered, spec.partition(":")[2]) == {
        "images": 7,
        "ratio": 2.5,
    }
    assert format_spec("wheels", {}) == "wheels"


def test_the_closest_name_is_suggested():
    assert did_you_mean("focal_los", ["no_change", "focal_loss"]) == " Did you mean 'focal_loss'?"
    assert did_you_mean("xyz", ["no_change", "focal_loss"]) == ""


def function_of(module: str):
    code = compile("def made(): ...", f"/somewhere/{module}.py", "exec")
    space = ModuleType(module).__dict__
    exec(code, space)
    return space["made"]


def test_a_registry_keeps_the_order_of_registration():
    numbers = Registry[int]("number")
    numbers.register("two", 2, function_of("a"))
    numbers.register("one", 1, function_of("b"))
    assert list(numbers) == ["two", "one"]
    assert numbers.items() == [("two", 2), ("one", 1)]
    assert numbers.values() == [2, 1]
    assert "one" in numbers
    assert "three" not in numbers
    assert len(numbers) == 2
    assert numbers.get("one") == 1


def test_an_unknown_name_is_answered_with_the_known_ones():
    numbers = Registry[int]("number")
    numbers.register("three", 3, function_of("a"))
    with pytest.raises(ValueError, match=r"^unknown number 'thre'. Did you mean 'three'\? Known: "):
        numbers.get("thre")
    with pytest.raises(ValueError, match=r"Did you mean 'all'\? Known: three\. Groups: all\.$"):
        numbers.get("al", aliases=["all"], hint="Groups: all.")


def test_only_its_own_module_replaces_a_name():
    numbers = Registry[int]("number")
    numbers.register("one", 1, function_of("a"))
    numbers.register("one", 11, function_of("a"))
    assert numbers.get("one") == 11
    with pytest.raises(ValueError, match=r"already, in a.py; give the one in b.py another"):
        numbers.register("one", 12, function_of("b"))


@pytest.mark.parametrize(
    "name",
    [
        "",
        "no_change again",
        "a:b=1",
        "a,b",
        "a=1",
        "a\nb",
        "\x1b[31m",
        "a-b",
        "1",
        "<lambda>",
        None,
    ],
)
def test_a_name_is_one_that_a_spec_can_have(name):
    numbers = Registry[int]("number")
    with pytest.raises(ValueError, match=r"can't be the name of a number: .* letters, digits and"):
        numbers.register(name, 1, function_of("a"))
    assert not len(numbers)
    numbers.register("größe_2", 2, function_of("a"))
    assert list(numbers) == ["größe_2"]


def test_what_a_module_brought_is_forgotten_with_it():
    numbers = Registry[int]("number")
    numbers.register("one", 1, function_of("a"))
    before = numbers.copy()
    numbers.register("two", 2, function_of("b"))
    numbers.register("three", 3, function_of("b"))
    assert numbers.names_from("b") == ["two", "three"]
    numbers.remove_all_of("b")
    assert list(numbers) == ["one"]
    numbers.remove("one")
    numbers.restore(before)
    assert list(numbers) == ["one"]


def test_a_file_that_is_loaded_again_may_register_again(tmp_path):
    file = tmp_path / "brings.py"
    file.write_text("def thing(): ...\n")
    registry = Registry("thing")
    for module in ("first", "second"):
        names = {"__name__": module}
        exec(compile(file.read_text(), file, "exec"), names)
        registry.register("thing", module, names["thing"])
    assert registry.get("thing") == "second"
