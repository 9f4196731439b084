"""Tables of costs, as people write them; what is none is refused in words."""

import pytest

from benchmark.strategy.cost_table import read_cost_table

PLAIN = "true,a,b,c\na,0,1,2\nb,3,0,4\nc,5,6,0\n"
COST = ((0, 1, 2), (3, 0, 4), (5, 6, 0))


@pytest.fixture
def read(tmp_path):
    def read(text, encoding="utf-8"):
        file = tmp_path / "costs.csv"
        file.write_text(text, encoding=encoding)
        return read_cost_table(str(file))

    return read


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        PLAIN.replace(",", ";"),
        PLAIN.replace(",", "\t"),
        PLAIN.replace("\n", "\r\n") + "\r\n,,,\r\n",
        "\ufeff" + PLAIN.replace("true", "").replace(",", " , "),
        PLAIN.replace("\n", ",,\n") + ",,,,,\n",
        "sep=;\r\n" + PLAIN.replace(",", ";").replace("\n", "\r\n"),
        "\t" + PLAIN.removeprefix("true,").replace(",", "\t"),
        '"","a","b","c"\n"c",5,6,0\n"a",0,1,2\n"b",3,0,4\n',
    ],
)
def test_separators_spaces_and_the_order_of_rows_play_no_role(read, text):
    table = read(text)
    assert table.classes == ("a", "b", "c")
    assert table.cost == COST


def test_a_decimal_comma_is_read_where_commas_separate_nothing(read):
    assert read("t;a;b\na;0;1,5\nb;2.25;0").cost == ((0, 1.5), (2.25, 0))
    assert read("t,a,b\na,0,1e3\nb,2.25,0").cost == ((0, 1000), (2.25, 0))


def test_classes_are_put_into_the_order_of_the_data(read):
    table = read(PLAIN).for_classes(["c", "a", "b"])
    assert table.classes == ("c", "a", "b")
    assert table.cost == ((0, 5, 6), (2, 0, 1), (4, 3, 0))


def test_names_may_have_spaces_commas_and_any_script(read):
    table = read('true,"wire, thin",ключ,a b\n"wire, thin",0,1,1\nключ,1,0,1\na b,1,1,0\n')
    assert table.classes == ("wire, thin", "ключ", "a b")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no costs of two classes or more"),
        ("t,a\na,0\n", "no costs of two classes or more"),
        ("t,a,b\na,0,1\n", "no costs of two classes"),
        ("t,a,b\na,0,1\nb,1\n", "the row of 'b' has 1 costs, and the first line 2 classes"),
        ("t,a,b\na,0,1,7\nb,1,0\n", "the row of 'a' has 3 costs"),
        ("t,a,b\na,0,1\nb,1,0\na,0,1\n", "a has more than one row"),
        ("t,a,b,a\na,0,1,1\nb,1,0,1\n", "a has more than one column"),
        ("t,a,b\na,0,1\nbb,1,0\n", "no costs of b, of its columns. Did you mean 'bb'?"),
        ("t,a,b\na,0,1\nb,1,0\nc,1,1\n", "has costs of c, which are no classes of its columns"),
        ("t,a,\na,0,1\nb,1,0\n", "a column has no class"),
        ("t,a,b\na,0,-1\nb,1,0\n", "the cost of 'b' where 'a' is true is '-1'; a cost is a number"),
        ("t,a,b\na,0,nan\nb,1,0\n", "is 'nan'; a cost is a number of 0 or more"),
        ("t,a,b\na,0,inf\nb,1,0\n", "is 'inf'"),
        ("t,a,b\na,0,much\nb,1,0\n", "is 'much'"),
        ("t,a,b\na,0,\nb,1,0\n", "is ''"),
        ("t,a,b\na,0,1\nb,0,1\n", "'b' is true, to decide for it costs 1, more than every wrong"),
    ],
)
def test_what_is_no_table_of_costs_is_refused_in_words(read, text, message):
    with pytest.raises(ValueError, match=r"costs\.csv") as error:
        read(text)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ("abcd", "has no costs of d, of the data. Each class needs a row and a column"),
        ("ab", "has costs of c, which are no classes of the data: remove"),
        (["a", "b", "C"], "no costs of C, of the data."),
    ],
)
def test_other_classes_than_those_of_the_data_are_refused(read, classes, message):
    with pytest.raises(ValueError, match=r"costs\.csv") as error:
        read(PLAIN).for_classes(list(classes))
    assert message in str(error.value)


def test_a_file_that_is_absent_or_no_text_is_refused(read, tmp_path):
    with pytest.raises(ValueError, match=r"none\.csv can't be read: No such file.*begins in"):
        read_cost_table(str(tmp_path / "none.csv"))
    with pytest.raises(ValueError, match="can't be read: it is not text in UTF-8"):
        read("t,ä,b\nä,0,1\nb,1,0\n", encoding="latin-1")
    with pytest.raises(ValueError, match="can't be read"):
        read_cost_table(str(tmp_path))
