"""What the wheel would hold, by hatchling's own account."""

import pytest
from tests import built

builders = pytest.importorskip("hatchling.builders.wheel")


def selected():
    builder = builders.WheelBuilder(str(built.ROOT))
    return {file.distribution_path for file in builder.recurse_included_files()}


def test_the_wheel_holds_the_package_and_nothing_else():
    about = {f"chainrule-0.dist-info/{name}" for name in built.ABOUT}
    assert built.wrong_in_wheel(selected() | about, built.MOST) == []


@pytest.mark.parametrize(
    ("more", "less", "size", "told"),
    [
        ({"tests/test_built.py"}, set(), 1, "too much: tests/test_built.py"),
        (set(), {"chainrule/py.typed"}, 1, "missing: chainrule/py.typed"),
        (set(), {"chainrule-0.dist-info/licenses/LICENSE"}, 1, "about: licenses/LICENSE"),
        (set(), set(), built.MOST + 1, "2,500,001 bytes, over 2,500,000"),
    ],
)
def test_what_is_wrong_is_told(more, less, size, told):
    about = {f"chainrule-0.dist-info/{name}" for name in built.ABOUT}
    assert built.wrong_in_wheel((selected() | about | more) - less, size) == [told]
