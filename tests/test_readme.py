"""Every Python block of the README runs as it stands, one after another."""

import re
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"


def test_python_blocks(capsys):
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) >= 2
    for block in blocks:
        exec(compile(block, str(README), "exec"), {})
    printed = capsys.readouterr().out
    assert "accuracy 0.9" in printed
    assert "backward" in printed  # the plan's listing
