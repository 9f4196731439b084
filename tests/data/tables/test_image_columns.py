import pytest

from benchmark.data.tables.image_columns import lists_images, read_image_table


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "list.csv"
        path.write_text(text)
        return path

    return write


def used(path):
    table, columns = read_image_table(path)
    indices = (columns.images, columns.label, columns.group, columns.split)
    return tuple("" if index is None else table.header[index] for index in indices)


def test_documented_columns_have_no_message(write):
    path = write("split,group,label,path\n,g,x,1.png\n")
    assert used(path) == ("path", "label", "group", "split")
    assert read_image_table(path)[1].messages == ()


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("lesion_id,image_id,dx,age\nl,1,mel,5\n", ("image_id", "dx", "lesion_id", "")),
        ("Filename;Width;ClassId\n1.ppm;30;2\n", ("Filename", "ClassId", "", "")),
        (
            "class id,filepaths,labels,data set\n0,1.jpg,owl,train\n",
            ("filepaths", "labels", "", "data set"),
        ),
        (
            "Image Index,Finding Labels,Patient ID,OriginalImage[Width,Height]\n1,x,2,3,4\n",
            ("Image Index", "Finding Labels", "Patient ID", ""),
        ),
        ("id,breed\n1,boxer\n", ("id", "breed", "", "")),
        ("annotation_id,choice,image\n1,boxer,a/1.png\n", ("image", "choice", "", "")),
        ("image,label,set\n1,x,A\n", ("image", "label", "", "")),
    ],
)
def test_public_tables_are_read_by_their_names(write, text, columns):
    path = write(text)
    assert used(path) == columns
    messages = " ".join(read_image_table(path)[1].messages)
    assert all(repr(name) in messages for name in columns if name and name != "label")
    assert lists_images(path)


def test_groups_are_chosen_by_the_owner_where_two_columns_could_hold_them(write):
    path = write("image,label,lesion_id,patient_id\n1,x,a,b\n")
    with pytest.raises(ValueError, match=r"'lesion_id' or 'patient_id'.*one to 'group'"):
        read_image_table(path)
    assert lists_images(path)


@pytest.mark.parametrize(
    ("column", "is_told"),
    [("fold", True), ("kfold_5", True), ("is_train", True), ("test", True), ("folder", False)],
)
def test_columns_of_folds_and_marks_are_no_split(write, column, is_told):
    (message,) = read_image_table(write(f"path,label,{column}\n1.png,x,1\n"))[1].messages
    assert message.startswith(f"columns that are not used: {column!r}.")
    assert ("a column 'split' with train, val and test gives one" in message) == is_told


@pytest.mark.parametrize("marks", ["x,\n2,,x", "1,\n2,,1", "1.0,-1.0\n2,,1.0", "yes,no\n2,no,yes"])
def test_columns_of_other_marks_are_named(write, marks):
    with pytest.raises(ValueError, match="'Edema', 'Mass' hold marks: a column for each class"):
        read_image_table(write(f"Path,Age,Edema,Mass\n1,68,{marks.replace('2,', '2,70,')}\n"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("path;label\na;x\n", True),
        ("image,A,B\n1,0,1\n", True),
        ("path,label\na,b,c\n", False),
        ("image,dx,lesion_id,patient_id\na,b,c,d\n", True),  # whose groups must be chosen
    ],
)
def test_a_table_of_images_is_recognised(write, text, expected):
    assert lists_images(write(text)) is expected


def test_no_file_lists_no_images(tmp_path):
    assert not lists_images(tmp_path / "none.csv")


@pytest.mark.parametrize("text", ["file,group\n1,a\n", "image,age\n1,7\n", "label\nx\n", ""])
def test_other_tables_list_no_images(write, text):
    path = write(text)
    assert not lists_images(path)
    with pytest.raises(ValueError, match=r"list\.csv"):
        read_image_table(path)
